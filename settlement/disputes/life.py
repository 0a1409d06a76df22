"""Where a CDR stands between the operator's sending it and its statement (clearing §2.2, after OCHP): states derived from what is stored.

received → held ↔ released, or validated → priced → offered → accepted, auto-accepted or disputed → stands, reduced, written off, credited
or revised → in statement. Nothing is kept for it: each step is read from the row that made it, so it can never say something else.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from roaming.models import Cdr
from settlement.clearing.models import Charge, Hold, SettlementPeriod
from settlement.control.models import RuleChange
from settlement.disputes.models import Acceptance, Dispute
from settlement.disputes.queries import OPEN


class Life(StrEnum):
    """The states. `stands`: a dispute ended and all is owed; `reduced`: a part is not; `written off`: nothing is, by agreement."""

    RECEIVED = "received"
    HELD = "held"
    RELEASED = "released"
    VALIDATED = "validated"
    PRICED = "priced"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    AUTO_ACCEPTED = "auto-accepted"
    DISPUTED = "disputed"
    STANDS = "stands"
    REDUCED = "reduced"
    WRITTEN_OFF = "written off"
    CREDITED = "credited"
    REVISED = "revised"
    IN_STATEMENT = "in statement"


class Step(NamedTuple):
    """One transition: who did it, why, under which rules (the latest rule change then, 0: none), and what it made of the amount.

    Amounts are gross, in the CDR's currency.
    """

    state: Life
    at: datetime
    actor: str
    reason: str
    rules: int
    before: Decimal
    after: Decimal


_BY_END = {
    Dispute.State.REJECTED: Life.STANDS,
    Dispute.State.SPLIT: Life.REDUCED,
    Dispute.State.CREDITED: Life.CREDITED,
    Dispute.State.REVISED: Life.REVISED,
}


def history_of(cdr: Cdr, *, at: datetime) -> list[Step]:
    """This function will return every step of a CDR's life up to an instant, in order of time."""
    told = cdr.net + (cdr.vat or Decimal(0))
    changes = list(RuleChange.objects.filter(approved_at__lte=at).order_by("approved_at", "id").values_list("approved_at", "id"))
    steps = [step for step in _steps(cdr, told, at) if step.at <= at]
    steps.sort(key=lambda step: step.at)  # stable: what happened in one transaction stays in the order of the flow
    return [
        step._replace(rules=max((row for since, row in changes if since is not None and since <= step.at), default=0)) for step in steps
    ]


def life_of(cdr: Cdr, *, at: datetime) -> Life:
    """This function will return where a CDR stands at an instant: its latest step, but what is in doubt stays disputed."""
    steps = history_of(cdr, at=at)
    if Dispute.objects.filter(cdr=cdr, state__in=OPEN, opened_at__lte=at).exists():
        return Life.DISPUTED
    return steps[-1].state if steps else Life.RECEIVED


def _steps(cdr: Cdr, told: Decimal, at: datetime) -> Iterator[Step]:
    zero = Decimal(0)
    yield Step(Life.RECEIVED, cdr.received_at, str(cdr.owner.key), "", 0, told, told)
    hold = Hold.objects.filter(cdr=cdr).first()
    if hold is not None:
        yield Step(Life.HELD, hold.held_at, "control", ", ".join(reason["code"] for reason in hold.reasons), 0, told, zero)
        if hold.released_at is not None:
            yield Step(Life.RELEASED, hold.released_at, hold.released_by, hold.release_reason, 0, zero, told)
    charge = Charge.objects.select_related("terms").filter(cdr=cdr).first()
    if charge is None:
        return
    cleared_at = max(charge.charged_at, cdr.received_at) if hold is None or hold.released_at is None else hold.released_at
    if hold is None:
        yield Step(Life.VALIDATED, cleared_at, "control", "", 0, told, told)
    yield Step(Life.PRICED, cleared_at, "clearing", charge.tax_note, 0, told, charge.gross)
    yield Step(Life.OFFERED, cleared_at, "clearing", f"terms {charge.terms_id}", 0, charge.gross, charge.gross)
    yield from _decisions(cdr, charge)
    yield from _periods(cdr, charge, at)


def _decisions(cdr: Cdr, charge: Charge) -> Iterator[Step]:
    owed = charge.gross
    accepted = Acceptance.objects.filter(cdr=cdr).first()
    if accepted is not None:
        yield Step(Life.ACCEPTED, accepted.accepted_at, accepted.accepted_by, "", 0, owed, accepted.amount)
    disputes = list(Dispute.objects.filter(cdr=cdr).select_related("credit", "replacement").order_by("id"))
    for dispute in disputes:
        yield Step(Life.DISPUTED, dispute.opened_at, dispute.opened_by, dispute.reason, 0, owed, owed - dispute.amount)
        if dispute.resolved_at is None or dispute.upheld_amount is None:
            continue
        left = Decimal(0) if dispute.credit_id else owed - dispute.upheld_amount
        state = _BY_END.get(Dispute.State(dispute.state), Life.WRITTEN_OFF if left == 0 else Life.REDUCED)
        reason = f"dispute {dispute.pk}" + (f", sent anew as {dispute.replacement.cdr_id}" if dispute.replacement else "")
        yield Step(state, dispute.resolved_at, dispute.resolved_by, reason, 0, owed - dispute.amount, left)
        owed = left
    credit = Charge.objects.select_related("cdr").filter(cdr__credit_of=cdr.pk).first()
    if credit is not None and not any(dispute.state in (Dispute.State.CREDITED, Dispute.State.REVISED) for dispute in disputes):
        yield Step(Life.CREDITED, credit.charged_at, str(cdr.owner.key), f"credit CDR {credit.cdr.cdr_id}", 0, owed, Decimal(0))


def _periods(cdr: Cdr, charge: Charge, at: datetime) -> Iterator[Step]:
    period = SettlementPeriod.objects.filter(netting_set=charge.netting_set_id, name=charge.period).first()
    if period is None or period.closed_at is None:
        return
    yield Step(Life.IN_STATEMENT, period.closed_at, "clearing", charge.period, 0, charge.gross, charge.gross)
    silent_until = period.closed_at + timedelta(days=charge.terms.dispute_days)
    decided = Acceptance.objects.filter(cdr=cdr).exists() or Dispute.objects.filter(cdr=cdr).exists()
    if silent_until <= at and not decided:
        yield Step(Life.AUTO_ACCEPTED, silent_until, "the clock", "nobody disputed it in time", 0, charge.gross, charge.gross)
