"""PURE. What the hub asks of a party per period beyond its amount per CDR: tiers, a percentage, a subscription, a minimum.

A plan is data of the terms (`fee_plan`), amounts as text:
`{"tiers": [["10000", "0.05"], [null, "0.03"]], "percent": "1.5", "subscription": "310.00", "minimum": "25.00"}`.
Tiers replace the amount per CDR: each CDR pays the price of the tier it falls in.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, NamedTuple

from roaming import canonical

_NAMES = frozenset({"tiers", "percent", "subscription", "minimum"})


class WrongPlan(ValueError):
    """The plan says something that is no fee; the message names it."""


class Plan(NamedTuple):
    """A fee plan read from terms. `tiers` are (CDRs up to and including, None for the last; amount per CDR)."""

    tiers: tuple[tuple[int | None, Decimal], ...] = ()
    percent: Decimal = Decimal(0)
    subscription: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)


def read_plan(told: Mapping[str, Any]) -> Plan:
    """This function will read a plan as terms keep it; it raises WrongPlan."""
    if unknown := set(told) - _NAMES:
        raise WrongPlan(f"fee plan: {sorted(unknown)[0]!r} is none of {', '.join(sorted(_NAMES))}")
    tiers = tuple((None if up_to is None else int(up_to), _amount("tiers", price)) for up_to, price in told.get("tiers", ()))
    bounds = [up_to for up_to, _ in tiers]
    rising = all(before is not None and (after is None or before < after) for before, after in pairwise(bounds))
    if tiers and (bounds[-1] is not None or not rising):
        raise WrongPlan("fee plan: tiers rise, and the last has no bound")
    return Plan(tiers, *(_amount(name, told.get(name, "0")) for name in ("percent", "subscription", "minimum")))


def fee_of(*, plan: Plan, cdr_count: int, net: Decimal, per_cdr: Decimal, share_of_period: Decimal, currency: str) -> Decimal:
    """This function will return what a plan adds for a period to `per_cdr`, the fees that CDRs bore already; each part is rounded once.

    `net` is the net turnover of originals, `share_of_period` the part of the period during which the terms held.
    """
    unit = Decimal(1).scaleb(-canonical.exponent(currency))
    parts = (tiered(plan=plan, cdr_count=cdr_count), net * plan.percent / 100, plan.subscription * share_of_period)
    asked = sum((part.quantize(unit, rounding=ROUND_HALF_UP) for part in parts), Decimal(0))
    return max(asked, plan.minimum - per_cdr)


def tiered(*, plan: Plan, cdr_count: int) -> Decimal:
    """This function will return the sum of the tiers for so many CDRs."""
    total, before = Decimal(0), 0
    for up_to, price in plan.tiers:
        within = min(cdr_count, up_to) if up_to is not None else cdr_count
        total += max(within - before, 0) * price
        before = max(within, before)
    return total


def share_of(*, period: canonical.Period, starts: date | None, ends: date | None) -> Decimal:
    """This function will return the days of a period during which terms held, as a share of its days."""
    first, after = period.starts_at.date(), period.ends_at.date()
    days = (min(ends or after, after) - max(starts or first, first)).days
    return Decimal(max(days, 0)) / (after - first).days


def _amount(name: str, told: object) -> Decimal:
    try:
        amount = Decimal(str(told))
    except InvalidOperation as wrong:
        raise WrongPlan(f"fee plan: {name} {told!r} is not an amount") from wrong
    if not amount.is_finite() or amount < 0:
        raise WrongPlan(f"fee plan: {name} {told!r} is not an amount of zero or more")
    return amount
