"""Group B: from the authorisation over the session to the CDR."""

from collections.abc import Iterator
from decimal import Decimal

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, Remark, Rule

_NOT_BILLABLE = frozenset({"INVALID", "PENDING", "RESERVATION"})
_TOLERANCE_KWH = Decimal("0.1")


def somebody_said_yes(evidence: Evidence) -> Iterator[Remark]:
    """Check 18: a session was told, or an authorisation covers the start, or the operator could decide by the whitelist."""
    if evidence.session is not None or evidence.allowed:
        return
    token = evidence.token
    if evidence.cdr.auth_method == "WHITELIST" and token is not None and token.whitelist != "NEVER":
        return
    yield Remark(18, "NO_SESSION_NO_AUTHORIZATION", HOLD, "the hub saw neither a session nor an authorisation for this CDR")


def nobody_said_no(evidence: Evidence) -> Iterator[Remark]:
    """Check 19: the authorisation that the CDR names was not refused."""
    if evidence.denied:
        yield Remark(19, "AUTHORIZATION_DENIED", HOLD, "the authorisation that this CDR refers to was not ALLOWED")


def session_ended_well(evidence: Evidence) -> Iterator[Remark]:
    """Check 23: an invalid or pending session has no CDR."""
    if evidence.session is not None and evidence.session.status in _NOT_BILLABLE:
        yield Remark(23, "SESSION_NOT_BILLABLE", HOLD, f"the session of this CDR is {evidence.session.status}")


def same_energy_as_the_session(evidence: Evidence) -> Iterator[Remark]:
    """Check 24: the completed session told the same energy, within 1 % or 0.1 kWh."""
    session = evidence.session
    if session is None or session.status != "COMPLETED":
        return
    off = abs(session.energy_kwh - evidence.energy_kwh)
    if off > max(_TOLERANCE_KWH, evidence.energy_kwh / 100):
        message = f"{evidence.energy_kwh.normalize():f} kWh, but the completed session told {session.energy_kwh.normalize():f} kWh"
        yield Remark(24, "SESSION_DIFFERS", FLAG, message)


RULES: tuple[Rule, ...] = (somebody_said_yes, nobody_said_no, session_ended_well, same_energy_as_the_session)
