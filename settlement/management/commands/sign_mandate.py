"""`sign_mandate`: a payer lets a payee collect by SEPA direct debit."""

import re
from datetime import date
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming import canonical
from roaming.management.operator_command import OperatorCommand, Refused, WrongUsage, party_argument
from roaming.models import Party
from roaming.parties.queries import find_party
from settlement.payments.collect import MandateRunning, end_mandate, sign_mandate

_SEPA_ID = re.compile(r"[A-Za-z0-9+?/:().,'-]{1,35}")  # EPC130-08: what mandate and creditor identifiers are written in


class Command(OperatorCommand):
    """Signs once; the same again changes nothing. --end ends the mandate of the pair."""

    help = "Note a direct debit mandate of a payer for a payee, or end it."
    refusals = (MandateRunning,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--payer", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--payee", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--mandate-id", metavar="TEXT")
        parser.add_argument("--signed-on", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--creditor-id", metavar="TEXT", help="the payee's SEPA creditor identifier")
        parser.add_argument("--end", action="store_true")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will note or end the mandate and return it."""
        payer, payee = _party(options["payer"]), _party(options["payee"])
        pair = {"payer": str(payer.key), "payee": str(payee.key)}
        if options["end"]:
            return {**pair, "ended": end_mandate(payer=payer, payee=payee, at=timezone.now())}
        for name in ("mandate_id", "signed_on", "creditor_id"):
            if options[name] is None:
                raise WrongUsage(f"--{name.replace('_', '-')} is missing")
        for name in ("mandate_id", "creditor_id"):
            if not _SEPA_ID.fullmatch(options[name]):
                raise WrongUsage(f"--{name.replace('_', '-')}: {options[name]!r} is not 1 to 35 of the characters that SEPA allows")
        told = {name: options[name] for name in ("mandate_id", "signed_on", "creditor_id")}
        mandate = sign_mandate(payer=payer, payee=payee, **told)
        return {**pair, "mandate": mandate.pk, **told}


def _party(key: canonical.PartyId) -> Party:
    party = find_party(key)
    if party is None:
        raise Refused(f"{key} is not a party of this hub")
    return party
