"""The operator's commands of money, as scripts call them: one JSON object, exit 0 done, 1 refused, 2 wrong usage."""

import csv
import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pypdf
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError

from roaming import canonical
from settlement.clearing.models import Hold
from settlement.statements.models import Statement
from tests.builders.charges import a_charged_cdr, a_credit_for, some_terms
from tests.builders.parties import a_party, a_provider, an_operator

pytestmark = pytest.mark.django_db

# Commands read the clock: their month is the one before this one.
LAST_MONTH = canonical.Period.month_of(canonical.Period.month_of(datetime.now(UTC)).starts_at - timedelta(days=1))
THIS_MONTH = LAST_MONTH.next()
THEN = LAST_MONTH.ends_at - timedelta(days=2)


class Terminal:
    """Runs commands with --json and keeps what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, name: str, *arguments: str) -> dict[str, Any]:
        """This function will return the JSON that a command prints."""
        call_command(name, *arguments, "--json")
        told: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return told

    def refuse(self, name: str, *arguments: str, code: int = 1) -> str:
        """This function will return the reason why a command refuses."""
        with pytest.raises(CommandError) as refusal:
            call_command(name, *arguments, "--json")
        assert refusal.value.returncode == code
        told = json.loads(self._capsys.readouterr().out)
        return str(told.get("error") or told["broken"])


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


@pytest.fixture
def people() -> None:
    users = get_user_model().objects
    for role in ("maker", "checker", "treasurer", "auditor", "operations"):
        users.create_user(f"{role}@hub.example", "a-long-password", staff_role=role, is_staff=True)
    users.create_user("accountant@partner.example", "a-long-password")


class TestSignAgreement:
    @pytest.fixture(autouse=True)
    def parties(self) -> None:
        an_operator("DE-ALF")
        a_provider("NL-BET")

    def test_signs_once_and_says_how_they_pay(self, terminal: Terminal) -> None:
        arguments = ("--operator", "DE-ALF", "--provider", "NL-BET", "--hub-fee", "0.35", "--hub-fee-payer", "both")
        told = terminal.run("sign_agreement", *arguments)
        assert (told["operator"], told["provider"], told["ends"]) == ("DE-ALF", "NL-BET", None)
        assert told["terms"]["hub_fee"] == "0.35"
        assert terminal.run("sign_agreement", *arguments) == told
        assert terminal.run("list_agreements")["agreements"] == [told]

    def test_offers_to_everyone_with_a_count(self, terminal: Terminal) -> None:
        a_provider("DE-ALF")  # in both roles: not with itself
        assert terminal.run("sign_agreement", "--everyone")["count"] == 1

    def test_refuses_other_terms_for_the_same_agreement(self, terminal: Terminal) -> None:
        pair = ("--operator", "DE-ALF", "--provider", "NL-BET")
        terminal.run("sign_agreement", *pair)
        assert "differ in hub_fee" in terminal.refuse("sign_agreement", *pair, "--hub-fee", "0.10")

    @pytest.mark.parametrize(("fee", "told"), [("0.10", "0.10"), ("0.1", "0.10"), ("0.035", "0.035"), ("0", "0.00"), ("100", "100.00")])
    def test_the_fee_is_told_as_it_was_signed(self, terminal: Terminal, fee: str, told: str) -> None:
        assert terminal.run("sign_agreement", "--everyone", "--hub-fee", fee)["terms"]["hub_fee"] == told

    def test_refuses_an_overlap(self, terminal: Terminal) -> None:
        pair = ("--operator", "DE-ALF", "--provider", "NL-BET")
        terminal.run("sign_agreement", *pair, "--starts", "2026-01-01", "--ends", "2026-07-01")
        terminal.run("sign_agreement", *pair, "--starts", "2026-07-01")
        assert "another agreement" in terminal.refuse("sign_agreement", *pair, "--starts", "2026-06-01")

    @pytest.mark.parametrize(
        ("arguments", "code", "reason"),
        [
            (["--operator", "DE-ALF"], 1, "an operator and a provider"),
            ([], 2, "--everyone"),
            (["--everyone", "--operator", "DE-ALF"], 2, "--everyone"),
            (["--operator", "DE-ALF", "--provider", "FR-XXX"], 1, "FR-XXX"),
            (["--everyone", "--currency", "EURO"], 1, "EURO"),
            (["--everyone", "--hub-fee", "-1"], 1, "-1"),
            (["--everyone", "--modules", "cdr"], 1, "cdr"),
            (["--everyone", "--starts", "2026-10-02", "--ends", "2026-10-01"], 1, "never be in force"),
            (["--everyone", "--starts", "2026-10-02", "--ends", "2026-10-02"], 1, "never be in force"),
        ],
    )
    def test_refuses_with_a_sentence(self, terminal: Terminal, arguments: list[str], code: int, reason: str) -> None:
        assert reason in terminal.refuse("sign_agreement", *arguments, code=code)


class TestPartyDetails:
    def test_keeps_what_is_not_named(self, terminal: Terminal) -> None:
        a_party("DE-ALF")
        terminal.run("set_party_details", "--party", "DE-ALF", "--legal-name", "Alfa GmbH", "--iban", "DE89 3704 0044 0532 0130 00")
        told = terminal.run("set_party_details", "--party", "DE-ALF", "--vat-id", "de 123456789")
        assert terminal.run("set_party_details", "--party", "DE-ALF", "--name", "Alfa")["name"] == "Alfa"
        assert (told["legal_name"], told["iban"], told["vat_id"]) == ("Alfa GmbH", "DE89370400440532013000", "DE123456789")

    def test_knows_the_hub_itself(self, terminal: Terminal) -> None:
        assert terminal.run("set_party_details", "--party", "DE-HUB", "--legal-name", "Roamhouse")["party"] == "DE-HUB"

    def test_refuses_strangers_and_nonsense(self, terminal: Terminal) -> None:
        a_party("DE-ALF")
        assert "FR-XXX" in terminal.refuse("set_party_details", "--party", "FR-XXX", "--legal-name", "X")
        assert "iban" in terminal.refuse("set_party_details", "--party", "DE-ALF", "--iban", "DE00370400440532013000")
        assert "vat_id" in terminal.refuse("set_party_details", "--party", "DE-ALF", "--vat-id", "123")


@pytest.mark.usefixtures("people")
class TestMonth:
    @pytest.fixture(autouse=True)
    def charged(self) -> None:
        some_terms(hub_fee=Decimal("0.35"), hub_fee_payer="provider")
        self.cdr = a_charged_cdr(net="19.1266", vat="3.6341", ended_at=THEN)

    def close(self, terminal: Terminal, *arguments: str) -> dict[str, Any]:
        return terminal.run("close_period", "--period", LAST_MONTH.name, *arguments)

    def test_closes_approves_issues_and_exports(self, terminal: Terminal, tmp_path: Path, settings: Any) -> None:
        settings.DOCUMENTS_DIR = tmp_path / "documents"
        run = self.close(terminal, "--by", "maker@hub.example")
        # 19.13 and 19 % of it are 22.76; the provider pays 0.35 to the hub on top.
        assert run["positions"] == [
            {"party": "DE-ALF", "currency": "EUR", "amount": "22.76"},
            {"party": "DE-HUB", "currency": "EUR", "amount": "0.35"},
            {"party": "NL-BET", "currency": "EUR", "amount": "-23.11"},
        ]
        assert run["payments"] == [
            {"from": "NL-BET", "to": "DE-ALF", "currency": "EUR", "amount": "22.76"},
            {"from": "NL-BET", "to": "DE-HUB", "currency": "EUR", "amount": "0.35"},
        ]
        assert (run["sum"], run["held"], len(run["statements"])) == ("0.00", 0, 3)
        assert self.close(terminal) == run
        assert terminal.run("approve_run", "--run", str(run["run"]), "--by", "checker@hub.example")["state"] == "approved"
        issued = terminal.run("issue_run", "--run", str(run["run"]), "--by", "maker@hub.example")
        assert (issued["state"], sorted(issued["statements"])) == ("issued", sorted(run["statements"]))
        assert terminal.run("issue_run", "--run", str(run["run"]), "--by", "maker@hub.example") == issued
        self.check_exports(terminal, tmp_path)
        assert terminal.run("verify_ledger")["ok"] is True

    def check_exports(self, terminal: Terminal, folder: Path) -> None:
        statement = Statement.objects.get(party__party_id="BET")
        files = {}
        for form in ("pdf", "xlsx", "csv", "json"):
            files[form] = folder / f"statement.{form}"
            arguments = ("--statement", str(statement.pk), "--format", form, "--output", str(files[form]))
            told = terminal.run("export_statement", *arguments)
            assert told["sha256"] == hashlib.sha256(files[form].read_bytes()).hexdigest()
            assert terminal.run("export_statement", *arguments) == told
        told = json.loads(files["json"].read_text())
        assert told["totals"] == {"net": "-23.11", "receivable": "0.00", "payable": "22.76", "fees": "0.35"}
        assert [(line["kind"], line["gross"]) for line in told["lines"]] == [
            ("payable", "-22.7607"),
            ("fee", "-0.35"),
            ("rounding", "-0.0034"),
            ("vat_rounding", "0.0041"),
        ]
        with files["csv"].open(newline="") as file:
            assert sum(Decimal(row["amount"]) for row in csv.DictReader(file)) == Decimal("-23.11")
        book = openpyxl.load_workbook(files["xlsx"])
        summary = {row[0]: row[1] for row in book["Statement"].iter_rows(values_only=True)}
        assert (summary["Net"], summary["Net, exact"]) == (-23.11, "-23.11")
        assert book["CDRs"]["B2"].value == f"DE-ALF/{self.cdr.cdr_id}"
        pages = "\n".join(page.extract_text() for page in pypdf.PdfReader(files["pdf"]).pages)
        assert "-23.11 EUR" in pages
        assert str(statement.number) in pages
        refused = terminal.refuse("export_statement", "--statement", str(statement.pk), "--format", "xml", "--output", "x.xml")
        assert "has no VAT id" in refused

    def test_a_dry_run_writes_nothing(self, terminal: Terminal) -> None:
        run = self.close(terminal, "--dry-run")
        assert (run["run"], run["sum"], run["statements"]) == (None, "0.00", [])
        assert len(run["positions"]) == 3
        assert not Statement.objects.exists()
        assert not self.cdr.findings.exists()

    def test_a_running_month_only_as_a_dry_run(self, terminal: Terminal) -> None:
        assert "runs until" in terminal.refuse("close_period", "--period", THIS_MONTH.name)
        assert terminal.run("close_period", "--period", THIS_MONTH.name, "--dry-run")["positions"] == []

    @pytest.mark.parametrize("period", ["2026-13", "October", "2026-W60"])
    def test_what_is_no_period_is_wrong_usage(self, terminal: Terminal, period: str) -> None:
        assert period in terminal.refuse("close_period", "--period", period, code=2)

    def test_an_unknown_set_or_another_cycle_is_refused(self, terminal: Terminal) -> None:
        assert "no netting set 'x'" in terminal.refuse("close_period", "--period", LAST_MONTH.name, "--netting-set", "x")
        assert "a week" in terminal.refuse("close_period", "--period", "2026-W02")

    def test_who_closed_cannot_approve(self, terminal: Terminal) -> None:
        run = str(self.close(terminal, "--by", "Checker@hub.example")["run"])
        assert "closed run" in terminal.refuse("approve_run", "--run", run, "--by", "checker@hub.example")

    @pytest.mark.parametrize("who", ["maker", "treasurer", "auditor", "operations"])
    def test_nor_can_roles_without_that_right(self, terminal: Terminal, who: str) -> None:
        run = str(self.close(terminal, "--by", "maker@hub.example")["run"])
        assert "may not approve" in terminal.refuse("approve_run", "--run", run, "--by", f"{who}@hub.example")
        assert "no staff role" in terminal.refuse("approve_run", "--run", run, "--by", "accountant@partner.example")
        assert "no active user" in terminal.refuse("approve_run", "--run", run, "--by", "nobody@hub.example")

    def test_steps_come_in_order(self, terminal: Terminal) -> None:
        run = str(self.close(terminal, "--by", "maker@hub.example")["run"])
        assert "only an approved run" in terminal.refuse("issue_run", "--run", run, "--by", "maker@hub.example")
        terminal.run("approve_run", "--run", run, "--by", "checker@hub.example")
        assert "only a draft" in terminal.refuse("approve_run", "--run", run, "--by", "checker@hub.example")
        assert "no run 999" in terminal.refuse("issue_run", "--run", "999", "--by", "maker@hub.example")
        assert "no statement 999" in terminal.refuse("export_statement", "--statement", "999", "--format", "csv", "--output", "x")


@pytest.mark.usefixtures("people")
class TestHolds:
    @pytest.fixture(autouse=True)
    def held(self, terminal: Terminal) -> None:
        some_terms()
        self.cdr = a_charged_cdr(net="10.00", ended_at=THEN, known=False)
        self.credit = a_credit_for(self.cdr)
        self.name = f"DE-ALF/{self.cdr.cdr_id}"
        terminal.run("close_period", "--period", LAST_MONTH.name)

    def release(self, terminal: Terminal, **over: str) -> dict[str, Any]:
        told = {"--cdr": self.name, "--by": "maker@hub.example", "--reason": "seen the meter"} | over
        return terminal.run("release_hold", *[part for pair in told.items() for part in pair])

    def test_are_listed_with_all_their_reasons(self, terminal: Terminal) -> None:
        holds = {
            hold["cdr"]: [(reason["check"], reason["code"]) for reason in hold["reasons"]] for hold in terminal.run("list_holds")["holds"]
        }
        assert holds == {
            self.name: [(13, "TOKEN_UNKNOWN"), (18, "NO_SESSION_NO_AUTHORIZATION")],
            f"{self.name}-C": [(79, "ORIGINAL_HELD")],
        }
        assert terminal.run("list_holds")["at_risk"] == {"EUR": "0.0000"}  # 10.00 and its credit
        found = terminal.run("list_findings", "--cdr", self.name)["findings"]
        assert {(finding["check"], finding["action"]) for finding in found} == {(10, "flag"), (13, "hold"), (18, "hold")}

    def test_are_released_into_the_next_open_period_with_their_credit(self, terminal: Terminal) -> None:
        told = self.release(terminal)
        assert (told["state"], told["period"], told["gross"]) == ("released", THIS_MONTH.name, "10.0000")
        assert terminal.run("list_holds")["holds"] == []
        assert {hold.released_by for hold in Hold.objects.all()} == {"maker@hub.example"}
        assert terminal.run("close_period", "--period", THIS_MONTH.name, "--dry-run")["positions"] == [
            {"party": "DE-ALF", "currency": "EUR", "amount": "0.00"},
            {"party": "NL-BET", "currency": "EUR", "amount": "0.00"},
        ]

    def test_are_not_released_without_a_reason_twice_or_by_anybody(self, terminal: Terminal) -> None:
        def refuse(**over: str) -> str:
            told = {"--cdr": self.name, "--by": "maker@hub.example", "--reason": "seen the meter"} | over
            return terminal.refuse("release_hold", *[part for pair in told.items() for part in pair])

        assert "needs a reason" in refuse(**{"--reason": "  "})
        assert "there is no CDR" in refuse(**{"--cdr": "DE-ALF/NONE"})
        assert "CC-PID/ID" in refuse(**{"--cdr": "NONE"})
        assert "may not release hold" in refuse(**{"--by": "auditor@hub.example"})
        assert "the credit follows" in refuse(**{"--cdr": f"{self.name}-C"})
        self.release(terminal)
        assert "was released" in refuse()
        assert "is not held" in refuse(**{"--cdr": f"DE-ALF/{a_charged_cdr().cdr_id}"})

    @pytest.mark.parametrize("name", ["garbage", "", "/", "DE-ALF", "DE-ALF/ ", "DE-ALF/\x00", "DE*ALF*E1/1"])
    def test_what_is_no_name_of_a_cdr_is_said_so(self, terminal: Terminal, name: str) -> None:
        for command in ("list_findings", "follow_cdr"):
            assert "is not CC-PID/ID of a CDR, like DE-ALF/4711" in terminal.refuse(command, "--cdr", name)
