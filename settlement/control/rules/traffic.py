"""Group B, continued: authorisation, remote start, reservation and whitelist as the hub saw them pass."""

from collections.abc import Iterator

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, Remark, Rule


def one_cdr_per_authorization(evidence: Evidence) -> Iterator[Remark]:
    """Check 5: no other CDR, not credited, was written for the same authorisation.

    A reference that the hub never saw given out proves no authorisation: where the CDR has a session of its own, it is a flag.
    """
    context = evidence.context
    if context is None or not context.second_of:
        return
    if context.authorized_at is None and evidence.session is not None:
        yield Remark(5, "REFERENCE_REPEATED", FLAG, f"authorization_reference stands in CDR {context.second_of} too; nobody gave it out")
    else:
        yield Remark(5, "SECOND_CDR", HOLD, f"CDR {context.second_of} was written for the same authorisation and not credited")


def reference_comes_back(evidence: Evidence) -> Iterator[Remark]:
    """Check 20: what the provider gave at the authorisation returns in the CDR."""
    context = evidence.context
    if context is not None and context.supplied_reference and not evidence.cdr.authorization_reference:
        yield Remark(20, "REFERENCE_MISSING", FLAG, "the provider gave an authorization_reference, the CDR carries none")


def started_when_allowed(evidence: Evidence) -> Iterator[Remark]:
    """Check 21: not minutes before its authorisation (a flag: clocks drift), nor long after."""
    context, limits = evidence.context, evidence.limits
    if context is None or context.authorized_at is None:
        return
    minutes = (evidence.started_at - context.authorized_at).total_seconds() / 60
    if minutes < -float(limits.number(21, "minutes_before")):
        yield Remark(21, "START_BEFORE_AUTHORIZATION", FLAG, f"started {-minutes:.0f} min before the authorisation that it names")
    elif minutes > float(limits.number(21, "minutes_after")):
        yield Remark(21, "START_OFF_AUTHORIZATION", HOLD, f"started {minutes:.0f} min after the authorisation that it names")


def remote_start_accepted(evidence: Evidence) -> Iterator[Remark]:
    """Check 22: a session started by command was not refused nor timed out; both sides confirm where it ran all the same."""
    if evidence.context is not None and evidence.context.start_refused:
        yield Remark(22, "REMOTE_START_REFUSED", HOLD, "every remote start around that time was refused or timed out: both sides confirm")


def whitelist_kept(evidence: Evidence) -> Iterator[Remark]:
    """Check 26: a token that must always be asked for was not let in offline."""
    token = evidence.token
    if evidence.cdr.auth_method == "WHITELIST" and token is not None and token.whitelist == "NEVER":
        yield Remark(26, "WHITELIST_POLICY", FLAG, "started from a whitelist although the token must be asked for (NEVER)")


def reservation_on_record(evidence: Evidence) -> Iterator[Remark]:
    """Check 27: reservation time follows a reservation that the hub saw accepted."""
    reserves = any(dimension.type == "RESERVATION_TIME" for period in evidence.cdr.charging_periods for dimension in period.dimensions)
    if reserves and evidence.context is not None and not evidence.context.reserved:
        yield Remark(27, "RESERVATION_UNKNOWN", HOLD, "reservation time is charged, but the hub saw no accepted reservation")


def wholesale_only(evidence: Evidence) -> Iterator[Remark]:
    """Check 28: what reimburses a driver's home is settled elsewhere."""
    if evidence.cdr.home_charging_compensation:
        yield Remark(28, "HOME_COMPENSATION", HOLD, "home_charging_compensation: not a supply between operator and provider")


RULES: tuple[Rule, ...] = (
    one_cdr_per_authorization,
    reference_comes_back,
    started_when_allowed,
    remote_start_accepted,
    whitelist_kept,
    reservation_on_record,
    wholesale_only,
)
