"""Group E: one card cannot charge twice at a time, nor travel too fast, nor all day long."""

from collections.abc import Iterator
from datetime import timedelta

from roaming import canonical
from settlement.control.evidence import Evidence, Neighbor
from settlement.control.place import degrees
from settlement.control.rules.identity import metres_between
from settlement.control.verdict import FLAG, HOLD, Remark, Rule


def one_card_one_charge(evidence: Evidence) -> Iterator[Remark]:
    """Checks 6, 63 and 64: another CDR of the same card overlaps.

    The earlier record stands, the later one is held. A CDR that was credited does not count: its correction may take its place.
    """
    other = evidence.neighbor
    if other is None:
        return
    same_evse = bool(other.evse_id) and other.evse_id.upper() == evidence.cdr.cdr_location.evse_id.upper()
    if same_evse and _is_nearly_the_same(evidence, other):
        yield Remark(6, "NEAR_DUPLICATE", HOLD, f"nearly the same as {other.cdr}: same EVSE and token, start and energy")
    overlap = min(other.ended_at, evidence.ended_at) - max(other.started_at, evidence.started_at)
    minutes = overlap.total_seconds() / 60
    if minutes <= evidence.limits.number(63 if same_evse else 64, "minutes"):
        return
    if same_evse:
        yield Remark(63, "EVSE_OVERLAP", HOLD, f"overlaps {other.cdr} on the same EVSE by {minutes:.0f} min")
    else:
        yield Remark(64, "TOKEN_OVERLAP", HOLD, f"the same token charges elsewhere for {minutes:.0f} min of it: {other.cdr}")


def one_evse_one_car(evidence: Evidence) -> Iterator[Remark]:
    """Check 63: another card charged at the same EVSE meanwhile. A flag: many operators name a whole cabinet by one EVSE id."""
    other = evidence.context.same_evse if evidence.context is not None else None
    if other:
        yield Remark(63, "EVSE_OF_TWO_CARDS", FLAG, f"another card charges at the same EVSE meanwhile: {evidence.owner_key}/{other}")


def travels_like_a_car(evidence: Evidence) -> Iterator[Remark]:
    """Check 64: the card's CDR before it ended so far away that no car gets here in time; once is a flag, again within a week a hold."""
    context = evidence.context
    if context is None or context.before_body is None or context.before_ended_at is None:
        return
    there = canonical.decode(context.before_body, canonical.Cdr).cdr_location.coordinates
    here = evidence.cdr.cdr_location.coordinates
    metres = metres_between(degrees(here.latitude), degrees(here.longitude), there.latitude, there.longitude)
    hours = max((evidence.started_at - context.before_ended_at) / timedelta(hours=1), 1 / 60)
    if metres is not None and metres > 5000 and metres / 1000 / hours > evidence.limits.number(64, "km_per_hour"):
        message = f"{metres / 1000:.0f} km in {hours * 60:.0f} min since {context.before} of the same token"
        yield Remark(64, "TOKEN_TRAVELS", HOLD if context.has_traveled else FLAG, message)


def not_all_day_long(evidence: Evidence) -> Iterator[Remark]:
    """Check 65: a cloned card is used more in a day than a driver can."""
    context, limits = evidence.context, evidence.limits
    if context is None:
        return
    if context.day_sessions > limits.number(65, "sessions") or context.day_kwh > limits.number(65, "kwh"):
        message = f"{context.day_sessions} sessions and {context.day_kwh.normalize():f} kWh on one token within 24 hours"
        yield Remark(65, "TOKEN_VELOCITY", FLAG, message)


def starts_do_not_fail(evidence: Evidence) -> Iterator[Remark]:
    """Check 54: repeated micro sessions with a fee are failed starts."""
    context, limits = evidence.context, evidence.limits
    is_micro = evidence.energy_kwh < limits.number(54, "kwh") or evidence.seconds < limits.number(54, "seconds")
    if context is not None and is_micro and evidence.net > 0 and context.micro_sessions >= limits.number(54, "count"):
        yield Remark(54, "FAILED_STARTS", HOLD, f"{context.micro_sessions} micro sessions with one token within 24 hours")


def not_a_test(evidence: Evidence) -> Iterator[Remark]:
    """Check 68: token or EVSE are named as a test."""
    token, place = evidence.cdr.cdr_token, evidence.cdr.cdr_location
    if token.contract_id.upper().replace("-", "")[5:].startswith("TEST") or place.id.upper().startswith("TEST"):
        yield Remark(68, "TEST_RECORD", FLAG, "contract or location are named as a test")


def _is_nearly_the_same(evidence: Evidence, other: Neighbor) -> bool:
    limits = evidence.limits
    same_start = abs((other.started_at - evidence.started_at).total_seconds()) <= limits.number(6, "seconds")
    return same_start and abs(other.energy_kwh - evidence.energy_kwh) <= evidence.energy_kwh * limits.number(6, "percent") / 100


RULES: tuple[Rule, ...] = (
    one_card_one_charge,
    one_evse_one_car,
    travels_like_a_car,
    not_all_day_long,
    starts_do_not_fail,
    not_a_test,
)
