"""The local time of a place whose sender did not tell it: prices depend on it, so rating keeps the rule."""

from roaming.rating.zones import zone_of_country

__all__ = ["zone_of_country"]
