"""`sign_agreement`: lets two parties roam and says how they pay."""

import argparse
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming import canonical
from roaming.management.operator_command import OperatorCommand, WrongUsage, party_argument
from roaming.models import PartyRole
from roaming.parties.agreements import AlreadyAgreed, EndsBeforeStart, HalfAPair, UnknownModule, UnknownParty
from settlement.management.agreements import add_further_arguments, describe_terms, read_further
from settlement.terms.agree import OtherCycle, TermsAlreadyAgreed, WrongTerms
from settlement.terms.models import NettingSet, SettlementTerms
from settlement.terms.sign import sign


class Command(OperatorCommand):
    """Signs once: the same command again returns the same agreement."""

    help = "Let an operator and a provider roam (or everyone with everyone), and agree how they pay."
    refusals = (AlreadyAgreed, EndsBeforeStart, HalfAPair, OtherCycle, TermsAlreadyAgreed, UnknownModule, UnknownParty, WrongTerms)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--operator", type=party_argument, metavar="CC-PID")
        parser.add_argument("--provider", type=party_argument, metavar="CC-PID")
        parser.add_argument("--everyone", action="store_true", help="an offer to all: every operator with every provider")
        parser.add_argument("--starts", type=date.fromisoformat, metavar="DATE", help="first day, UTC; since ever unless told")
        parser.add_argument(
            "--ends", type=date.fromisoformat, metavar="DATE", help="first day without it; until further notice unless told"
        )
        parser.add_argument("--modules", default="", metavar="a,b", help="OCPI modules; all unless told")
        parser.add_argument("--price-authority", choices=SettlementTerms.PriceAuthority.values, default="operator")
        parser.add_argument("--hub-fee", type=_amount, default=Decimal(0), metavar="AMOUNT", help="net, per original CDR")
        parser.add_argument("--hub-fee-payer", choices=SettlementTerms.FeePayer.values, default="operator")
        parser.add_argument("--currency", default="EUR", help="of the hub fee")
        parser.add_argument("--cycle", choices=NettingSet.Cycle.values, help="of the netting set; monthly unless told")
        parser.add_argument("--netting-set", default="default", metavar="NAME")
        parser.add_argument("--due-days", type=int, default=14, metavar="DAYS")
        add_further_arguments(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will sign and return the agreement with its terms."""
        operator, provider, everyone = options["operator"], options["provider"], options["everyone"]
        if everyone == bool(operator or provider):
            raise WrongUsage("name --operator and --provider, or --everyone")
        if not 0 <= options["due_days"] <= 365:
            raise WrongUsage(f"--due-days {options['due_days']} is not between 0 and 365")
        terms = sign(
            operator=operator,
            provider=provider,
            starts=options["starts"],
            ends=options["ends"],
            modules=[module.strip() for module in options["modules"].split(",") if module.strip()],
            at=timezone.now(),
            **{name: options[name] for name in ("price_authority", "hub_fee", "hub_fee_payer", "cycle", "netting_set", "due_days")},
            currency=options["currency"].upper(),
            **read_further(options),
        )
        return describe_terms(terms) | ({"count": _count_pairs()} if everyone else {})

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say who may roam and for which fee."""
        pair = (
            f"{result['operator']} and {result['provider']}" if result["operator"] else f"everyone with everyone ({result['count']} pairs)"
        )
        terms = result["terms"]
        fee = f"{terms['hub_fee']} {terms['currency']} per CDR, borne by {terms['hub_fee_payer']}"
        return f"Agreement {result['agreement']}: {pair} from {result['starts']} to {result['ends'] or 'further notice'}; hub fee {fee}."


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as wrong:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount like 0.35") from wrong


def _count_pairs() -> int:
    operators = set(PartyRole.objects.filter(role=canonical.Role.CPO).values_list("party_id", flat=True))
    providers = set(PartyRole.objects.filter(role=canonical.Role.EMSP).values_list("party_id", flat=True))
    return len(operators) * len(providers) - len(operators & providers)
