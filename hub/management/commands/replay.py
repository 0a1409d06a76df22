"""`replay`: what would a period have cost under another tariff? Here because a tariff file speaks OCPI and the money does not."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from roaming import canonical
from roaming.management.operator_command import OperatorCommand, Refused, WrongUsage
from roaming.models import RoamingAgreement
from roaming.protocols.ocpi.cut_down import read_tariffs
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.intake import NotJson, read_json
from settlement.control.replay import replay


class Command(OperatorCommand):
    """Writes nothing."""

    help = "Price the CDRs of an agreement and period again with the tariff of a file."
    refusals = (BadFields, NotJson)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--agreement", type=int, required=True, metavar="ID")
        parser.add_argument("--tariff", type=Path, required=True, metavar="FILE", help="one tariff or a list")
        parser.add_argument("--period", required=True, help="a month like 2026-10, or an ISO week like 2026-W41")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return both sums and the CDRs that differ most."""
        try:
            period = canonical.Period.parse(options["period"])
        except canonical.NotAPeriod as wrong:
            raise WrongUsage(str(wrong)) from wrong
        agreement = RoamingAgreement.objects.filter(pk=options["agreement"]).first()
        if agreement is None:
            raise Refused(f"there is no agreement {options['agreement']}")
        try:
            tariffs = read_tariffs(read_json(options["tariff"].read_bytes()))
        except OSError as wrong:
            raise Refused(f"{options['tariff']}: {wrong.strerror}") from wrong
        if not tariffs:
            raise Refused(f"{options['tariff']}: no tariff in it")
        told = replay(agreement=agreement, tariffs=tariffs, period=period)
        return {
            "agreement": agreement.pk,
            "period": period.name,
            "cdrs": told.cdrs,
            "priced": told.priced,
            "skipped": told.skipped,
            "currency": told.currency,
            "told": f"{told.told:.4f}",
            "replayed": f"{told.replayed:.4f}",
            "difference": f"{told.replayed - told.told:.4f}",
            "dearer": told.dearer,
            "cheaper": told.cheaper,
            "widest": [
                {"cdr": row.name, "told": f"{row.told:.4f}", "replayed": None if row.replayed is None else f"{row.replayed:.4f}"}
                for row in told.widest
            ],
        }
