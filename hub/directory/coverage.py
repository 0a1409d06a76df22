"""Where one can charge: published locations, for the list and the map, narrowed by country, operator, power and plug."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from django.db.models import BooleanField, Count, F, Func, IntegerField, JSONField, QuerySet, Sum
from django.db.models.expressions import RawSQL

from hub.directory.clusters import Cluster, Dot, cluster, read_window
from hub.directory.countries import country_name
from hub.directory.geometry import Window, project, window_around
from hub.directory.presence import present_parties
from hub.directory.prices import best_offer, read_offers
from roaming import canonical
from roaming.models import Location, Party

MOST_DRAWN = 3000
PAGE_SIZE = 40
RATIO = 1.25
POWERS_KW = (11, 22, 50, 150)
PLUGS = {
    "IEC_62196_T2": "Type 2",
    "IEC_62196_T2_COMBO": "CCS",
    "IEC_62196_T1": "Type 1",
    "IEC_62196_T1_COMBO": "CCS 1",
    "CHADEMO": "CHAdeMO",
    "DOMESTIC_F": "Schuko",
    "NACS": "NACS",
}
# One connector that has both: the plug, and the power told or, where none was told, the one that voltage and amperage allow.
_CONNECTOR = """$.evses[*].connectors[*] ? (($plug == "" || @.standard == $plug) && (
 @.max_electric_power >= $watts || (!exists(@.max_electric_power) && (
 @.max_voltage * @.max_amperage >= $watts || (@.power_type == "AC_3_PHASE" && @.max_voltage * @.max_amperage * 3 >= $watts)))))"""


@dataclass(frozen=True)
class Wish:
    """What somebody looks for. Wrong values in the address are read as not given."""

    country: str = ""
    operator: Party | None = None
    power_kw: int = 0
    plug: str = ""
    box: str = ""

    def address(self, **changes: object) -> str:
        """This function will return the query string of this wish with some of it changed."""
        told: dict[str, object] = {
            "country": self.country,
            "operator": self.operator.key if self.operator else "",
            "power": self.power_kw,
            "plug": self.plug,
            "box": self.box,
            **changes,
        }
        return urlencode({name: value for name, value in told.items() if value})


@dataclass(frozen=True)
class Site:
    """One line of the list. `told_at` is when the operator last said something of it."""

    name: str
    address: str
    operator: str
    evses: int
    available: int
    power_kw: int
    plugs: str
    price: str
    told_at: datetime


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
    """Circles and the window around them."""

    clusters: Sequence[Cluster]
    window: Window
    count: int
    outside: int
    is_closer: bool


def published() -> QuerySet[Location]:
    """This function will return what everybody may see: published for drivers, and not private to one partner."""
    return Location.objects.filter(publish=True, audience=None)


def operators_with_sites() -> list[Party]:
    """This function will list the operators that are here and publish something, by name."""
    shown = present_parties().filter(pk__in=published().order_by().values("owner_id").distinct())
    return list(shown.order_by("name", "country_code", "party_id"))


def read_wish(*, given: Mapping[str, str], countries: Sequence[Country], operators: Sequence[Party]) -> Wish:
    """This function will read what somebody looks for from an address."""
    power, box = given.get("power", ""), given.get("box", "")
    return Wish(
        country=next((one.code for one in countries if one.code == given.get("country")), ""),
        operator=next((one for one in operators if str(one.key) == given.get("operator")), None),
        power_kw=int(power) if power in {str(one) for one in POWERS_KW} else 0,
        plug=given["plug"] if given.get("plug") in PLUGS else "",
        box=box if read_window(box, ratio=RATIO) is not None else "",
    )


def wished(wish: Wish) -> QuerySet[Location]:
    """This function will return the published locations that somebody looks for."""
    rows = published()
    if wish.country:
        rows = rows.filter(country=wish.country)
    if wish.operator is not None:
        rows = rows.filter(owner=wish.operator)
    if wish.power_kw or wish.plug:
        wanted = msgspec.json.encode({"plug": wish.plug, "watts": wish.power_kw * 1000}).decode()
        has_connector = RawSQL(
            "jsonb_path_exists(roaming_location.document, %s::jsonpath, %s::jsonb)", [_CONNECTOR, wanted], output_field=BooleanField()
        )
        rows = rows.alias(has_connector=has_connector).filter(has_connector=True)
    return rows


def count_by_country() -> list[Country]:
    """This function will count sites and EVSEs per country, largest first."""
    rows = (
        published()
        .values_list("country")
        .annotate(sites=Count("pk"), evses=Sum(Func(F("evse_uids"), function="cardinality", output_field=IntegerField())))
        .order_by("-evses", "country")
    )
    return [Country(code, sites, evses or 0) for code, sites, evses in rows]


def draw_map(wish: Wish) -> Map:
    """This function will place the newest MOST_DRAWN sites that have coordinates, gathered where they lie too close."""
    # Of three thousand documents only the states leave the database.
    states = RawSQL("jsonb_path_query_array(roaming_location.document, '$.evses[*].status')", [], output_field=JSONField())
    rows = wished(wish).exclude(latitude=None).annotate(states=states).order_by("-pk")
    places = rows.values_list("latitude", "longitude", "states")[:MOST_DRAWN]
    dots: list[Dot] = []
    outside = 0
    for latitude, longitude, told in places:
        place = project(latitude=float(latitude or 0), longitude=float(longitude or 0))
        if place is None:
            outside += 1
            continue
        dots.append(Dot(*place, told.count("AVAILABLE"), len(told)))
    whole = window_around([(dot.x, dot.y) for dot in dots], ratio=RATIO)
    window = read_window(wish.box, ratio=RATIO) or whole
    return Map(cluster(dots=dots, window=window), window, len(dots), outside, is_closer=window is not whole)


def list_sites(wish: Wish, *, after: int, at: datetime) -> tuple[list[Site], int]:
    """This function will return a page of sites by row, from the row after `after`, and the row to go on from (0: that was all)."""
    found = list(wished(wish).filter(pk__gt=after).select_related("owner").order_by("pk")[: PAGE_SIZE + 1])
    read = [(row, canonical.from_builtins(row.document, canonical.Location)) for row in found[:PAGE_SIZE]]
    offers = read_offers(wanted=[(row.owner_id, key.upper()) for row, location in read for key in _tariffs(location)], at=at)
    sites = [
        _read_site(row, location, best_offer(owner=row.owner_id, tariff_ids=_tariffs(location), offers=offers)) for row, location in read
    ]
    return sites, found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else 0


def _tariffs(location: canonical.Location) -> list[str]:
    return [key for evse in location.evses for connector in evse.connectors for key in connector.tariff_ids]


def _read_site(row: Location, location: canonical.Location, price: str) -> Site:
    connectors = [connector for evse in location.evses for connector in evse.connectors]
    plugs = Counter(PLUGS.get(connector.standard, connector.standard) for connector in connectors)
    return Site(
        name=location.name or location.address,
        address=", ".join(part for part in (location.address, location.postal_code, location.city) if part),
        operator=(location.operator.name if location.operator else "") or row.owner.name or str(row.owner.key),
        evses=len(location.evses),
        available=sum(evse.status == "AVAILABLE" for evse in location.evses),
        power_kw=round(max((_power_watts(connector) for connector in connectors), default=0) / 1000),
        plugs=", ".join(sorted(plugs)),
        price=price,
        told_at=row.last_updated,
    )


def _power_watts(connector: canonical.Connector) -> int:
    if connector.max_electric_power:
        return connector.max_electric_power
    phases = 3 if connector.power_type == "AC_3_PHASE" else 1
    return connector.max_voltage * connector.max_amperage * phases
