"""Where one can charge: published locations, for the list and the map."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Func, IntegerField, QuerySet, Sum

from hub.directory.countries import country_name
from hub.directory.geometry import Window, project, window_around
from roaming import canonical
from roaming.models import Location

MOST_DRAWN = 3000
PAGE_SIZE = 40


@dataclass(frozen=True)
class Site:
    """One line of the list."""

    name: str
    address: str
    operator: str
    evses: int
    available: int
    power_kw: int
    plugs: str


@dataclass(frozen=True)
class Country:
    """What one country offers."""

    code: str
    sites: int
    evses: int

    @property
    def name(self) -> str:
        """As people call it, in the language of the page."""
        return country_name(self.code)


@dataclass(frozen=True)
class Map:
    """Dots and the window around them."""

    dots: Sequence[tuple[float, float]]
    window: Window
    outside: int


def published() -> QuerySet[Location]:
    """This function will return what everybody may see: published for drivers, and not private to one partner."""
    return Location.objects.filter(publish=True, audience=None)


def count_by_country() -> list[Country]:
    """This function will count sites and EVSEs per country, largest first."""
    rows = (
        published()
        .values_list("country")
        .annotate(sites=Count("pk"), evses=Sum(Func(F("evse_uids"), function="cardinality", output_field=IntegerField())))
        .order_by("-evses", "country")
    )
    return [Country(code, sites, evses or 0) for code, sites, evses in rows]


def draw_map() -> Map:
    """This function will place the newest MOST_DRAWN sites that have coordinates."""
    rows = published().exclude(latitude=None).order_by("-pk").values_list("latitude", "longitude")[:MOST_DRAWN]
    placed = [project(latitude=float(latitude or 0), longitude=float(longitude or 0)) for latitude, longitude in rows]
    dots = [dot for dot in placed if dot is not None]
    return Map(dots=dots, window=window_around(dots), outside=len(placed) - len(dots))


def list_sites(*, country: str, after: int) -> tuple[list[Site], int]:
    """This function will return a page of sites by row, from the row after `after`, and the row to go on from (0: that was all)."""
    rows = published().filter(pk__gt=after).select_related("owner").order_by("pk")
    if country:
        rows = rows.filter(country=country)
    found = list(rows[: PAGE_SIZE + 1])
    return [_read_site(row) for row in found[:PAGE_SIZE]], found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else 0


def _read_site(row: Location) -> Site:
    location = canonical.from_builtins(row.document, canonical.Location)
    connectors = [connector for evse in location.evses for connector in evse.connectors]
    plugs = Counter(_PLUGS.get(connector.standard, connector.standard) for connector in connectors)
    return Site(
        name=location.name or location.address,
        address=", ".join(part for part in (location.address, location.postal_code, location.city) if part),
        operator=(location.operator.name if location.operator else "") or row.owner.name or str(row.owner.key),
        evses=len(location.evses),
        available=sum(evse.status == "AVAILABLE" for evse in location.evses),
        power_kw=round(max((_power_watts(connector) for connector in connectors), default=0) / 1000),
        plugs=", ".join(sorted(plugs)),
    )


def _power_watts(connector: canonical.Connector) -> int:
    if connector.max_electric_power:
        return connector.max_electric_power
    phases = 3 if connector.power_type == "AC_3_PHASE" else 1
    return connector.max_voltage * connector.max_amperage * phases


_PLUGS = {
    "IEC_62196_T2": "Type 2",
    "IEC_62196_T2_COMBO": "CCS",
    "IEC_62196_T1": "Type 1",
    "IEC_62196_T1_COMBO": "CCS 1",
    "CHADEMO": "CHAdeMO",
    "DOMESTIC_F": "Schuko",
    "NACS": "NACS",
}
