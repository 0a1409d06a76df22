"""Clear sealed CDRs: each becomes one charge or one hold, exactly once.

Settlement pulls at its own pace; roaming never knows of money. One transaction clears at a time (an advisory lock), so that credits
meet their originals and overlaps are judged in one order; `charge.cdr` and `hold.cdr` are unique whatever happens.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction

from roaming import canonical
from settlement.clearing.charge import Amounts, Fee, charge, charge_credit
from settlement.clearing.gate import allow_long_work, booking_period, enter_clearing, pass_gates, period_of
from settlement.clearing.hold import hold_cdrs
from settlement.clearing.models import Charge, ClearingCursor, Hold
from settlement.clearing.write import NewCharge, write_charges
from settlement.control.evidence import Evidence, Terms
from settlement.control.gather import gather
from settlement.control.record import record_evidence, record_findings
from settlement.control.rules import judge
from settlement.control.verdict import HOLD, NORMALIZE, Remark
from settlement.tax.queries import Declared, read_standings

BATCH = 2000


class Cleared(NamedTuple):
    """How many CDRs became a charge, and how many a hold."""

    charged: int
    held: int

    @property
    def total(self) -> int:
        """All CDRs that were looked at."""
        return self.charged + self.held


class NoSuchCdr(Exception):
    """No sealed CDR has this row or name."""


# What follows when charges are taken back, inside the clearing transaction: rows of the credited CDRs, and the instant. The slices
# below say what (settlement.apps).
when_credited: list[Callable[[Sequence[int], datetime], object]] = []
# The same for the rows of the CDRs that were charged, credits left out.
when_charged: list[Callable[[Sequence[int], datetime], object]] = []

# Rows come in order of id, but commit in any order: the cursor stays behind everything received in the latest ten minutes, and no
# transaction of the intake may live that long (statement and idle time limits, hub_settings.base).
_PENDING = """
SELECT cdr.id FROM roaming_cdr cdr
WHERE (%(all)s OR cdr.id > (SELECT coalesce(max(seen_up_to), 0) FROM settlement_clearingcursor))
    AND NOT EXISTS (SELECT FROM settlement_charge charge WHERE charge.cdr_id = cdr.id)
    AND NOT EXISTS (SELECT FROM settlement_hold hold WHERE hold.cdr_id = cdr.id)
ORDER BY cdr.id LIMIT %(limit)s
"""
_SETTLED_ROW = "SELECT id FROM roaming_cdr WHERE received_at < now() - interval '10 minutes' ORDER BY received_at DESC, id DESC LIMIT 1"


def clear_pending(*, at: datetime, limit: int = BATCH, wait: bool = False, from_the_start: bool = False) -> Cleared:
    """This function will clear up to `limit` CDRs that have neither a charge nor a hold, in one transaction.

    Where another transaction is clearing it does nothing, or waits for it with `wait`. `from_the_start` looks at every CDR there is,
    not only at those behind the cursor. Call it until `total` is below `limit`.
    """
    with _without_collector(), transaction.atomic():
        if wait:
            allow_long_work()
        if not enter_clearing(wait=wait):
            return Cleared(0, 0)
        with connection.cursor() as cursor:
            cursor.execute(_PENDING, {"all": from_the_start, "limit": limit})
            pending = [row[0] for row in cursor.fetchall()]
        cleared = clear_rows(cdr_ids=pending, at=at)
        if len(pending) < limit:
            _move_cursor()
    return cleared


@contextmanager
def _without_collector() -> Iterator[None]:
    """This function will keep the collector of cycles out of a batch: its full passes over thousands of records take half of the time.

    A batch makes no cycles; what it made is freed when its last name goes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def clear_everything(*, at: datetime, wait: bool = True) -> Cleared:
    """This function will clear, batch by batch, everything that was received before it is called."""
    charged = held = 0
    while True:
        cleared = clear_pending(at=at, limit=BATCH, wait=wait)
        charged, held = charged + cleared.charged, held + cleared.held
        if cleared.total < BATCH:
            return Cleared(charged, held)


def clear_cdr(*, cdr_id: int, at: datetime) -> Charge | Hold:
    """This function will clear one sealed CDR and return its charge or hold, also where it had one before; it raises NoSuchCdr."""
    with transaction.atomic():
        enter_clearing(wait=True)
        found = Charge.objects.filter(cdr=cdr_id).first() or Hold.objects.filter(cdr=cdr_id).first()
        if found is None:
            if not clear_rows(cdr_ids=[cdr_id], at=at).total:
                raise NoSuchCdr(f"no sealed CDR has row {cdr_id}")
            found = Charge.objects.filter(cdr=cdr_id).first() or Hold.objects.get(cdr=cdr_id)
    return found


def clear_rows(*, cdr_ids: Sequence[int], at: datetime, regardless: bool = False) -> Cleared:
    """This function will judge and book CDRs by their rows, inside the caller's transaction and under its clearing lock.

    With `regardless` the rules' word is recorded but does not hold: somebody released the CDR.
    """
    if not cdr_ids:
        return Cleared(0, 0)
    batch = gather(cdr_ids=cdr_ids)
    remarks: dict[int, Sequence[Remark]] = {evidence.id: judge(evidence).remarks for evidence in batch}
    record_findings(remarks=remarks)
    record_evidence(batch=batch)
    holds = {
        row: reasons
        for row, said in remarks.items()
        if (reasons := [remark for remark in said if remark.action == HOLD and not regardless])
    }
    declared = read_standings()
    charged = _charged([evidence.original for evidence in batch if evidence.original is not None])
    booked: list[tuple[Evidence, _Charged]] = []
    for evidence in batch:
        if evidence.id in holds:
            continue
        if not evidence.is_credit:
            found = _Charged(amounts=_amounts(evidence, declared), terms=_terms(evidence))
        elif (original := charged.get(evidence.original or 0)) is not None:
            found = _Charged(amounts=charge_credit(original=original.amounts), terms=original.terms)
        else:
            holds[evidence.id] = [Remark(79, "ORIGINAL_HELD", HOLD, "the CDR that this credit takes back is held itself")]
            continue
        charged[evidence.id] = found
        booked.append((evidence, found))
    hold_cdrs(reasons=holds, at=at)
    write_charges(charges=_book(booked))
    _tell_others(booked, at)
    return Cleared(charged=len(booked), held=len(holds))


def _tell_others(booked: "Sequence[tuple[Evidence, _Charged]]", at: datetime) -> None:
    charged = [evidence.id for evidence, _ in booked if not evidence.is_credit]
    credited = [evidence.original for evidence, _ in booked if evidence.original is not None]
    for rows, followers in ((credited, when_credited), (charged, when_charged)):
        for follow in followers if rows else ():
            follow(rows, at)


class _Charged(NamedTuple):
    """The amounts of a charge and the terms it was made under; a credit takes both from its original."""

    amounts: Amounts
    terms: Terms


def _amounts(evidence: Evidence, declared: Declared) -> Amounts:
    return charge(
        net=evidence.charged_net,
        vat=evidence.charged_vat,
        named_rates=_named_rates(evidence.cdr),
        country=evidence.country,
        on=evidence.ended_at.date(),
        seller_vat_id=evidence.seller_vat_id,
        buyer_vat_id=evidence.buyer_vat_id,
        fee=Fee(amount=_terms(evidence).hub_fee, payer=_terms(evidence).hub_fee_payer, currency=_terms(evidence).currency),
        declared=declared.get(evidence.provider, ()),
    )


def _named_rates(cdr: canonical.Cdr) -> list[Decimal]:
    taxes = [tax.percentage for tax in cdr.total_cost.taxes or () if tax.percentage is not None]
    of_tariffs = [
        component.vat
        for tariff in cdr.tariffs
        for element in tariff.elements
        for component in element.price_components
        if component.vat is not None
    ]
    return list(dict.fromkeys([*taxes, *of_tariffs]))


def _book(charged: Sequence[tuple[Evidence, _Charged]]) -> list[NewCharge]:
    closed = pass_gates(netting_sets=[of.terms.netting_set for _, of in charged])
    charges = []
    late: dict[int, Sequence[Remark]] = {}
    for evidence, (amounts, terms) in charged:
        service = period_of(at=evidence.ended_at, cycle=terms.cycle, zone=terms.zone)
        booked = booking_period(service=service, closed=closed[terms.netting_set])
        if booked != service:
            late[evidence.id] = [Remark(42, "LATE_PERIOD", NORMALIZE, f"{service.name} is closed: charged in {booked.name}")]
        ended_on = evidence.ended_at.astimezone(UTC).date()
        charges.append(
            NewCharge(
                cdr=evidence.id,
                terms=terms.id,
                netting_set=terms.netting_set,
                period=booked.name,
                service_period=service.name,
                ended_on=ended_on,
                booked_on=ended_on if booked == service else booked.starts_at.date(),
                operator=evidence.owner,
                provider=evidence.provider,
                currency=evidence.currency,
                bucket=_bucket(evidence, is_late=booked != service),
                energy_kwh=-evidence.energy_kwh if evidence.is_credit else evidence.energy_kwh,
                amounts=amounts,
            )
        )
    record_findings(remarks=late)
    return charges


def _bucket(evidence: Evidence, *, is_late: bool) -> Charge.Bucket:
    if evidence.is_credit:
        return Charge.Bucket.CREDIT
    return Charge.Bucket.LATE if is_late else Charge.Bucket.CURRENT


def _terms(evidence: Evidence) -> Terms:
    if evidence.terms is None:  # the rules hold such a CDR (check 8), and a release asks before
        raise NoSuchCdr(f"{evidence.name} has no terms")
    return evidence.terms


def _charged(cdr_ids: Sequence[int]) -> dict[int, _Charged]:
    rows = Charge.objects.filter(cdr__in=cdr_ids).select_related("terms__netting_set") if cdr_ids else ()
    return {
        row.cdr_id: _Charged(
            amounts=Amounts(
                net=row.net,
                vat_rate=row.vat_rate,
                vat=row.vat,
                gross=row.gross,
                tax_note=row.tax_note,
                operator_fee=row.operator_fee,
                provider_fee=row.provider_fee,
                fee_currency=row.fee_currency,
            ),
            terms=Terms(
                id=row.terms_id,
                netting_set=row.netting_set_id,
                cycle=row.terms.netting_set.cycle,
                hub_fee=row.terms.hub_fee,
                hub_fee_payer=row.terms.hub_fee_payer,
                currency=row.terms.currency,
                zone=row.terms.netting_set.zone,
            ),
        )
        for row in rows
    }


def _move_cursor() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED_ROW)
        row = cursor.fetchone()
    if row:
        ClearingCursor.objects.update_or_create(pk=1, defaults={"seen_up_to": row[0]})
