"""How every command of the operator behaves: one readable result, `--json` for scripts, exit 0 done, 1 refused, 2 wrong usage.

With `--json` exactly one JSON object stands on stdout, also when the command refuses (`{"error": …}`); the reason for people goes
to stderr. A command says what it does in `run` and how people read the result in `describe`; nothing else differs.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections

from roaming import canonical
from roaming.audit.write import acting

REFUSED = 1
WRONG_USAGE = 2


class Refused(Exception):
    """The command was understood and not done. `answer` is what `--json` prints, where that is more than the message."""

    def __init__(self, message: str, *, answer: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.answer = answer if answer is not None else {"error": message}


class WrongUsage(Exception):
    """The options contradict each other, or one that is needed here is missing."""


class OperatorCommand(BaseCommand):
    """The base of the operator's commands. Subclasses write `run`, and `describe` where the plain list of the result is not enough."""

    # These commands run on a hub that may be half set up, and are called in loops by scripts: no check of the whole site each time.
    requires_system_checks = ()
    refusals: ClassVar[tuple[type[Exception], ...]] = ()  # named refusals of the domain that this command passes on as exit 1

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will do the work and return the JSON object; it raises Refused, or one of `refusals`."""
        raise TypeError(f"{type(self).__name__} does not say what it runs")

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say the result to people."""
        return "\n".join(f"{name}: {value}" for name, value in result.items())

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """This function will add `--json` to what the command itself asks for."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument(
            "--json",
            action="store_true",
            help="Print exactly one JSON object on stdout.",
        )
        _accept_leading_hyphens(parser)
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        """This function will run the command and print its result; a refusal becomes CommandError with its exit code."""
        passed_on: tuple[type[Exception], ...] = (Refused, WrongUsage, *self.refusals)
        try:
            with acting(by=str(options["by"])) if options.get("by") else nullcontext():  # the audit trail names who is at work
                result = self.run(**options)
        except passed_on as refusal:
            if options["json"]:
                self._print(refusal.answer if isinstance(refusal, Refused) else {"error": str(refusal)})
            raise CommandError(
                str(refusal),
                returncode=WRONG_USAGE if isinstance(refusal, WrongUsage) else REFUSED,
            ) from refusal
        if options["json"]:
            self._print(result)
        else:
            self.stdout.write(self.describe(result))

    def run_from_argv(self, argv: list[str]) -> None:
        """This function will do what Django does, but answer wrong usage in JSON too where that was asked for."""
        # Django's parser exits by itself only when it knows that it serves a command line; here it raises CommandError instead.
        parser = self.create_parser(argv[0], argv[1])
        try:
            options = vars(parser.parse_args(argv[2:]))
        except CommandError as wrong:
            if "--json" in argv:
                self._print({"error": str(wrong).removeprefix("Error: ")})
            self.stderr.write(f"{parser.format_usage()}{wrong}")
            sys.exit(WRONG_USAGE)
        try:
            self.execute(**options)
        except CommandError as refusal:
            self.stderr.write(str(refusal))
            sys.exit(refusal.returncode)
        finally:
            connections.close_all()

    def _print(self, answer: Mapping[str, Any]) -> None:
        self.stdout.write(json.dumps(answer, cls=DjangoJSONEncoder, ensure_ascii=False))


def _accept_leading_hyphens(parser: CommandParser) -> None:
    """Let the value of an option begin with a hyphen, as one random token in sixty-four does: argparse takes it for an option."""
    parse = parser.parse_args
    takes_value = {name for action in parser._actions if action.nargs is None for name in action.option_strings}
    known = {name for action in parser._actions for name in action.option_strings}

    def joined(arguments: Sequence[str]) -> list[str]:
        rest, result = list(arguments), []
        while rest:
            argument = rest.pop(0)
            if argument in takes_value and rest and rest[0].startswith("-") and rest[0] not in known:
                argument = f"{argument}={rest.pop(0)}"
            result.append(argument)
        return result

    def parse_args(args: Any = None, namespace: Any = None) -> Any:
        return parse(joined(sys.argv[1:] if args is None else [str(argument) for argument in args]), namespace)

    parser.parse_args = parse_args  # type: ignore[method-assign]


def party_argument(text: str) -> canonical.PartyId:
    """This function will read the value of an option that names a party (`DE-ALF`, `DE*ALF`, `DE:ALF`); argparse reports what is wrong."""
    try:
        return canonical.PartyId.parse(text)
    except canonical.NotAPartyId as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong


def role_argument(text: str) -> tuple[canonical.Role, canonical.PartyId]:
    """This function will read `ROLE:CC:PID`, e.g. `CPO:DE:ALF`; argparse reports what is wrong."""
    role, _, party = text.partition(":")
    try:
        return canonical.Role(role.strip().upper()), party_argument(party)
    except ValueError as wrong:
        roles = ", ".join(canonical.Role)
        raise argparse.ArgumentTypeError(f"{text!r} is not ROLE:CC:PID with ROLE one of {roles}, like CPO:DE:ALF") from wrong
