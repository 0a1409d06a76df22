"""Resolve a dispute, once: upheld (not owed), rejected (owed), or split. Partners open, the hub's staff decides (finance §6.4)."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction

from roaming import canonical
from settlement.disputes.end import end_dispute, lock_dispute
from settlement.disputes.models import Dispute
from settlement.terms.rights import require

OUTCOMES = (Dispute.State.UPHELD.value, Dispute.State.REJECTED.value, Dispute.State.SPLIT.value)


class WrongOutcome(Exception):
    """The outcome is none of upheld, rejected, split, or the part of a split makes no sense."""


def resolve_dispute(*, dispute: Dispute, outcome: str, by: str, by_role: str, at: datetime, upheld: Decimal | None = None) -> Dispute:
    """This function will resolve a dispute and book what follows, in the period of the charge or in the next open one.

    `upheld` is the part that is not owed where it is split (half, rounded to the currency, unless told). What was escalated takes the
    arbiter's right. It raises RoleMayNot, ResolvedAlready and WrongOutcome.
    """
    require(action="resolve_dispute", role=by_role, by=by)
    if outcome not in OUTCOMES:
        raise WrongOutcome(f"{outcome!r} is no outcome; one of {', '.join(OUTCOMES)}")
    with transaction.atomic():
        waiting = lock_dispute(dispute=dispute)
        if waiting.state == Dispute.State.ESCALATED:
            require(action="arbitrate_dispute", role=by_role, by=by)
        end_dispute(dispute=waiting, state=Dispute.State(outcome), part=_upheld_part(waiting, outcome, upheld), by=by, at=at)
    return waiting


def _upheld_part(dispute: Dispute, outcome: str, upheld: Decimal | None) -> Decimal:
    if outcome == Dispute.State.UPHELD:
        return dispute.amount
    if outcome == Dispute.State.REJECTED:
        return Decimal(0)
    part = upheld
    if part is None:
        unit = Decimal(1).scaleb(-canonical.exponent(dispute.currency))
        part = (dispute.amount / 2).quantize(unit, rounding=ROUND_HALF_UP)
    if not part.is_finite() or not 0 < part < dispute.amount or part != round(part, 4):
        raise WrongOutcome(f"a split upholds more than nothing and less than {dispute.amount.normalize():f}, not {part}")
    return part
