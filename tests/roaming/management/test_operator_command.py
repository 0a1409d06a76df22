"""Every operator's command: one JSON object on stdout, exit 0 done, 1 refused, 2 wrong usage."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from roaming import canonical
from roaming.management.operator_command import (
    OperatorCommand,
    Refused,
    WrongUsage,
    party_argument,
    role_argument,
)


class TooHeavy(Exception):
    """The piano does not fit."""


class Carry(OperatorCommand):
    refusals = (TooHeavy,)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--party", type=party_argument, required=True)
        parser.add_argument("--role", type=role_argument)
        parser.add_argument("--weight", type=int, default=1)

    def run(self, **options: Any) -> dict[str, Any]:
        match options["weight"]:
            case 0:
                raise WrongUsage("--weight 0 carries nothing")
            case 100:
                raise TooHeavy("100 is too heavy")
            case 200:
                raise Refused("the rope broke", answer={"ok": False, "broken": "rope"})
        return {
            "party": str(options["party"]),
            "amount": Decimal("1.10"),
            "at": datetime(2026, 10, 1, tzinfo=UTC),
        }


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = 0
    try:
        Carry().run_from_argv(["manage.py", "carry", *arguments])
    except SystemExit as ended:
        code = int(str(ended.code))
    output = capsys.readouterr()
    return code, output.out, output.err


def test_a_value_may_begin_with_a_hyphen(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, told = run("--party", "-DE-ALF", capsys=capsys)
    assert code == 2
    assert "'-DE-ALF' is not a party" in told


@pytest.mark.django_db
class TestOperatorCommand:
    def test_prints_one_json_object_with_amounts_as_strings(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run("--party", "de*alf", "--json", capsys=capsys)
        assert (code, err) == (0, "")
        assert json.loads(out) == {
            "party": "DE-ALF",
            "amount": "1.10",
            "at": "2026-10-01T00:00:00Z",
        }

    def test_prints_a_line_for_people_without_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run("--party", "DE-ALF", capsys=capsys)
        assert code == 0
        assert out.splitlines()[0] == "party: DE-ALF"

    def test_a_refusal_exits_1_with_the_reason_on_stderr_and_as_json_on_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run("--party", "DE-ALF", "--weight", "100", "--json", capsys=capsys)
        assert code == 1
        assert json.loads(out) == {"error": "100 is too heavy"}
        assert "100 is too heavy" in err

    def test_a_refusal_may_carry_its_own_answer(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run("--party", "DE-ALF", "--weight", "200", "--json", capsys=capsys)
        assert (code, json.loads(out)) == (1, {"ok": False, "broken": "rope"})

    def test_without_json_a_refusal_leaves_stdout_empty(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run("--party", "DE-ALF", "--weight", "100", capsys=capsys)
        assert (code, out) == (1, "")
        assert "100 is too heavy" in err

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (("--party", "Berlin"), "'Berlin' is not a party"),
            ((), "--party"),
            (
                ("--party", "DE-ALF", "--role", "KING:DE:ALF"),
                "'KING:DE:ALF' is not ROLE:CC:PID",
            ),
            (("--party", "DE-ALF", "--weight", "0"), "--weight 0 carries nothing"),
            (("--party", "DE-ALF", "--color", "red"), "--color"),
        ],
    )
    def test_wrong_usage_exits_2_and_names_what_is_wrong(
        self, arguments: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out, err = run(*arguments, "--json", capsys=capsys)
        assert code == 2
        assert named in json.loads(out)["error"]
        assert named in err

    def test_called_from_python_a_refusal_is_a_command_error(self) -> None:
        output = io.StringIO()
        with pytest.raises(CommandError, match="100 is too heavy"):
            call_command(Carry(), "--party", "DE-ALF", "--weight", "100", "--json", stdout=output)
        assert json.loads(output.getvalue()) == {"error": "100 is too heavy"}


class TestRoleArgument:
    def test_reads_role_country_and_party(self) -> None:
        assert role_argument("emsp:nl:bet") == (
            canonical.Role.EMSP,
            canonical.PartyId("NL", "BET"),
        )
