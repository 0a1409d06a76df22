"""`match_statement`: a partner's own file of CDRs against a statement."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, Refused
from settlement.statements.annex import read_annex
from settlement.statements.match import NotAPartnerFile, match, read_partner_file
from settlement.statements.queries import NoSuchStatement, get_statement


class Command(OperatorCommand):
    """Nothing is changed: who disagrees opens a dispute, or sends what is missing."""

    help = "Compare a partner's CSV or JSON file with a statement: equal, different, missing here, missing there."
    refusals = (NoSuchStatement, NotAPartnerFile)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--statement", type=int, required=True, metavar="ID")
        parser.add_argument("--file", type=Path, required=True, metavar="PARTNERFILE")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the counts and every CDR on which the two differ."""
        statement = get_statement(statement_id=options["statement"])
        try:
            content = options["file"].read_bytes()
        except OSError as failed:
            raise Refused(f"{options['file']} cannot be read: {failed.strerror}") from failed
        matched = match(
            ours=read_annex(statement=statement, columns=("cdr", "net", "gross", "shown", "amount")),
            theirs=read_partner_file(content=content),
        )
        return {
            "statement": statement.number or f"draft {statement.pk}",
            "equal": matched.equal,
            "different": [
                {"cdr": row.cdr, "amount": row.meaning, "here": f"{row.here:f}", "there": f"{row.there:f}"} for row in matched.different
            ],
            "missing_here": matched.missing_here,
            "missing_there": matched.missing_there,
            "told_twice": matched.told_twice,
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will count first, then name what differs."""
        lines = [f"{result['statement']}: {result['equal']} equal"]
        lines += [f"different: {row['cdr']}, {row['amount']} {row['here']} here, {row['there']} there" for row in result["different"]]
        for name in ("missing_here", "missing_there", "told_twice"):
            lines += [f"{name.replace('_', ' ')}: {cdr}" for cdr in result[name]]
        return "\n".join(lines)
