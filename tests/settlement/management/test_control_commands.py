"""The commands about disputes, rules, the register and replays, as scripts call them."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError

from roaming import canonical
from roaming.models import Cdr
from settlement.clearing.clear import clear_everything
from tests.builders.charges import a_charged_cdr, some_terms
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

LAST_MONTH = canonical.Period.month_of(canonical.Period.month_of(datetime.now(UTC)).starts_at - timedelta(days=1))
THEN = LAST_MONTH.ends_at - timedelta(days=2)


class Shell:
    """Runs commands with --json."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, name: str, *arguments: object) -> dict[str, Any]:
        call_command(name, *map(str, arguments), "--json")
        told: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return told

    def refuse(self, name: str, *arguments: object) -> str:
        with pytest.raises(CommandError) as refusal:
            call_command(name, *map(str, arguments), "--json")
        assert refusal.value.returncode == 1
        return str(json.loads(self._capsys.readouterr().out)["error"])


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    for role in ("maker", "checker", "auditor"):
        get_user_model().objects.create_user(f"{role}@hub.example", "a-long-password", staff_role=role, is_staff=True)
    return Shell(capsys)


@pytest.fixture
def cdr() -> Cdr:
    some_terms(operator=a_party("DE-ALF"), provider=a_party("NL-BET"))
    sealed = a_charged_cdr(net="100.00", ended_at=THEN)
    clear_everything(at=THEN)
    return sealed


class TestDisputes:
    def test_are_opened_listed_and_resolved_once(self, shell: Shell, cdr: Cdr) -> None:
        name = f"DE-ALF/{cdr.cdr_id}"
        opened = shell.run("open_dispute", "--cdr", name, "--by", "maker@hub.example", "--reason", "wrong_price", "--amount", "12.10")
        assert (opened["state"], opened["amount"], opened["withheld_in"]) == ("open", "12.1000", LAST_MONTH.name)
        (listed,) = shell.run("list_disputes", "--open")["disputes"]
        assert (listed["dispute"], listed["cdr"], listed["overdue"]) == (opened["dispute"], name, False)
        arguments = ("--dispute", opened["dispute"], "--by", "checker@hub.example", "--outcome", "split")
        resolved = shell.run("resolve_dispute", *arguments)
        assert (resolved["state"], resolved["upheld_amount"]) == ("split", "6.0500")
        assert "was split" in shell.refuse("resolve_dispute", *arguments)

    @pytest.mark.parametrize("amount", ["0", "-5", "100.01", "twelve"])
    def test_refuse_amounts_that_make_no_sense(self, shell: Shell, cdr: Cdr, amount: str) -> None:
        name = f"DE-ALF/{cdr.cdr_id}"
        assert shell.refuse("open_dispute", "--cdr", name, "--by", "maker@hub.example", "--reason", "other", f"--amount={amount}")

    def test_refuse_who_may_not(self, shell: Shell, cdr: Cdr) -> None:
        arguments = ("--cdr", f"DE-ALF/{cdr.cdr_id}", "--by", "auditor@hub.example", "--reason", "other", "--amount", "1")
        assert "may not open dispute" in shell.refuse("open_dispute", *arguments)

    def test_carry_their_evidence(self, shell: Shell, cdr: Cdr, tmp_path: Path) -> None:
        told = shell.run("export_evidence", "--cdr", f"DE-ALF/{cdr.cdr_id}", "--output", tmp_path / "pack.zip")
        with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
            assert archive.read("cdr/received") == bytes(cdr.received)
            assert sorted(archive.namelist()) == told["contents"]


class TestRules:
    def test_are_changed_by_two(self, shell: Shell) -> None:
        change = shell.run(
            "propose_rule", "--check", 41, "--parameter", "hold_days", "--value", 60, "--by", "maker@hub.example", "--reason", "faster"
        )
        assert "may not approve rule" in shell.refuse("approve_rule", "--change", change["change"], "--by", "maker@hub.example")
        assert shell.run("approve_rule", "--change", change["change"], "--by", "checker@hub.example")["state"] == "approved"
        rules = {rule["check"]: rule for rule in shell.run("list_rules")["rules"]}
        assert len(rules) == 80
        assert rules[41]["parameters"] == {"flag_days": "30", "hold_days": "60"}

    def test_are_counted_with_money_held_and_false_positives(self, shell: Shell, cdr: Cdr) -> None:
        _kept, waived = (a_charged_cdr(net=net, ended_at=THEN, known=False) for net in ("12.50", "7.00"))
        clear_everything(at=THEN)
        shell.run("release_hold", "--cdr", f"DE-ALF/{waived.cdr_id}", "--by", "maker@hub.example", "--reason", "card is known")
        counted = {rule["check"]: rule["statistics"] for rule in shell.run("list_rules", "--statistics", "--days", 400)["rules"]}
        assert counted[13] == {
            "hits": 2,
            "held": 2,
            "waiting": 1,
            "released": 1,
            "released_unchanged": 1,
            "false_positive_percent": "100.0",
            "money_held": {"EUR": "12.5000"},
        }
        assert (counted[10]["hits"], counted[10]["held"], counted[1]["hits"]) == (3, 0, 0)

    def test_are_simulated(self, shell: Shell, cdr: Cdr) -> None:
        told = shell.run("simulate_rule", "--check", 10, "--action", "hold")
        assert (told["cdrs"], told["held"], told["money_held"]) == (1, 1, {"EUR": "100.0000"})


class TestRegister:
    def test_is_empty_where_every_session_has_its_cdr(self, shell: Shell, cdr: Cdr) -> None:
        told = shell.run("list_expected", "--kind", "missing")
        assert (told["summary"], told["lines"]) == ([], [])


class TestReplay:
    def test_prices_the_month_under_another_tariff(self, shell: Shell, cdr: Cdr, tmp_path: Path) -> None:
        tariff = {
            "country_code": "DE",
            "party_id": "ALF",
            "id": "NEXT",
            "currency": "EUR",
            "elements": [{"price_components": [{"type": "ENERGY", "price": 0.5, "step_size": 1}]}],
            "last_updated": "2026-01-01T00:00:00Z",
        }
        (tmp_path / "tariff.json").write_text(json.dumps(tariff))
        agreement = shell.run("list_agreements")["agreements"][0]["agreement"]
        told = shell.run("replay", "--agreement", agreement, "--tariff", tmp_path / "tariff.json", "--period", LAST_MONTH.name)
        assert (told["priced"], told["told"], told["replayed"]) == (1, "100.0000", "10.0000")


class TestTerms:
    def test_change_from_a_day_to_come(self, shell: Shell, cdr: Cdr) -> None:
        agreement = shell.run("list_agreements")["agreements"][0]["agreement"]
        starts = datetime.now(UTC).date() + timedelta(days=10)
        told = shell.run(
            "change_terms", "--agreement", agreement, "--starts", starts, "--fee-plan", '{"percent": "1.5"}', "--dispute-days", 10
        )
        assert (told["terms"]["fee_plan"], told["terms"]["dispute_days"]) == ({"percent": "1.5"}, 10)
        assert told["terms"]["starts"] == starts.isoformat()
        refused = shell.refuse("change_terms", "--agreement", agreement, "--starts", "2026-01-02", "--hub-fee", Decimal(1))
        assert "begin in the future" in refused
