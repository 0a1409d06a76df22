"""Price the CDRs of a batch again: read the published tariffs once, choose zone, policy and tolerance for each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection

from roaming import canonical, rating
from roaming.rating.zones import zone_of_country
from settlement.control.catalogue import Limits
from settlement.control.evidence import Place, Terms
from settlement.control.reprice import Published, Repriced, reprice

_ZONES = available_timezones()

# Deleted tariffs count: what was in force when the car charged stays what it was. Newest first; what was told to one provider is
# chosen before what was told to everybody, per CDR.
_PUBLISHED = """
SELECT t.owner_id, t.tariff_key, t.audience_id, r.id, r.document::text
FROM roaming_tariffrevision r JOIN roaming_tariff t ON t.id = r.tariff_id
JOIN unnest(%(owners)s::bigint[], %(keys)s::text[]) AS wanted (owner, key) ON wanted.owner = t.owner_id AND wanted.key = t.tariff_key
ORDER BY r.last_updated DESC, r.id DESC
"""


class PublishedTariffs(NamedTuple):
    """Every published version by (owner, tariff id in upper case): audience (None: everybody) and version, newest first."""

    versions: Mapping[tuple[int, str], Sequence[tuple[int | None, Published]]]

    def visible(self, *, owner: int, provider: int, names: Iterable[str]) -> dict[str, list[Published]]:
        """This function will return the versions that a provider could know, its own before those of everybody."""
        found = {}
        for name in names:
            versions = self.versions.get((owner, name), ())
            private = [version for audience, version in versions if audience == provider]
            found[name] = [*private, *(version for audience, version in versions if audience is None)]
        return found


def names_of(cdr: canonical.Cdr) -> set[str]:
    """This function will return the ids (upper case) of every tariff that a CDR names or brings."""
    return {period.tariff_id.upper() for period in cdr.charging_periods if period.tariff_id} | {tariff.id.upper() for tariff in cdr.tariffs}


def read_published(*, wanted: Iterable[tuple[int, str]]) -> PublishedTariffs:
    """This function will read every published version of the tariffs named by owner and id."""
    keys = sorted(set(wanted))
    versions: dict[tuple[int, str], list[tuple[int | None, Published]]] = defaultdict(list)
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(_PUBLISHED, {"owners": [owner for owner, _ in keys], "keys": [key for _, key in keys]})
            for owner, key, audience, row, document in cursor.fetchall():
                versions[owner, key].append((audience, Published(row, canonical.decode(document.encode(), canonical.Tariff))))
    return PublishedTariffs(versions)


def price_again(
    cdr: canonical.Cdr,
    owner: int,
    provider: int,
    place: Place | None,
    terms: Terms | None,
    limits: Limits,
    tariffs: PublishedTariffs,
) -> Repriced:
    """This function will price one CDR under its agreement's declared choices."""
    zone, known = zone_of(cdr=cdr, place=place)
    return reprice(
        cdr=cdr,
        published=tariffs.visible(owner=owner, provider=provider, names=names_of(cdr)),
        zone=zone,
        zone_known=known,
        published_first=terms is not None and terms.price_authority == "hub",
        tolerance=tolerance_of(net=cdr.total_cost.before_taxes, limits=limits),
        policy=policy_of(terms.pricing if terms else {}),
    )


def tolerance_of(*, net: Decimal, limits: Limits) -> Decimal:
    """This function will return what a price may differ: the larger of an amount and a share (check 71)."""
    return max(limits.number(71, "amount"), abs(net) * limits.number(71, "percent") / 100)


def zone_of(*, cdr: canonical.Cdr, place: Place | None) -> tuple[ZoneInfo, bool]:
    """This function will choose the local time: the location's zone, else that of its country (known), else UTC (not known)."""
    if place is not None and place.zone in _ZONES:
        return ZoneInfo(place.zone), True
    guessed = zone_of_country(cdr.cdr_location.country)
    return (ZoneInfo(guessed), True) if guessed else (ZoneInfo("UTC"), False)


def policy_of(pricing: Mapping[str, Any]) -> rating.Policy:
    """This function will read the declared choices of an agreement (settlement.terms: `pricing`)."""
    rounding = None
    if "rounding_scale" in pricing:
        rounding = rating.Rounding(
            scale=int(pricing["rounding_scale"]),
            mode=str(pricing.get("rounding_mode", "half_up")),
            place=str(pricing.get("rounding_place", "total")),
        )
    return rating.Policy(
        step_size=bool(pricing.get("step_size", True)),
        flat_fee=rating.policy.FlatFee(pricing.get("flat_fee", "once")),
        rounding=rounding,
    )
