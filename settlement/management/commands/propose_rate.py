"""`propose_rate`: the first of two people who set an exchange rate by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.money import read_amount
from settlement.management.parties import day_argument
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.manual_rates import RateKnown, WrongRate, propose_rate
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """No run uses it before another person confirms it (decide_rate)."""

    help = "Propose an exchange rate that no file of the ECB tells, with its source."
    refusals = (NoSuchUser, RateKnown, RoleMayNot, WrongRate)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--currency", required=True)
        parser.add_argument("--on", type=day_argument, required=True, metavar="DATE", help="the day it was published for")
        parser.add_argument("--per-euro", required=True, metavar="RATE", help="units of the currency for one euro")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="who published it, and where it can be looked up")
        parser.add_argument("--by", required=True, metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will note the proposal and return its number."""
        person, on = get_person(email=options["by"]), options["on"]
        per_euro: Decimal = read_amount(option="--per-euro", text=options["per_euro"])
        assert isinstance(on, date)
        proposal = propose_rate(
            currency=options["currency"].upper(),
            published_on=on,
            per_euro=per_euro,
            reason=options["reason"],
            by=person.email,
            by_role=person.role,
            at=timezone.now(),
        )
        return {"proposal": proposal.pk, "currency": proposal.currency, "on": on, "per_euro": f"{per_euro:f}", "state": proposal.state}
