"""Close a settlement period once: count what was charged, round it, net it, write the books, hand over to the statements.

One transaction under the exclusive gate of the netting set. Whoever comes second waits, finds the run and returns it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from django.db import transaction

from roaming import canonical
from roaming.models import Party
from settlement.clearing.clear import clear_everything
from settlement.clearing.gate import allow_long_work, shut_gate
from settlement.clearing.models import Hold, SettlementPeriod
from settlement.clearing.roll_up import differing_days, roll_up, roll_up_day, some_pair_differs
from settlement.disputes.queries import BUCKET as DISPUTE_BUCKET
from settlement.ledger.assertions import assert_balances
from settlement.ledger.post import post_entries
from settlement.ledger.verify import refuse_broken_books
from settlement.netting.books import entries_of_close
from settlement.netting.carry import as_obligations, carry_on, list_waiting, take
from settlement.netting.digest import digest_of
from settlement.netting.fees import Fee, final_day, sum_fees
from settlement.netting.models import NettingRun
from settlement.netting.netted import Owed, Rules, net_everything
from settlement.netting.pairs import RoundedSum, round_pairs, sum_pairs
from settlement.netting.positions import Figures, Obligation
from settlement.netting.progress import CLEAR, DAY, NET, add_steps, attempt_at, claim, mark
from settlement.netting.write import write_pairs, write_plan, write_positions
from settlement.terms.hub import hub_party
from settlement.terms.models import NettingExclusion, NettingSet
from settlement.terms.queries import list_elections
from settlement.terms.rates import Rate, rate_for


class PeriodStillRunning(Exception):
    """The period has not ended: only a dry run may look at it."""


class WrongCycle(Exception):
    """The netting set closes months and the period is a week, or the other way round."""


WhenNetted = Callable[[NettingRun, Sequence[Fee]], object]
# What follows netting inside the closing transaction; settlement.apps says what (statements are drafted).
when_netted: list[WhenNetted] = []


def close_period(
    *, netting_set: NettingSet, period: canonical.Period, by: str, at: datetime, between: Callable[[], object] = lambda: None
) -> NettingRun:
    """This function will clear everything received, then close the period and return its run with positions, plan and drafts.

    `between` is called between two pieces of work, outside any transaction; what it raises ends the close there.
    A period that has a run is left as it is and that run returned. It raises PeriodStillRunning, WrongCycle, BooksBroken,
    RecountDiffers and NoRate. Killed at any moment and called again, it goes on where it was (settlement.netting.progress).
    """
    _refuse_other_cycle(netting_set, period)
    ends_at = bounds_of(period=period, zone=netting_set.zone).ends_at
    if at < ends_at:
        raise PeriodStillRunning(f"{period.name} runs until {ends_at:%Y-%m-%d %H:%M} UTC: look at it with a dry run")
    known = find_run(netting_set=netting_set, period=period)
    if known is not None:
        return known
    refuse_broken_books()
    attempt = attempt_at(netting_set=netting_set, period=period.name)
    for step in (CLEAR, NET):
        add_steps(netting_set=netting_set, period=period.name, attempt=attempt, step=step)
    work = _Work(netting_set=netting_set, period=period.name, attempt=attempt, at=at)
    between()
    mark(**work, step=CLEAR, done=False)
    clear_everything(at=at)
    mark(**work, step=CLEAR, done=True)
    _roll_up_days(work, between)
    with transaction.atomic():
        run = _close(netting_set, period, by, at)
        mark(**work, step=NET, done=True)
        return run


class _Work(TypedDict):
    """What names the pieces of one attempt, and when it works."""

    netting_set: NettingSet
    period: str
    attempt: int
    at: datetime


def _roll_up_days(work: _Work, between: Callable[[], object]) -> None:
    """This function will roll up the days that differ, each in a transaction of its own; other workers may take some of them."""
    netting_set, period = work["netting_set"].pk, work["period"]
    with transaction.atomic():
        allow_long_work()
        differs = some_pair_differs(netting_set=netting_set, period=period)
        stale = [day.isoformat() for day in differing_days(netting_set=netting_set, period=period)] if differs else []
    add_steps(netting_set=work["netting_set"], period=period, attempt=work["attempt"], step=DAY, subjects=stale)
    while True:
        between()
        with claim(**work, step=DAY) as piece:
            if piece is None:
                return
            roll_up_day(netting_set=netting_set, period=period, day=date.fromisoformat(piece.subject))


def preview_period(
    *, netting_set: NettingSet, period: canonical.Period, at: datetime, look: Callable[[NettingRun], dict[str, Any]]
) -> dict[str, Any]:
    """This function will close the period, return what `look` sees of the run, and undo everything: a dry run writes nothing."""
    _refuse_other_cycle(netting_set, period)
    with transaction.atomic():
        allow_long_work()
        clear_everything(at=at)
        seen = look(_close(netting_set, period, "", at))
        transaction.set_rollback(True)
    return seen


def find_run(*, netting_set: NettingSet, period: canonical.Period) -> NettingRun | None:
    """This function will return the run of a period that was not voided, or None."""
    return NettingRun.objects.filter(netting_set=netting_set, period=period.name).exclude(state=NettingRun.State.VOID).first()


def bounds_of(*, period: canonical.Period, zone: str) -> canonical.Period:
    """This function will return a period with the instants at which midnight of the zone begins and ends it."""
    if zone == "UTC":
        return period
    starts_at, ends_at = (at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for at in (period.starts_at, period.ends_at))
    return canonical.Period(starts_at, ends_at, period.name)


def _refuse_other_cycle(netting_set: NettingSet, period: canonical.Period) -> None:
    is_week = "W" in period.name
    if is_week != (netting_set.cycle == NettingSet.Cycle.WEEKLY):
        kind = "a week" if is_week else "a month"
        raise WrongCycle(f"netting set {netting_set.name!r} closes {netting_set.cycle}; {period.name} is {kind}")


def _close(netting_set: NettingSet, period: canonical.Period, by: str, at: datetime) -> NettingRun:
    allow_long_work()
    shut_gate(netting_set=netting_set.pk)
    known = find_run(netting_set=netting_set, period=period)
    if known is not None:
        return known
    roll_up(netting_set=netting_set.pk, period=period.name)
    bounds = bounds_of(period=period, zone=netting_set.zone)
    _shut_period(netting_set, bounds, at)
    pairs = list(round_pairs(sum_pairs(netting_set=netting_set.pk, period=period.name)))
    fees = sum_fees(netting_set=netting_set.pk, period=period)
    carries = list_waiting(netting_set=netting_set.pk, before=period.name)
    keys = _party_keys(pairs, fees)
    owed = Owed(pairs=_owed_by_pairs(pairs, keys), fees=_owed_fees(fees, keys), carried_in=as_obligations(carries))
    rows = {key: row for row, key in keys.items()} | {party.key: party.pk for carry in carries for party in (carry.payer, carry.payee)}
    rules, day = _rules_of(netting_set), final_day(period)
    elected = list_elections(netting_set=netting_set, on=day)

    def settle_in(pair: Obligation) -> str:
        return elected(operator=rows[pair.creditor], provider=rows[pair.debtor])

    netted = net_everything(owed=owed, rules=rules, settle_in=settle_in, rate_for=lambda currency: rate_for(currency=currency, on=day))
    run = NettingRun.objects.create(
        netting_set=netting_set,
        period=period.name,
        starts_at=bounds.starts_at,
        ends_at=bounds.ends_at,
        closed_by=by,
        closed_at=at,
        cdr_count=sum(pair.exact.cdr_count for pair in pairs if pair.exact.bucket != DISPUTE_BUCKET),
        held_count=_count_holds(bounds),
        figures={currency: _told(figures) for currency, figures in netted.figures.items()},
        attempt=attempt_at(netting_set=netting_set, period=period.name),
        mode=rules.mode,
        excluded=sorted(str(party) for party in rules.excluded & rows.keys()),
        rates=[_told_rate(rate) for _, rate in sorted(netted.rates.items())],
    )
    write_pairs(run=run, pairs=pairs)
    write_positions(run=run, netted=netted, rows=rows)
    write_plan(run=run, netted=netted, rows=rows)
    take(carries=carries, run=run)
    carry_on(run=run, payments=netted.carried_on, rows=rows)
    run.digest = digest_of(run=run.pk)
    run.save(update_fields=["digest"])
    post_entries(entries=entries_of_close(run=run, day=day, pairs=pairs, fees=fees, conversions=netted.conversions, rows=rows))
    assert_balances()
    for follow in when_netted:
        follow(run, fees)
    return run


def _shut_period(netting_set: NettingSet, bounds: canonical.Period, at: datetime) -> None:
    SettlementPeriod.objects.update_or_create(
        netting_set=netting_set,
        name=bounds.name,
        defaults={"starts_at": bounds.starts_at, "ends_at": bounds.ends_at, "state": SettlementPeriod.State.CLOSED, "closed_at": at},
    )


def _rules_of(netting_set: NettingSet) -> Rules:
    # Read again under the gate: somebody may have changed the set since the caller read it.
    now = NettingSet.objects.get(pk=netting_set.pk)
    out = NettingExclusion.objects.filter(netting_set=netting_set, ended_at=None).select_related("party")
    return Rules(mode=now.mode, de_minimis=now.de_minimis, excluded=frozenset(exclusion.party.key for exclusion in out))


def _owed_by_pairs(pairs: Sequence[RoundedSum], keys: dict[int, canonical.PartyId]) -> list[Obligation]:
    owed: dict[tuple[int, int, str], Decimal] = defaultdict(Decimal)
    for pair in pairs:
        owed[pair.exact.provider, pair.exact.operator, pair.exact.currency] += pair.gross
    return [Obligation(keys[provider], keys[operator], currency, amount) for (provider, operator, currency), amount in owed.items()]


def _owed_fees(fees: Sequence[Fee], keys: dict[int, canonical.PartyId]) -> list[Obligation]:
    if not fees:
        return []
    hub = hub_party()
    keys[hub.pk] = hub.key
    return [Obligation(keys[fee.party], hub.key, fee.currency, fee.gross) for fee in fees]


def _party_keys(pairs: Sequence[RoundedSum], fees: Sequence[Fee]) -> dict[int, canonical.PartyId]:
    rows = {party for pair in pairs for party in (pair.exact.operator, pair.exact.provider)} | {fee.party for fee in fees}
    parties = Party.objects.filter(pk__in=rows).values_list("pk", "country_code", "party_id")
    return {row: canonical.PartyId(country_code, party_id) for row, country_code, party_id in parties}


def _count_holds(bounds: canonical.Period) -> int:
    return Hold.objects.filter(state=Hold.State.HELD, cdr__ended_at__gte=bounds.starts_at, cdr__ended_at__lt=bounds.ends_at).count()


def _told(figures: Figures) -> dict[str, str | int]:
    return {name: value if isinstance(value, int) else str(value) for name, value in figures._asdict().items()}


def _told_rate(rate: Rate) -> dict[str, str]:
    return {
        "currency": rate.currency,
        "per_euro": f"{rate.per_euro.normalize():f}",
        "published_on": rate.published_on.isoformat(),
        "source": rate.source,
    }
