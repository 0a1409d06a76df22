"""`manage.py write_phrases`: brings the German text of the pages up to date with what they say."""

from typing import Any

from hub.phrases import catalogue_path, collect, read_german, write_german
from roaming.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    """Collects the phrases of portal and public pages, keeps their German, compiles the catalogue."""

    help = "Collect the phrases of the pages into templates/locale and compile them; new ones wait for their German."

    def run(self, **_options: Any) -> dict[str, Any]:
        """This function will write both files and count the phrases."""
        told = collect()
        if catalogue_path().exists():
            told_before = read_german()
            for message in told:
                before = told_before.get(message.id, message.context) if message.id else None
                if before is not None and message.id:
                    message.string = before.string
        write_german(told)
        missing = [message.id for message in read_german() if message.id and not all(_strings(message.string))]
        return {"phrases": len(told), "without_german": len(missing)}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say the result to people."""
        return f"{result['phrases']} phrases, {result['without_german']} of them without German."


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (str(value or ""),)
