"""Revise (clearing §2.2): the operator takes a disputed CDR back by a credit and sends a new one; both are linked to the dispute."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from roaming.models import Cdr
from settlement.clearing.gate import pass_gates
from settlement.clearing.models import Charge
from settlement.disputes.adjust import adjust
from settlement.disputes.end import write_end
from settlement.disputes.models import Adjustment, Dispute

BY_CREDIT = "credit CDR"

# The new CDR is of the same session, or where the operator names none, of the same authorisation.
_LINK = """
UPDATE settlement_dispute dispute SET replacement_id = fresh.id, state = 'revised'
FROM roaming_cdr disputed JOIN roaming_cdr fresh ON fresh.owner_id = disputed.owner_id AND fresh.provider_id = disputed.provider_id
    AND fresh.id > disputed.id AND NOT fresh.is_credit
    AND (disputed.session_key <> '' AND fresh.session_key = disputed.session_key
        OR disputed.session_key = '' AND disputed.authorization_reference <> ''
            AND fresh.authorization_reference = disputed.authorization_reference)
WHERE dispute.state = 'credited' AND disputed.id = dispute.cdr_id AND fresh.id = ANY(%s)
"""


def follow_credits(originals: Sequence[int], at: datetime) -> None:
    """This function will undo what disputes took from charges that a credit now takes back in full; open ones end as credited.

    It is called by clearing inside its transaction, with the rows of the CDRs that were credited.
    """
    for dispute in Dispute.objects.select_for_update().filter(cdr__in=originals).order_by("id"):
        charge = Charge.objects.get(cdr=dispute.cdr_id)
        closed = pass_gates(netting_sets=[charge.netting_set_id])[charge.netting_set_id]
        taken = dispute.adjustments.aggregate(gross=Sum("gross"))["gross"] or Decimal(0)
        if taken:
            adjust(dispute=dispute, charge=charge, kind=Adjustment.Kind.RESTORED, gross=-taken, closed=closed)
        dispute.credit = Cdr.objects.get(credit_of=dispute.cdr_id)
        dispute.save(update_fields=["credit"])
        if dispute.resolved_at is None:
            write_end(dispute=dispute, state=Dispute.State.CREDITED, part=dispute.amount, by=BY_CREDIT, at=at)


def link_replacements(charged: Sequence[int], at: datetime) -> None:
    """This function will link new CDRs to the disputes whose credits they follow: credited and sent anew is revised.

    It is called by clearing inside its transaction, with the rows of the CDRs that were charged.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LINK, [list(charged)])
