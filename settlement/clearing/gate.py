"""The gate of a netting set: charges pass under its shared lock, a close takes the exclusive one.

Advisory transaction locks cost the intake nothing (finance §5.3) and end with their transaction, however it ends. The database
itself asks for the shared lock at each insert of charges and refuses those into a closed period (migration 0004).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from roaming import canonical
from settlement.clearing.models import SettlementPeriod

GATE = 7101
CLEARING = 7102


def pass_gates(*, netting_sets: Iterable[int]) -> dict[int, frozenset[str]]:
    """This function will hold the gates of netting sets open until the transaction ends, and return the closed periods of each."""
    wanted = sorted(set(netting_sets))
    with connection.cursor() as cursor:
        for netting_set in wanted:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [GATE, netting_set])
    closed: dict[int, set[str]] = {netting_set: set() for netting_set in wanted}
    rows = SettlementPeriod.objects.filter(netting_set__in=wanted, state=SettlementPeriod.State.CLOSED)
    for netting_set, name in rows.values_list("netting_set_id", "name"):
        closed[netting_set].add(name)
    return {netting_set: frozenset(names) for netting_set, names in closed.items()}


def shut_gate(*, netting_set: int) -> None:
    """This function will wait for every charge under way in the netting set and keep others out until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [GATE, netting_set])


def enter_clearing(*, wait: bool) -> bool:
    """This function will make this transaction the only one that clears; without `wait` it returns False where another one is."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [CLEARING])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [CLEARING])
        return bool(cursor.fetchone()[0])


def allow_long_work() -> None:
    """This function will lift the time limits meant for requests off this transaction: a close may wait and count for minutes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '120s', true), set_config('statement_timeout', '20min', true)")


def period_of(*, at: datetime, cycle: str, zone: str = "UTC") -> canonical.Period:
    """This function will return the settlement period (closed-open) in which an instant falls by the calendar of a netting set's zone."""
    if zone != "UTC":
        at = at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    return canonical.Period.week_of(at) if cycle == "weekly" else canonical.Period.month_of(at)


def booking_period(*, service: canonical.Period, closed: frozenset[str]) -> canonical.Period:
    """This function will return the period itself while it is open, and otherwise the next one that is."""
    period = service
    while period.name in closed:
        period = period.next()
    return period


def period_after(*, name: str, closed: frozenset[str]) -> str:
    """This function will return the named period while it is open, and otherwise the next one that is."""
    return booking_period(service=canonical.Period.parse(name), closed=closed).name
