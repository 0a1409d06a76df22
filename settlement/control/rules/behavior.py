"""Group E: one card cannot charge twice at a time."""

from collections.abc import Iterator
from datetime import timedelta

from settlement.control.evidence import Evidence
from settlement.control.verdict import HOLD, Remark, Rule

_NEAR = timedelta(seconds=120)


def one_card_one_charge(evidence: Evidence) -> Iterator[Remark]:
    """Checks 6, 63 and 64: another CDR of the same card overlaps by more than five minutes.

    The earlier record stands, the later one is held. A CDR that was credited does not count: its correction may take its place.
    """
    other = evidence.neighbor
    if other is None:
        return
    same_evse = bool(other.evse_id) and other.evse_id.upper() == evidence.cdr.cdr_location.evse_id.upper()
    same_start = abs(other.started_at - evidence.started_at) <= _NEAR
    same_energy = abs(other.energy_kwh - evidence.energy_kwh) <= evidence.energy_kwh / 100
    if same_evse and same_start and same_energy:
        yield Remark(6, "NEAR_DUPLICATE", HOLD, f"nearly the same as {other.cdr}: same EVSE and token, start and energy")
    overlap = min(other.ended_at, evidence.ended_at) - max(other.started_at, evidence.started_at)
    minutes = overlap.total_seconds() / 60
    if same_evse:
        yield Remark(63, "EVSE_OVERLAP", HOLD, f"overlaps {other.cdr} on the same EVSE by {minutes:.0f} min")
    else:
        yield Remark(64, "TOKEN_OVERLAP", HOLD, f"the same token charges elsewhere for {minutes:.0f} min of it: {other.cdr}")


RULES: tuple[Rule, ...] = (one_card_one_charge,)
