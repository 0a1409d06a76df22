"""Accept a charge, or a part of it: what is accepted is owed, and the rest is in dispute from the same moment."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from roaming.models import Cdr, Party
from settlement.clearing.gate import enter_clearing
from settlement.disputes.answer import NotYours
from settlement.disputes.models import Acceptance
from settlement.disputes.open import AcceptedAlready, DisputedAlready, WrongAmount, charge_of, open_dispute, undisputed
from settlement.terms.rights import require


def accept_cdr(
    *,
    cdr: Cdr,
    by: str,
    by_role: str,
    at: datetime,
    amount: Decimal | None = None,
    reason: str = "",
    text: str = "",
    party: Party | None = None,
) -> Acceptance:
    """This function will accept what a CDR was charged; of a smaller `amount` (gross) the rest is disputed with `reason` and `text`.

    `party` is the company the person speaks for: only the provider accepts. Silence until the end of the dispute window accepts too.
    It raises RoleMayNot, NotYours, NothingCharged, AcceptedAlready, DisputedAlready, WrongAmount and what opening a dispute raises.
    """
    require(action="accept_cdr", role=by_role, by=by)
    if party is not None and party.pk != cdr.provider_id:
        raise NotYours(f"only the provider accepts a CDR; {party.key} is not the provider of this one")
    with transaction.atomic():
        enter_clearing(wait=True)
        charge = charge_of(cdr=cdr)
        left = undisputed(charge=charge)
        accepted = left if amount is None else amount
        if Acceptance.objects.filter(cdr=cdr).exists():
            raise AcceptedAlready(f"CDR {cdr.cdr_id} was accepted before")
        if left <= 0:
            raise DisputedAlready(f"nothing of CDR {cdr.cdr_id} is left to accept")
        if not accepted.is_finite() or not 0 < accepted <= left or accepted != round(accepted, 4):
            raise WrongAmount(f"{accepted} is not an amount above zero and up to the {left.normalize():f} {charge.currency} owed")
        acceptance = Acceptance.objects.create(cdr=cdr, amount=accepted, accepted_by=by, accepted_at=at)
        if accepted < left:
            open_dispute(cdr=cdr, reason=reason, amount=left - accepted, by=by, by_role=by_role, at=at, text=text, party=party)
    return acceptance
