"""What is wrong with a CDR on its face: times, signs and sums that no agreement could make right (reliability §2.2). Pure.

What needs more than the record itself to judge (tariffs, power, overlaps) is settlement's, as a hold.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from roaming import canonical
from roaming.cdrs.columns import taxes_of

# C6: clocks of charge points drift; five minutes are forgiven, a day is not.
_FORGIVEN = timedelta(minutes=5)
_LONGEST = timedelta(days=7)
# A meter that lost its clock starts again in 1970 or 2000 (clearing §2.3, check 40).
_BEFORE_ALL_CARS = datetime(2010, 1, 1, tzinfo=UTC)
# C12: each part may have been rounded to a cent on its own.
_ROUNDING = Decimal("0.01")
# Check 58: below one percent it is settlement's flag.
_LOST_KWH = Decimal("0.01")


class RefusedCdr(Exception):
    """The CDR cannot be sealed as it is; the message names the field. What is refused for good reason is sent again, corrected."""


class ImpossibleTimes(RefusedCdr):
    """It ends before it starts, ends in the future, or lasts longer than seven days (C6)."""


class ContradictingAmounts(RefusedCdr):
    """Signs, parts or taxes of the cost contradict each other (C12)."""


def check_on_its_face(*, cdr: canonical.Cdr, at: datetime) -> None:
    """This function will raise ImpossibleTimes or ContradictingAmounts where the record contradicts itself or the clock."""
    _check_times(cdr, at)
    _check_signs(cdr)
    _check_sums(cdr)


def _check_times(cdr: canonical.Cdr, at: datetime) -> None:
    if cdr.end_date_time <= cdr.start_date_time:
        raise ImpossibleTimes("end_date_time: must be after start_date_time")
    if cdr.end_date_time > at + _FORGIVEN:
        raise ImpossibleTimes("end_date_time: lies in the future")
    if cdr.end_date_time - cdr.start_date_time > _LONGEST:
        raise ImpossibleTimes("end_date_time: a session lasts at most 7 days")
    if cdr.start_date_time < _BEFORE_ALL_CARS:
        raise ImpossibleTimes(f"start_date_time: {cdr.start_date_time:%Y-%m-%d} is the date of a clock that was reset")
    for number, period in enumerate(cdr.charging_periods):
        if not cdr.start_date_time - _FORGIVEN <= period.start_date_time <= cdr.end_date_time:
            raise ImpossibleTimes(f"charging_periods.{number}.start_date_time: lies outside the session")


def _check_signs(cdr: canonical.Cdr) -> None:
    net, taxes = cdr.total_cost.before_taxes, taxes_of(cdr.total_cost)
    if cdr.total_energy < 0:
        raise ContradictingAmounts("total_energy: must not be negative")
    told = [dimension.volume for period in cdr.charging_periods for dimension in period.dimensions if dimension.type == "ENERGY"]
    off = abs(sum(told, Decimal(0)) - cdr.total_energy)
    if told and off > max(cdr.total_energy / 100, _LOST_KWH):
        raise ContradictingAmounts(f"total_energy: {cdr.total_energy} kWh, but the charging periods sum to {sum(told, Decimal(0))} kWh")
    if cdr.total_time < 0:
        raise ContradictingAmounts("total_time: must not be negative")
    if net < 0 and not cdr.credit:
        raise ContradictingAmounts("total_cost: only a credit CDR may be negative")
    if net > 0 and cdr.credit:
        raise ContradictingAmounts("total_cost: a credit CDR takes back, it must not be positive")
    if taxes and net and (taxes < 0) != (net < 0):
        raise ContradictingAmounts("total_cost: the taxes have the opposite sign of the amount")


def _check_sums(cdr: canonical.Cdr) -> None:
    for tax in cdr.total_cost.taxes or ():
        if tax.percentage is not None and not _is_close(tax.amount, cdr.total_cost.before_taxes * tax.percentage / 100, parts=2):
            raise ContradictingAmounts(f"total_cost: {tax.name} is not {tax.percentage} % of the amount")
    parts = [
        part.before_taxes
        for part in (
            cdr.total_fixed_cost,
            cdr.total_energy_cost,
            cdr.total_time_cost,
            cdr.total_parking_cost,
            cdr.total_reservation_cost,
        )
        if part is not None
    ]
    # One part alone does not claim to be the whole, and a tariff with a limit makes the total differ from its parts.
    # A credit CDR copies the parts and negates the total only (OCPI 2.2.1, mod_cdrs §Credit CDRs).
    is_limited = any(tariff.min_price is not None or tariff.max_price is not None for tariff in cdr.tariffs)
    total = abs(cdr.total_cost.before_taxes)
    if is_limited or not parts:
        return
    if (len(parts) > 1 or parts[0] > total) and not _is_close(sum(parts, Decimal(0)), total, parts=len(parts) + 1):
        raise ContradictingAmounts(f"total_cost: the parts sum to {sum(parts, Decimal(0))}, not to {total}")


def _is_close(amount: Decimal, other: Decimal, *, parts: int) -> bool:
    return abs(amount - other) <= _ROUNDING * parts
