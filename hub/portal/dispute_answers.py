"""What a person may answer in a dispute, for which side, and how it reaches settlement."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hub.portal.scope import Scope
from hub.users.models import Membership
from hub.users.permissions import Action, member_may
from roaming.models import Cdr, Party
from settlement.disputes import accept as accepting
from settlement.disputes import answer as answering
from settlement.disputes import attach, end
from settlement.disputes import open as opening
from settlement.models import Dispute
from settlement.terms.rights import RoleMayNot

REASONS = {
    "wrong_price": _("wrong price"),
    "wrong_energy": _("wrong energy"),
    "wrong_time": _("wrong time"),
    "duplicate": _("charged twice"),
    "no_session": _("no such session"),
    "token_blocked": _("card was blocked"),
    "fraud": _("fraud or cloned card"),
    "late": _("came too late"),
    "tax": _("wrong tax"),
    "signed_data": _("signed meter data missing or wrong"),
    "other": _("other"),
}
_OF_THE_OTHER_SIDE = {
    "accept": _("accept: the amount is not owed, the dispute ends"),
    "offer": _("offer a part: the amount below is not owed"),
    "revise": _("promise a credit CDR and a new one"),
    "decline": _("decline: it is owed as charged"),
}
_OF_THE_OPENER = {"withdraw": _("withdraw: it is owed after all"), "agree": _("agree to the offer, the dispute ends")}
REFUSALS = (
    opening.NothingCharged,
    opening.WrongAmount,
    opening.DisputedAlready,
    opening.AcceptedAlready,
    opening.UnknownReason,
    opening.TooLate,
    answering.NotYours,
    answering.WrongSide,
    answering.WrongAnswer,
    end.ResolvedAlready,
    end.OpenerDecides,
    attach.WrongFile,
    RoleMayNot,
)


class DisputeForm(forms.Form):
    """What somebody doubts about a charge."""

    reason = forms.ChoiceField(label=_("Reason"), choices=list(REASONS.items()))
    amount = forms.DecimalField(label=_("Disputed amount, with VAT"), min_value=Decimal("0.0001"), decimal_places=4, max_digits=14)
    text = forms.CharField(label=_("What is wrong"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), required=False)
    accepts_rest = forms.BooleanField(label=_("The rest of the charge is right: accept it"), required=False)

    def __init__(self, *args: Any, is_provider: bool, **named: Any) -> None:
        super().__init__(*args, **named)
        if not is_provider:  # only who pays accepts
            del self.fields["accepts_rest"]


class AnswerForm(forms.Form):
    """What somebody says, what it means, and a file to show."""

    text = forms.CharField(label=_("Your message"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), required=False)
    answer = forms.ChoiceField(label=_("Your answer"), required=False)
    offered = forms.DecimalField(
        label=_("Amount of your offer"), min_value=Decimal("0.0001"), decimal_places=4, max_digits=14, required=False
    )
    file = forms.FileField(label=_("A file that shows it (2 MB at most)"), required=False)

    def __init__(self, *args: Any, answers: dict[str, str], **named: Any) -> None:
        super().__init__(*args, **named)
        choice = self.fields["answer"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("only say something")), *answers.items()]
        if "offer" not in answers:
            del self.fields["offered"]


@dataclass(frozen=True)
class Side:
    """For which company of a CDR a person speaks, and in which role there."""

    party: Party
    role: str
    email: str


def side_of(scope: Scope, cdr: Cdr) -> Side:
    """This function will return the person's side: the party looked at where it is one, else the provider's before the operator's."""
    parties = {cdr.provider_id: cdr.provider, cdr.owner_id: cdr.owner}
    own = {one.party_id: one for one in scope.memberships if one.party_id in parties and member_may(one, Action.DISPUTE)}
    chosen: Membership = own.get(scope.party.pk) or own.get(cdr.provider_id) or own[cdr.owner_id]
    return Side(parties[chosen.party_id], chosen.role, scope.user.email)


@transaction.atomic
def dispute_as(side: Side, *, cdr: Cdr, told: dict[str, Any], at: datetime) -> Dispute:
    """This function will dispute a part of a charge, and accept the rest where the person says so; it raises one of REFUSALS."""
    if not told.get("accepts_rest"):
        return opening.open_dispute(
            cdr=cdr,
            reason=told["reason"],
            amount=told["amount"],
            by=side.email,
            by_role=side.role,
            at=at,
            text=told["text"],
            party=side.party,
        )
    left = opening.undisputed(charge=opening.charge_of(cdr=cdr))
    accepting.accept_cdr(
        cdr=cdr,
        amount=left - told["amount"],
        reason=told["reason"],
        text=told["text"],
        by=side.email,
        by_role=side.role,
        at=at,
        party=side.party,
    )
    return Dispute.objects.filter(cdr=cdr).latest("pk")


def accept_as(side: Side, *, cdr: Cdr, at: datetime) -> None:
    """This function will accept the whole charge; it raises one of REFUSALS."""
    accepting.accept_cdr(cdr=cdr, by=side.email, by_role=side.role, at=at, party=side.party)


def answers_for(dispute: Dispute, side: Side) -> dict[str, str]:
    """This function will return what this side may answer as the dispute stands, with words; nothing once it ended."""
    if dispute.resolved_at is not None:
        return {}
    if side.party.pk != (dispute.opened_for_id or dispute.cdr.provider_id):
        return {name: str(words) for name, words in _OF_THE_OTHER_SIDE.items()}
    is_offered = dispute.answer == Dispute.Answer.OFFER
    return {name: str(words) for name, words in _OF_THE_OPENER.items() if name != "agree" or is_offered}


@transaction.atomic
def answer_as(side: Side, *, dispute: Dispute, form: AnswerForm, at: datetime) -> None:
    """This function will keep the file that was shown, and hand the answer on; it raises one of REFUSALS, and then did neither."""
    told = form.cleaned_data
    if (file := told.get("file")) is not None:
        content = file.read(attach.LARGEST + 1)
        attach.show_file(dispute=dispute, name=file.name or "", content=content, by=side.email, by_role=side.role, at=at, party=side.party)
        if not told["answer"] and not told["text"]:
            return
    answering.answer_dispute(
        dispute=dispute,
        answer=told["answer"],
        text=told["text"],
        offered=told.get("offered"),
        by=side.email,
        by_role=side.role,
        at=at,
        party=side.party,
    )
