"""What would other terms have made of a past month? Judge and charge its CDRs under the terms that held and under the proposed ones.

The proposed terms are written, looked at, and taken back in one transaction: what is tried is what would hold, by the same statements
that read it every day, and nothing of it is left behind.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from roaming import canonical
from roaming.models import Cdr, Party, RoamingAgreement
from settlement.clearing.charge import Fee, share_fee
from settlement.control.evidence import Evidence
from settlement.control.gather import gather
from settlement.control.rules import judge
from settlement.terms.agree import FIRST, FURTHER, check_terms
from settlement.terms.fees import Plan, fee_of, read_plan
from settlement.terms.models import SettlementTerms

_BATCH = 1000
_EXAMPLES = 10
_LONGEST_SESSION = timedelta(days=31)  # what ended in the month may have begun before it


class NoTermsToTry(Exception):
    """No settlement terms of the pair or agreement are there that the proposed ones could change."""


class Outcome(NamedTuple):
    """A month under some terms: CDRs that become money with their net by currency, CDRs that are held, the hub's fees by payer."""

    charged: int
    net: dict[str, Decimal]
    held: int
    operator_fees: Decimal
    provider_fees: Decimal
    fee_currency: str

    @property
    def fees(self) -> Decimal:
        """What the hub earns."""
        return self.operator_fees + self.provider_fees


class Trial(NamedTuple):
    """Both outcomes; `newly_held` and `freed` name the CDRs whose state differs, `dearer` and `cheaper` count those priced otherwise."""

    cdrs: int
    left_out: int
    before: Outcome
    after: Outcome
    newly_held: list[str]
    freed: list[str]
    dearer: int
    cheaper: int


def try_terms(
    *,
    agreement: RoamingAgreement | None,
    operator: Party | None,
    provider: Party | None,
    period: canonical.Period,
    changed: Mapping[str, Any],
    most: int = 5000,
) -> Trial:
    """This function will judge the originals of a period twice and write nothing. `changed` are fields of the terms.

    With an agreement, those CDRs count to which its terms apply (or, of a pair's agreement that has not begun, would); without one,
    those of the pair, as if it had an agreement of its own. Of more than `most` CDRs the latest are taken. It raises NoTermsToTry and
    WrongTerms.
    """
    source = _source(agreement, operator, provider, period)
    check_terms({name: getattr(source, name) for name in FIRST} | dict(changed))
    if agreement is not None:
        operator, provider = agreement.operator, agreement.provider
    rows = Cdr.objects.filter(ended_at__gte=period.starts_at, ended_at__lt=period.ends_at, is_credit=False)
    if operator is not None and provider is not None:
        rows = rows.filter(owner=operator, provider=provider)
    ids = sorted(rows.order_by("-id").values_list("id", flat=True)[: most + 1])
    left_out = rows.count() - most if len(ids) > most else 0
    ids = ids[-most:]
    if operator is None:  # an offer to everyone: pairs with terms of their own are not touched
        ids = [one.id for one in _gather(ids) if one.terms is not None and one.terms.agreement == source.agreement_id]
    before = _gather(ids)
    held_by = _terms_at(source, before)
    with transaction.atomic():
        tried = _write(source, operator, provider, period, changed)
        after = _gather(ids)
        transaction.set_rollback(True)
    return _compare(before, after, held_by, tried, left_out)


def _source(
    agreement: RoamingAgreement | None, operator: Party | None, provider: Party | None, period: canonical.Period
) -> SettlementTerms:
    rows = SettlementTerms.objects.select_related("agreement", "netting_set")
    if agreement is not None:
        own = rows.filter(agreement=agreement).order_by("validity")
        found = own.filter(validity__contains=_last_day(period)).first() or own.first()
    else:
        running = rows.filter(validity__contains=_last_day(period))
        found = (
            running.filter(agreement__operator=operator, agreement__provider=provider).first()
            or running.filter(agreement__operator=None, agreement__validity__contains=_last_day(period)).first()
            or rows.order_by("-signed_at").first()
        )
    if found is None:
        raise NoTermsToTry("there are no settlement terms yet that could be changed")
    return found


def _last_day(period: canonical.Period) -> Any:
    return (period.ends_at - (period.ends_at - period.starts_at) / 60).date()


def _gather(ids: Sequence[int]) -> list[Evidence]:
    return [one for first in range(0, len(ids), _BATCH) for one in gather(cdr_ids=ids[first : first + _BATCH])]


def _terms_at(source: SettlementTerms, before: Sequence[Evidence]) -> SettlementTerms | None:
    """The terms under which the CDRs were charged (the latest, where they changed within the month); None: there were none."""
    known = next((one.terms.id for one in reversed(before) if one.terms is not None), None)
    return None if known is None else source if known == source.pk else SettlementTerms.objects.get(pk=known)


def _write(
    source: SettlementTerms, operator: Party | None, provider: Party | None, period: canonical.Period, changed: Mapping[str, Any]
) -> SettlementTerms:
    """This function will put the proposed terms where the month's terms stand, or beside everyone's for a pair without its own."""
    wanted = {name: getattr(source, name) for name in (*FIRST, *FURTHER)} | dict(changed)
    days = (period.starts_at.date(), period.ends_at.date())
    own = RoamingAgreement.objects.filter(operator=operator, provider=provider)
    standing = SettlementTerms.objects.filter(agreement__in=own, validity__overlap=days).order_by("-validity")
    if standing:
        SettlementTerms.objects.filter(pk__in=[terms.pk for terms in standing]).update(**wanted)
        return SettlementTerms.objects.get(pk=standing[0].pk)
    own.filter(validity__overlap=days).update(validity=DateRange(empty=True))
    covered = DateRange(days[0] - _LONGEST_SESSION, days[1])
    trial = RoamingAgreement.objects.create(operator=operator, provider=provider, validity=covered, signed_at=period.starts_at)
    return SettlementTerms.objects.create(agreement=trial, netting_set=source.netting_set, validity=covered, **wanted)


def _compare(
    before: Sequence[Evidence], after: Sequence[Evidence], was: SettlementTerms | None, would: SettlementTerms, left_out: int
) -> Trial:
    held_before, held_after = ([bool(judge(one).holds) for one in side] for side in (before, after))
    pairs = list(zip(before, after, held_before, held_after, strict=True))
    prices = [new.charged_net - old.charged_net for old, new, _, _ in pairs]
    return Trial(
        cdrs=len(pairs),
        left_out=left_out,
        before=_outcome(before, held_before, was),
        after=_outcome(after, held_after, would),
        newly_held=[new.name for _, new, held, holds in pairs if holds and not held][:_EXAMPLES],
        freed=[new.name for _, new, held, holds in pairs if held and not holds][:_EXAMPLES],
        dearer=sum(price > 0 for price in prices),
        cheaper=sum(price < 0 for price in prices),
    )


def _outcome(side: Sequence[Evidence], held: Sequence[bool], terms: SettlementTerms | None) -> Outcome:
    charged = [one for one, is_held in zip(side, held, strict=True) if not is_held]
    net: dict[str, Decimal] = defaultdict(Decimal)
    for one in charged:
        net[one.currency] += one.charged_net
    operator_fees, provider_fees = _fees(charged, terms) if terms is not None else (Decimal(0), Decimal(0))
    return Outcome(len(charged), dict(net), sum(held), operator_fees, provider_fees, terms.currency if terms else "")


def _fees(charged: Sequence[Evidence], terms: SettlementTerms) -> tuple[Decimal, Decimal]:
    """This function will return what both sides owe the hub, per CDR and by the plan, as a close would ask it of a whole month."""
    for_operator, for_provider = share_fee(Fee(terms.hub_fee, terms.hub_fee_payer, terms.currency))
    fees = [for_operator * len(charged), for_provider * len(charged)]
    plan = read_plan(terms.fee_plan)
    sides = {"operator": (0,), "provider": (1,), "both": (0, 1)}[terms.hub_fee_payer]
    if terms.fee_plan:
        for side in sides:
            fees[side] += sum((_by_plan(plan, of, terms) for of in _by_payer(charged, side).values()), Decimal(0)) / len(sides)
    return fees[0], fees[1]


def _by_payer(charged: Sequence[Evidence], side: int) -> dict[int, list[Evidence]]:
    found: dict[int, list[Evidence]] = defaultdict(list)
    for one in charged:
        found[(one.owner, one.provider)[side]].append(one)
    return found


def _by_plan(plan: Plan, of: Sequence[Evidence], terms: SettlementTerms) -> Decimal:
    net = sum((one.charged_net for one in of if one.currency == terms.currency), Decimal(0))
    borne = terms.hub_fee * len(of)
    return fee_of(plan=plan, cdr_count=len(of), net=net, per_cdr=borne, share_of_period=Decimal(1), currency=terms.currency)
