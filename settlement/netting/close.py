"""Close a settlement period once: count what was charged, round it, net it, write the books, hand over to the statements.

One transaction under the exclusive gate of the netting set. Whoever comes second waits, finds the run and returns it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from roaming import canonical
from roaming.models import Party
from settlement.clearing.clear import clear_everything
from settlement.clearing.gate import allow_long_work, shut_gate
from settlement.clearing.models import Hold, SettlementPeriod
from settlement.clearing.roll_up import roll_up
from settlement.disputes.queries import BUCKET as DISPUTE_BUCKET
from settlement.ledger.post import post_entries
from settlement.netting.books import entries_of_close
from settlement.netting.digest import digest_of
from settlement.netting.fees import Fee, sum_fees
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.netting.pairs import RoundedSum, round_pairs, sum_pairs
from settlement.netting.positions import Figures, Obligation, Payment, figures_of, net, plan_payments
from settlement.terms.hub import hub_party
from settlement.terms.models import NettingSet


class PeriodStillRunning(Exception):
    """The period has not ended: only a dry run may look at it."""


class WrongCycle(Exception):
    """The netting set closes months and the period is a week, or the other way round."""


WhenNetted = Callable[[NettingRun], object]
# What follows netting inside the closing transaction; settlement.apps says what (statements are drafted).
when_netted: list[WhenNetted] = []


def close_period(*, netting_set: NettingSet, period: canonical.Period, by: str, at: datetime) -> NettingRun:
    """This function will clear everything received, then close the period and return its run with positions, plan and drafts.

    A period that has a run is left as it is and that run returned. It raises PeriodStillRunning, WrongCycle and RecountDiffers.
    """
    _refuse_other_cycle(netting_set, period)
    if at < period.ends_at:
        raise PeriodStillRunning(f"{period.name} runs until {period.ends_at:%Y-%m-%d %H:%M} UTC: look at it with a dry run")
    known = find_run(netting_set=netting_set, period=period)
    if known is not None:
        return known
    clear_everything(at=at)
    with transaction.atomic():
        return _close(netting_set, period, by, at)


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
    SettlementPeriod.objects.update_or_create(
        netting_set=netting_set,
        name=period.name,
        defaults={"starts_at": period.starts_at, "ends_at": period.ends_at, "state": SettlementPeriod.State.CLOSED, "closed_at": at},
    )
    pairs = list(round_pairs(sum_pairs(netting_set=netting_set.pk, period=period.name)))
    fees = sum_fees(netting_set=netting_set.pk, period=period)
    netted = _net(pairs, fees)
    run = NettingRun.objects.create(
        netting_set=netting_set,
        period=period.name,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        closed_by=by,
        closed_at=at,
        cdr_count=sum(pair.exact.cdr_count for pair in pairs if pair.exact.bucket != DISPUTE_BUCKET),
        held_count=_count_holds(period),
        figures={currency: _told(figures) for currency, figures in netted.figures.items()},
    )
    _write_pairs(run, pairs)
    _write_positions(run, netted)
    _write_plan(run, netted)
    run.digest = digest_of(run=run.pk)
    run.save(update_fields=["digest"])
    names = {row: key for key, row in netted.rows.items()}
    post_entries(entries=entries_of_close(netting_set=netting_set.pk, period=period, pairs=pairs, fees=fees, names=names))
    for follow in when_netted:
        follow(run)
    return run


class _Netted(NamedTuple):
    """Everything that follows from pairs and fees, in memory."""

    rows: Mapping[canonical.PartyId, int]
    receivable: Mapping[tuple[int, str], Decimal]
    payable: Mapping[tuple[int, str], Decimal]
    fees: Mapping[tuple[int, str], Decimal]
    plans: Mapping[str, Sequence[Payment]]
    figures: Mapping[str, Figures]


def _net(pairs: Sequence[RoundedSum], fees: Sequence[Fee]) -> _Netted:
    keys = _party_keys({party for pair in pairs for party in (pair.exact.operator, pair.exact.provider)} | {fee.party for fee in fees})
    receivable: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    payable: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    owed_fees: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    obligations: dict[str, list[Obligation]] = defaultdict(list)
    for pair in pairs:
        of = pair.exact
        receivable[of.operator, of.currency] += pair.gross
        payable[of.provider, of.currency] += pair.gross
        obligations[of.currency].append(Obligation(keys[of.provider], keys[of.operator], of.currency, pair.gross))
    if fees:
        hub = hub_party()
        keys[hub.pk] = hub.key
        for fee in fees:
            owed_fees[fee.party, fee.currency] += fee.gross
            owed_fees[hub.pk, fee.currency] -= fee.gross
            obligations[fee.currency].append(Obligation(keys[fee.party], hub.key, fee.currency, fee.gross))
    positions = net(obligation for of_currency in obligations.values() for obligation in of_currency)
    plans = {currency: plan_payments(of_currency) for currency, of_currency in positions.items()}
    return _Netted(
        rows={key: row for row, key in keys.items()},
        receivable=receivable,
        payable=payable,
        fees=owed_fees,
        plans=plans,
        figures={
            currency: figures_of(obligations=obligations[currency], positions=of_currency, payments=len(plans[currency]))
            for currency, of_currency in positions.items()
        },
    )


def _party_keys(rows: set[int]) -> dict[int, canonical.PartyId]:
    parties = Party.objects.filter(pk__in=rows).values_list("pk", "country_code", "party_id")
    return {row: canonical.PartyId(country_code, party_id) for row, country_code, party_id in parties}


def _count_holds(period: canonical.Period) -> int:
    return Hold.objects.filter(state=Hold.State.HELD, cdr__ended_at__gte=period.starts_at, cdr__ended_at__lt=period.ends_at).count()


def _told(figures: Figures) -> dict[str, str | int]:
    return {name: value if isinstance(value, int) else str(value) for name, value in figures._asdict().items()}


_COPY_PAIRS = """
COPY settlement_pairtotal (
    run_id, operator_id, provider_id, currency, vat_rate, tax_note, bucket, count, energy_kwh, exact_net, exact_vat, net, vat, gross
) FROM STDIN
"""
_COPY_POSITIONS = "COPY settlement_position (run_id, party_id, currency, receivable, payable, fees, net) FROM STDIN"


def _write_pairs(run: NettingRun, pairs: Sequence[RoundedSum]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY_PAIRS) as copy:
        for pair in pairs:
            copy.write_row((run.pk, *pair.exact, pair.net, pair.vat, pair.gross))


def _write_positions(run: NettingRun, netted: _Netted) -> None:
    # In one statement: the database sums the run to zero after each (migration 0004).
    parties = sorted({*netted.receivable, *netted.payable, *netted.fees}, key=lambda key: (key[1], key[0]))
    with connection.cursor() as cursor, cursor.copy(_COPY_POSITIONS) as copy:
        for key in parties:
            receivable, payable = netted.receivable.get(key, Decimal(0)), netted.payable.get(key, Decimal(0))
            fees = netted.fees.get(key, Decimal(0))
            copy.write_row((run.pk, *key, receivable, payable, fees, receivable - payable - fees))


def _write_plan(run: NettingRun, netted: _Netted) -> None:
    PlannedPayment.objects.bulk_create(
        PlannedPayment(
            run=run, payer_id=netted.rows[payment.payer], payee_id=netted.rows[payment.payee], currency=currency, amount=payment.amount
        )
        for currency, plan in netted.plans.items()
        for payment in plan
    )
