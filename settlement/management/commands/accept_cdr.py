"""`accept_cdr`: the provider accepts what a CDR was charged, or a part of it and disputes the rest."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.clearing.clear import NoSuchCdr
from settlement.clearing.queries import get_cdr, name_of
from settlement.disputes.accept import accept_cdr
from settlement.disputes.answer import NotYours
from settlement.disputes.models import Dispute
from settlement.disputes.open import AcceptedAlready, DisputedAlready, NothingCharged, TooLate, UnknownReason, WrongAmount
from settlement.disputes.queries import OPEN
from settlement.management.money import read_amount
from settlement.management.people import NoSuchUser, person_about
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """What is accepted cannot be disputed any more."""

    help = "Accept a charge, or with --amount a part of it: the rest is in dispute."
    refusals = (
        *(AcceptedAlready, DisputedAlready, NoSuchCdr, NoSuchUser, NotYours, NothingCharged),
        *(RoleMayNot, TooLate, UnknownReason, WrongAmount),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--cdr", required=True, metavar="CC-PID/ID")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--amount", metavar="A", help="gross; everything unless told")
        parser.add_argument("--reason", default="other", metavar="CODE", help=f"of the dispute about the rest: {', '.join(Dispute.Reason)}")
        parser.add_argument("--text", default="", help="what to say about the rest")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will accept and return what, and the dispute about the rest."""
        cdr = get_cdr(name=options["cdr"])
        person = person_about(email=options["by"], cdr=cdr)
        accepted = accept_cdr(
            cdr=cdr,
            by=person.email,
            by_role=person.role,
            at=timezone.now(),
            amount=None if options["amount"] is None else read_amount(option="--amount", text=options["amount"]),
            reason=options["reason"],
            text=options["text"],
            party=person.party,
        )
        rest = Dispute.objects.filter(cdr=cdr, state__in=OPEN).first()
        return {
            "cdr": name_of(cdr),
            "accepted": f"{accepted.amount:.4f}",
            "dispute": rest.pk if rest else None,
            "disputed": f"{rest.amount:.4f}" if rest else "0.0000",
            "currency": cdr.currency,
        }
