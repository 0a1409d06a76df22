"""`change_terms`: new terms of an agreement from a day to come on."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused, WrongUsage
from roaming.models import RoamingAgreement
from settlement.management.agreements import add_further_arguments, describe_terms, read_further
from settlement.terms.agree import NoTermsToChange, WrongTerms, change_terms
from settlement.terms.models import SettlementTerms


class Command(OperatorCommand):
    """Terms are never edited: the old ones end where the new ones begin."""

    help = "Change how an agreement pays, from a day in the future on."
    refusals = (NoTermsToChange, WrongTerms)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--agreement", type=int, required=True, metavar="ID")
        parser.add_argument("--starts", type=date.fromisoformat, required=True, metavar="DATE")
        parser.add_argument("--price-authority", choices=SettlementTerms.PriceAuthority.values)
        parser.add_argument("--hub-fee", type=Decimal, metavar="AMOUNT")
        parser.add_argument("--hub-fee-payer", choices=SettlementTerms.FeePayer.values)
        parser.add_argument("--due-days", type=int, metavar="DAYS")
        add_further_arguments(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write the new terms and return them."""
        agreement = RoamingAgreement.objects.filter(pk=options["agreement"]).first()
        if agreement is None:
            raise Refused(f"there is no agreement {options['agreement']}")
        names = ("price_authority", "hub_fee", "hub_fee_payer", "due_days")
        changed = {name: options[name] for name in names if options[name] is not None} | read_further(options)
        if not changed:
            raise WrongUsage("name at least one term to change")
        now = timezone.now()
        return describe_terms(change_terms(agreement=agreement, starts=options["starts"], today=now.date(), **changed))
