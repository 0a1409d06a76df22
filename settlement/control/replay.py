"""Price a period again under another tariff: what would the month have been?"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

import msgspec

from roaming import canonical, rating
from roaming.models import Cdr, Party, RoamingAgreement
from settlement.control.place import Site, place_of, read_sites
from settlement.control.price import policy_of, zone_of
from settlement.terms.models import SettlementTerms

_BATCH = 1000


class Replayed(NamedTuple):
    """One CDR under both tariffs: what was told, and what the other tariff gives (None: it prices nothing of it)."""

    name: str
    currency: str
    told: Decimal
    replayed: Decimal | None


class Replay(NamedTuple):
    """A period under another tariff, in the tariff's currency; CDRs in other currencies are counted, not priced."""

    cdrs: int
    priced: int
    skipped: int
    currency: str
    told: Decimal
    replayed: Decimal
    dearer: int
    cheaper: int
    widest: list[Replayed]


def replay(
    *,
    agreement: RoamingAgreement,
    tariffs: Sequence[canonical.Tariff],
    period: canonical.Period,
    operator: Party | None = None,
    most: int | None = None,
) -> Replay:
    """This function will price every CDR of an agreement that ended in a period with other tariffs, under the agreement's choices.

    Credits and what they take back are left out; with `operator` (of an offer to everyone) so are CDRs of others, with `most` those
    beyond the first so many. Nothing is written.
    """
    terms = SettlementTerms.objects.filter(agreement=agreement, validity__contains=period.starts_at.date()).first()
    policy = policy_of(terms.pricing if terms else {})
    currency = tariffs[0].currency
    told, replayed = Decimal(0), Decimal(0)
    count = priced = skipped = dearer = cheaper = 0
    widest: list[Replayed] = []
    for one in islice(_replayed(agreement, operator, tariffs, period, policy), most):
        count += 1
        if one.replayed is None or one.currency != currency:
            skipped += 1
            continue
        priced += 1
        told += one.told
        replayed += one.replayed
        dearer += one.replayed > one.told
        cheaper += one.replayed < one.told
        widest = sorted([*widest, one], key=lambda item: -abs((item.replayed or item.told) - item.told))[:10]
    return Replay(count, priced, skipped, currency, told, replayed, dearer, cheaper, widest)


def _replayed(
    agreement: RoamingAgreement,
    operator: Party | None,
    tariffs: Sequence[canonical.Tariff],
    period: canonical.Period,
    policy: rating.Policy,
) -> Iterator[Replayed]:
    rows = Cdr.objects.filter(ended_at__gte=period.starts_at, ended_at__lt=period.ends_at, is_credit=False, credits=None)
    if agreement.operator_id is not None:
        rows = rows.filter(owner=agreement.operator_id, provider=agreement.provider_id)
    elif operator is not None:
        rows = rows.filter(owner=operator)
    sites: dict[tuple[int, str], Site] = {}
    asked: set[tuple[int, str]] = set()
    for row in rows.select_related("owner").order_by("id").iterator(chunk_size=_BATCH):
        key = (row.owner_id, row.location_id.upper())
        if key not in asked:
            asked.add(key)
            sites |= read_sites(wanted=[key])
        cdr = canonical.decode(row.body, canonical.Cdr)
        zone, _ = zone_of(cdr=cdr, place=place_of(location=cdr.cdr_location, site=sites.get(key)))
        # "Price this with that": with one tariff, the periods' own tariff ids name another offer.
        periods = cdr.charging_periods
        if len(tariffs) == 1:
            periods = tuple(msgspec.structs.replace(period, tariff_id=None) for period in periods)
        try:
            rated = rating.rate(periods=periods, tariffs=tariffs, ends_at=cdr.end_date_time, zone=zone, policy=policy)
        except rating.NothingToRate:
            rated = None
        yield Replayed(f"{row.owner.key}/{row.cdr_id}", row.currency, row.net, rated.total.before_taxes if rated else None)
