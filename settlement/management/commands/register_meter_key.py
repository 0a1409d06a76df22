"""`register_meter_key`: the public key of an EVSE's meter, so that its signed values can be proven."""

from datetime import UTC, date, datetime, time
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused, party_argument
from roaming.models import Party
from settlement.control.keys import register_key
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.rights import RoleMayNot, require


class Command(OperatorCommand):
    """The key before it ends where this one begins."""

    help = "Register the public key of an EVSE's meter (hexadecimal DER), as the manufacturer or authority published it."
    refusals = (NoSuchUser, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--operator", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--evse", required=True, metavar="EVSE-ID")
        parser.add_argument("--public-key", required=True, metavar="HEX")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--starts", type=date.fromisoformat, metavar="DATE", help="first day, UTC; now unless told")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will register the key and return it."""
        person = get_person(email=options["by"])
        require(action="change_rule", role=person.role, by=person.email)
        owner = Party.objects.filter(country_code=options["operator"].country_code, party_id=options["operator"].party_id).first()
        if owner is None:
            raise Refused(f"there is no party {options['operator']}")
        try:
            load_der_public_key(bytes.fromhex(options["public_key"]))
        except ValueError as wrong:
            raise Refused("--public-key: not a public key in hexadecimal DER") from wrong
        starts = datetime.combine(options["starts"], time(0), UTC) if options["starts"] else timezone.now()
        key = register_key(owner=owner, evse_id=options["evse"], public_key=options["public_key"], by=person.email, valid_from=starts)
        return {"operator": str(owner.key), "evse": key.evse_id, "valid_from": key.valid_from, "registered_by": key.registered_by}
