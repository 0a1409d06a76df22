"""What is wrong with a CDR on its face: times, signs and sums that no agreement could make right (reliability §2.2). Pure.

What needs more than the record itself to judge (tariffs, power, overlaps) is settlement's, as a hold.
"""

from collections.abc import Iterable, Mapping
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


# Number and code of each check that rejects at the door: the same that holds and findings carry (docs/cdr-checks.md).
CODES: Mapping[int, str] = {
    2: "NOT_ENTITLED",
    4: "ALREADY_SEALED",
    5: "SECOND_CDR",
    15: "CONTRACT_DIFFERS",
    29: "ENDS_BEFORE_START",
    30: "IN_THE_FUTURE",
    32: "ENERGY_WITHOUT_TIME",
    33: "DURATION_IMPLAUSIBLE",
    34: "PERIOD_OUTSIDE_SESSION",
    36: "TOTAL_TIME_DIFFERS",
    40: "DATE_OF_A_RESET",
    44: "NEGATIVE_ENERGY",
    58: "PERIOD_ENERGIES_DIFFER",
    69: "CURRENCY_DIFFERS",
    72: "COMPONENTS_DIFFER",
    79: "PARTIAL_CREDIT",
}


class RefusedCdr(Exception):
    """The CDR cannot be sealed as it is; the message names field, value and limit, then the check. Corrected, it is sent again."""

    def __init__(self, check: int, message: str) -> None:
        super().__init__(f"{message} (check {check} {CODES[check]})")
        self.check = check


class ImpossibleTimes(RefusedCdr):
    """It ends before it starts, ends in the future, or lasts longer than seven days (C6)."""


class ContradictingAmounts(RefusedCdr):
    """Signs, parts or taxes of the cost contradict each other (C12)."""


class ForeignCurrency(RefusedCdr):
    """Tariff and session are in another currency (C11)."""


def check_currency(*, cdr: canonical.Cdr, told: Iterable[str | None]) -> None:
    """This function will raise ForeignCurrency where the CDR's currency is none that its tariffs, its session or `told` speak of.

    Where nothing tells a currency, the CDR's own is taken: pairs settle in as many currencies as they charge in.
    """
    known = {tariff.currency for tariff in cdr.tariffs} | {currency for currency in told if currency}
    if known and cdr.currency not in known:
        raise ForeignCurrency(69, f"currency: {cdr.currency}, but tariff and session are in {' and '.join(sorted(known))}")


def check_on_its_face(*, cdr: canonical.Cdr, at: datetime) -> None:
    """This function will raise ImpossibleTimes or ContradictingAmounts where the record contradicts itself or the clock."""
    _check_times(cdr, at)
    _check_signs(cdr)
    _check_sums(cdr)


def _check_times(cdr: canonical.Cdr, at: datetime) -> None:
    started, ended = cdr.start_date_time, cdr.end_date_time
    if ended == started and cdr.total_energy > 0:
        raise ImpossibleTimes(32, f"end_date_time: {_told(ended)} is start_date_time; {cdr.total_energy} kWh in no time")
    if ended <= started:
        raise ImpossibleTimes(29, f"end_date_time: {_told(ended)} must be after start_date_time {_told(started)}")
    if ended > at + _FORGIVEN:
        raise ImpossibleTimes(30, f"end_date_time: {_told(ended)} lies in the future; the limit is {_told(at + _FORGIVEN)}")
    if ended - started > _LONGEST:
        raise ImpossibleTimes(33, f"end_date_time: {_told(ended)} is {(ended - started).days} days after the start; the limit is 7 days")
    if started < _BEFORE_ALL_CARS:
        raise ImpossibleTimes(
            40, f"start_date_time: {_told(started)} is the date of a clock that was reset; the limit is {_told(_BEFORE_ALL_CARS)}"
        )
    for number, period in enumerate(cdr.charging_periods):
        if not started - _FORGIVEN <= period.start_date_time <= ended:
            told = f"{_told(period.start_date_time)} lies outside the session, {_told(started)} to {_told(ended)}"
            raise ImpossibleTimes(34, f"charging_periods.{number}.start_date_time: {told}")


def _check_signs(cdr: canonical.Cdr) -> None:
    net, taxes = cdr.total_cost.before_taxes, taxes_of(cdr.total_cost)
    if cdr.total_energy < 0:
        raise ContradictingAmounts(44, f"total_energy: {cdr.total_energy} kWh; must not be negative")
    told = [dimension.volume for period in cdr.charging_periods for dimension in period.dimensions if dimension.type == "ENERGY"]
    off = abs(sum(told, Decimal(0)) - cdr.total_energy)
    if told and off > max(cdr.total_energy / 100, _LOST_KWH):
        message = f"total_energy: {cdr.total_energy} kWh, but the charging periods sum to {sum(told, Decimal(0))} kWh; the limit is 1 %"
        raise ContradictingAmounts(58, message)
    if cdr.total_time < 0:
        raise ContradictingAmounts(36, f"total_time: {cdr.total_time} h; must not be negative")
    if net < 0 and not cdr.credit:
        raise ContradictingAmounts(72, f"total_cost: {net}; only a credit CDR may be negative")
    if net > 0 and cdr.credit:
        raise ContradictingAmounts(79, f"total_cost: {net}; a credit CDR takes back, it must not be positive")
    if taxes and net and (taxes < 0) != (net < 0):
        raise ContradictingAmounts(72, f"total_cost: the taxes {taxes} have the opposite sign of the amount {net}")


def _check_sums(cdr: canonical.Cdr) -> None:
    for tax in cdr.total_cost.taxes or ():
        if tax.percentage is not None and not _is_close(tax.amount, cdr.total_cost.before_taxes * tax.percentage / 100, parts=2):
            message = f"total_cost: {tax.name} {tax.amount} is not {tax.percentage} % of {cdr.total_cost.before_taxes}"
            raise ContradictingAmounts(72, f"{message}; the limit is {_ROUNDING * 2}")
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
        limit = _ROUNDING * (len(parts) + 1)
        raise ContradictingAmounts(72, f"total_cost: the parts sum to {sum(parts, Decimal(0))}, not to {total}; the limit is {limit}")


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _is_close(amount: Decimal, other: Decimal, *, parts: int) -> bool:
    return abs(amount - other) <= _ROUNDING * parts
