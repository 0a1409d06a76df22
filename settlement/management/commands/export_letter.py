"""`export_letter`: a dunning letter as PDF, to read before it is released or to send by post."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.files import write_file
from settlement.payments.letter_page import draw_letter
from settlement.payments.letters import NoSuchLetter, NothingOpen, content_of, get_letter


class Command(OperatorCommand):
    """A draft says what it would say today; what was released is the same bytes at every repeat."""

    help = "Write a dunning letter as PDF."
    refusals = (NoSuchLetter, NothingOpen)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--letter", type=int, required=True, metavar="ID")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write the file and return its name and SHA-256."""
        letter = get_letter(letter_id=options["letter"])
        content = draw_letter(content=content_of(letter=letter, at=timezone.now()))
        write_file(options["output"], content)
        return {"letter": letter.pk, "state": letter.state, "file": str(options["output"]), "sha256": hashlib.sha256(content).hexdigest()}
