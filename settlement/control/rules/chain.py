"""Group B: from the authorisation over the session to the CDR."""

from collections.abc import Iterator

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, Remark, Rule

_NOT_BILLABLE = frozenset({"INVALID", "PENDING", "RESERVATION"})


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


def same_as_the_session(evidence: Evidence) -> Iterator[Remark]:
    """Check 24: the completed session told the same energy, end and cost; far off is held."""
    session, limits = evidence.session, evidence.limits
    if session is None or session.status != "COMPLETED":
        return
    kwh, hold = evidence.energy_kwh, limits.number(24, "hold_percent") / 100
    off = abs(session.energy_kwh - kwh)
    if off > max(limits.number(24, "kwh"), kwh * limits.number(24, "percent") / 100):
        action = HOLD if off > max(kwh, session.energy_kwh) * hold else FLAG
        message = f"{kwh.normalize():f} kWh, but the completed session told {session.energy_kwh.normalize():f} kWh"
        yield Remark(24, "SESSION_DIFFERS", action, message)
    if session.ended_at is not None:
        lasted = (session.ended_at - session.started_at).total_seconds()
        seconds = abs(lasted - evidence.seconds)
        if seconds > limits.number(24, "seconds"):
            action = HOLD if seconds > max(lasted, evidence.seconds) * float(hold) else FLAG
            yield Remark(24, "SESSION_TIME_DIFFERS", action, f"{seconds:.0f} s longer or shorter than the completed session")
    # A session that told no cost yet, or zero, says nothing about the price.
    if session.net and abs(session.net - evidence.net) > max(limits.number(24, "cost"), abs(evidence.net) / 100):
        action = HOLD if abs(session.net - evidence.net) > max(abs(evidence.net), abs(session.net)) * hold else FLAG
        message = f"{evidence.net.normalize():f} {evidence.currency}, but the completed session told {session.net.normalize():f}"
        yield Remark(24, "SESSION_COST_DIFFERS", action, message)


RULES: tuple[Rule, ...] = (somebody_said_yes, nobody_said_no, session_ended_well, same_as_the_session)
