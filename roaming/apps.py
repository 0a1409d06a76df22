"""The Django app of traffic: one app, one migration history."""

from django.apps import AppConfig


class RoamingConfig(AppConfig):
    """Roaming: everything from the wire to the sealed record."""

    name = "roaming"
    verbose_name = "Roaming"
