"""Answer a dispute. The other side accepts, declines, offers a part or promises to revise; the opener's withdraws or agrees to an offer."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from roaming.models import Party
from settlement.disputes.end import OpenerDecides, end_dispute, lock_dispute
from settlement.disputes.models import Dispute, DisputeMessage
from settlement.terms.rights import require

WITHDRAW, AGREE = "withdraw", "agree"
OF_THE_OTHER_SIDE = tuple(Dispute.Answer.values)
OF_THE_OPENER = (WITHDRAW, AGREE)


class NotYours(Exception):
    """The person's company is neither the operator nor the provider of the CDR."""


class WrongSide(Exception):
    """That answer is for the other side to give."""


class WrongAnswer(Exception):
    """The answer is none of the list, says nothing, or offers an amount that makes no sense."""


class _Told(NamedTuple):
    answer: str
    offered: Decimal | None
    by: str
    at: datetime
    is_opener: bool


def answer_dispute(
    *,
    dispute: Dispute,
    by: str,
    by_role: str,
    at: datetime,
    answer: str = "",
    text: str = "",
    party: Party | None = None,
    offered: Decimal | None = None,
) -> Dispute:
    """This function will add what somebody says to a dispute, do what the answer means, and return the dispute as it stands then.

    `party` is the company the person speaks for; without it somebody of the hub speaks. `answer` is one of accept (not owed: the
    dispute ends as upheld), decline, offer (with `offered`, the part that is not owed), revise (a credit and a new CDR will come), or,
    for the side that opened it, withdraw (ends as rejected) and agree (to the offer: ends as split); empty only talks. It raises
    RoleMayNot, ResolvedAlready, NotYours, WrongSide, WrongAnswer and OpenerDecides.
    """
    require(action="answer_dispute", role=by_role, by=by)
    text = text.strip()
    _refuse_nonsense(answer, text, offered)
    with transaction.atomic():
        waiting = lock_dispute(dispute=dispute)
        told = _Told(answer, offered, by, at, _speaks_for_opener(waiting, party, by))
        _refuse_wrong_side(waiting, told)
        if text:
            DisputeMessage.objects.create(dispute=waiting, by=by, text=text[:2000], said_at=at)
        if told.is_opener:
            _follow_opener(waiting, told)
        else:
            _follow_other_side(waiting, told)
    return waiting


def _refuse_nonsense(answer: str, text: str, offered: Decimal | None) -> None:
    if answer and answer not in (*OF_THE_OTHER_SIDE, *OF_THE_OPENER):
        raise WrongAnswer(f"{answer!r} is no answer; one of {', '.join((*OF_THE_OTHER_SIDE, *OF_THE_OPENER))}")
    if not answer and not text:
        raise WrongAnswer("say something, or give an answer")
    if (offered is None) == (answer == Dispute.Answer.OFFER):
        raise WrongAnswer("an offer names the amount that is not owed, and nothing else does")


def _speaks_for_opener(dispute: Dispute, party: Party | None, by: str) -> bool:
    if party is None:
        return by == dispute.opened_by
    if party.pk not in (dispute.cdr.owner_id, dispute.cdr.provider_id):
        raise NotYours(f"{party.key} is neither operator nor provider of the CDR in dispute {dispute.pk}")
    return party.pk == (dispute.opened_for_id or dispute.cdr.provider_id)


def _refuse_wrong_side(dispute: Dispute, told: _Told) -> None:
    if told.is_opener and told.answer in OF_THE_OTHER_SIDE:
        if told.answer == Dispute.Answer.ACCEPT and told.by == dispute.opened_by:
            raise OpenerDecides(f"{told.by} opened dispute {dispute.pk} and cannot accept it too")
        raise WrongSide(f"{told.answer} is for the side that did not open dispute {dispute.pk}")
    if not told.is_opener and told.answer in OF_THE_OPENER:
        raise WrongSide(f"{told.answer} is for the side that opened dispute {dispute.pk}")
    if told.offered is not None and not (
        told.offered.is_finite() and 0 < told.offered < dispute.amount and told.offered == round(told.offered, 4)
    ):
        raise WrongAnswer(f"an offer is above zero and below the {dispute.amount.normalize():f} in dispute, not {told.offered}")


def _follow_opener(dispute: Dispute, told: _Told) -> None:
    if told.answer == WITHDRAW:
        end_dispute(dispute=dispute, state=Dispute.State.REJECTED, part=Decimal(0), by=told.by, at=told.at)
    elif told.answer == AGREE:
        if dispute.answer != Dispute.Answer.OFFER or dispute.offered_amount is None:
            raise WrongAnswer(f"nothing is offered in dispute {dispute.pk}")
        end_dispute(dispute=dispute, state=Dispute.State.SPLIT, part=dispute.offered_amount, by=told.by, at=told.at)


def _follow_other_side(dispute: Dispute, told: _Told) -> None:
    if dispute.state == Dispute.State.OPEN:
        dispute.state = Dispute.State.ANSWERED
    if told.answer:
        dispute.answer, dispute.offered_amount = told.answer, told.offered
    dispute.answered_by, dispute.answered_at = told.by, told.at
    dispute.save(update_fields=["state", "answer", "offered_amount", "answered_by", "answered_at"])
    if told.answer == Dispute.Answer.ACCEPT:
        end_dispute(dispute=dispute, state=Dispute.State.UPHELD, part=dispute.amount, by=told.by, at=told.at)
