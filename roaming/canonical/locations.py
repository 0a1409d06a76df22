"""Where one can charge: location › EVSE › connector (OCPI mod_locations, 2.3.0 edition 2 superset)."""

from datetime import datetime
from decimal import Decimal

from roaming.canonical.identifiers import PartyId
from roaming.canonical.messages import Open


class DisplayText(Open, frozen=True, kw_only=True):
    """A text for drivers in one language."""

    language: str
    text: str


class GeoLocation(Open, frozen=True, kw_only=True):
    """WGS 84 coordinates in degrees, kept as the decimal text that was sent."""

    latitude: str
    longitude: str


class AdditionalGeoLocation(GeoLocation, frozen=True, kw_only=True):
    """A point that belongs to a location, e.g. its entrance."""

    name: DisplayText | None = None


class Image(Open, frozen=True, kw_only=True):
    """A picture by address; width and height in pixels."""

    url: str
    category: str
    type: str
    thumbnail: str | None = None
    width: int | None = None
    height: int | None = None


class BusinessDetails(Open, frozen=True, kw_only=True):
    """A company as drivers see it."""

    name: str
    website: str | None = None
    logo: Image | None = None


class RegularHours(Open, frozen=True, kw_only=True):
    """Weekly hours in local time; weekday 1 is Monday."""

    weekday: int
    period_begin: str
    period_end: str


class ExceptionalPeriod(Open, frozen=True, kw_only=True):
    """A span that differs from the regular hours."""

    period_begin: datetime
    period_end: datetime


class Hours(Open, frozen=True, kw_only=True):
    """When a location is open."""

    twentyfourseven: bool
    regular_hours: tuple[RegularHours, ...] = ()
    exceptional_openings: tuple[ExceptionalPeriod, ...] = ()
    exceptional_closings: tuple[ExceptionalPeriod, ...] = ()


class EnergySource(Open, frozen=True, kw_only=True):
    """Share of one source, in percent."""

    source: str
    percentage: Decimal


class EnvironmentalImpact(Open, frozen=True, kw_only=True):
    """Nuclear waste or carbon dioxide in g/kWh."""

    category: str
    amount: Decimal


class EnergyMix(Open, frozen=True, kw_only=True):
    """Where the energy comes from."""

    is_green_energy: bool
    energy_sources: tuple[EnergySource, ...] = ()
    environ_impact: tuple[EnvironmentalImpact, ...] = ()
    supplier_name: str | None = None
    energy_product_name: str | None = None


class PublishTokenType(Open, frozen=True, kw_only=True):
    """Who may see an unpublished location."""

    uid: str | None = None
    type: str | None = None
    visual_number: str | None = None
    issuer: str | None = None
    group_id: str | None = None


class StatusSchedule(Open, frozen=True, kw_only=True):
    """A planned status of an EVSE."""

    period_begin: datetime
    status: str
    period_end: datetime | None = None


class EvseParking(Open, frozen=True, kw_only=True):
    """Which parking spot of the location serves an EVSE (2.3.0)."""

    parking_id: str
    evse_position: str | None = None


class Parking(Open, frozen=True, kw_only=True):
    """A parking spot (2.3.0); dimensions in cm, weight in kg, time limit in minutes (kept in the bag)."""

    id: str
    vehicle_types: tuple[str, ...] = ()
    restricted_to_type: bool | None = None
    reservation_required: bool | None = None


class Connector(Open, frozen=True, kw_only=True):
    """A plug; voltage in V, amperage in A, power in W."""

    id: str
    standard: str
    format: str
    power_type: str
    max_voltage: int
    max_amperage: int
    last_updated: datetime
    max_electric_power: int | None = None
    tariff_ids: tuple[str, ...] = ()
    terms_and_conditions: str | None = None
    capabilities: tuple[str, ...] = ()


class Evse(Open, frozen=True, kw_only=True):
    """What serves one car at a time."""

    uid: str
    status: str
    connectors: tuple[Connector, ...]
    last_updated: datetime
    evse_id: str | None = None
    status_schedule: tuple[StatusSchedule, ...] = ()
    capabilities: tuple[str, ...] = ()
    floor_level: str | None = None
    coordinates: GeoLocation | None = None
    physical_reference: str | None = None
    directions: tuple[DisplayText, ...] = ()
    parking_restrictions: tuple[str, ...] = ()
    parking: tuple[EvseParking, ...] = ()
    images: tuple[Image, ...] = ()
    accepted_service_providers: tuple[str, ...] = ()


class Location(Open, frozen=True, kw_only=True):
    """A site. `publish` False: not for drivers' maps, but charging there is legal and CDRs for it are too."""

    country_code: str
    party_id: str
    id: str
    publish: bool
    address: str
    city: str
    country: str
    coordinates: GeoLocation
    time_zone: str
    last_updated: datetime
    publish_allowed_to: tuple[PublishTokenType, ...] = ()
    name: str | None = None
    postal_code: str | None = None
    state: str | None = None
    related_locations: tuple[AdditionalGeoLocation, ...] = ()
    parking_type: str | None = None
    evses: tuple[Evse, ...] = ()
    parking_places: tuple[Parking, ...] = ()
    directions: tuple[DisplayText, ...] = ()
    operator: BusinessDetails | None = None
    suboperator: BusinessDetails | None = None
    owner_details: BusinessDetails | None = None
    facilities: tuple[str, ...] = ()
    opening_times: Hours | None = None
    charging_when_closed: bool | None = None
    images: tuple[Image, ...] = ()
    energy_mix: EnergyMix | None = None
    help_phone: str | None = None

    @property
    def owner(self) -> PartyId:
        """The operator whose location this is."""
        return PartyId(self.country_code.upper(), self.party_id.upper())
