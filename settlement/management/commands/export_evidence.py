"""`export_evidence`: everything the hub holds about a disputed CDR, in one zip."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, Refused
from settlement.clearing.clear import NoSuchCdr
from settlement.clearing.queries import get_cdr, name_of
from settlement.disputes.evidence import build_pack


class Command(OperatorCommand):
    """Reads only; the same state gives the same bytes."""

    help = "Write the evidence pack of a CDR: record, session, tariff, price trace, meter, findings, messages, disputes."
    refusals = (NoSuchCdr,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--cdr", required=True, metavar="CC-PID/ID")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write the file and return its digest and contents."""
        cdr = get_cdr(name=options["cdr"])
        pack = build_pack(cdr=cdr)
        try:
            options["output"].write_bytes(pack.content)
        except OSError as wrong:
            raise Refused(f"{options['output']}: {wrong.strerror}") from wrong
        return {
            "cdr": name_of(cdr),
            "file": str(options["output"]),
            "sha256": hashlib.sha256(pack.content).hexdigest(),
            "contents": pack.names,
        }
