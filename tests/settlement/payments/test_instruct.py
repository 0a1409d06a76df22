"""Orders for the bank, read back as a bank reads them: by the names and paths of pain.001.001.09."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from stdnum import iso11649

from settlement.models import NettingRun
from settlement.payments.bank_file import CannotInstruct
from settlement.payments.instruct import Instruction, instruct_payments
from settlement.statements.approve import approve_run
from settlement.terms.details import set_details
from tests.builders.charges import CUT_OFF, some_terms
from tests.builders.months import CHECKER, Month, charge, close, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

# Made up; only their check digits are right.
IBAN_A, IBAN_B, IBAN_C = "DE89370400440532013000", "NL91ABNA0417164300", "FR1420041010050500013M02606"
PAIN = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


@pytest.fixture(autouse=True)
def papers() -> None:
    some_terms()
    for key, name, iban in (
        ("DE-AAA", "Alpha Fahrstrom GmbH", IBAN_A),
        ("DE-BBB", "Brücke & Söhne – Laden* KG", IBAN_B),
        ("DE-CCC", "Charge à la Carte S.A.", IBAN_C),
    ):
        set_details(party=a_party(key), details={"legal_name": name, "iban": iban})


def a_month() -> Month:
    """A owes B 100.00 and C 50.50: two payments, and nobody else pays."""
    charge("A", "B", "100.00")
    charge("A", "C", "50.50")
    return close()


def approved(month: Month) -> NettingRun:
    return approve_run(run=month.run, by=CHECKER, by_role="checker", at=CUT_OFF)


def order_of(run: NettingRun, payer: str = "DE-AAA") -> Instruction:
    return instruct_payments(run=run, payer=a_party(payer))


def nodes(order: Instruction, path: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(order.content)  # noqa: S314 (our own bytes)
    return root.findall(path, PAIN)


def told(order: Instruction, path: str) -> list[str | None]:
    return [node.text for node in nodes(order, path)]


class TestOrder:
    def test_orders_each_payment_with_its_payee_account_and_amount(self) -> None:
        order = order_of(approved(a_month()))
        assert told(order, ".//p:CdtTrfTxInf/p:Amt/p:InstdAmt") == ["100.00", "50.50"]
        assert told(order, ".//p:CdtrAcct/p:Id/p:IBAN") == [IBAN_B, IBAN_C]
        assert told(order, ".//p:DbtrAcct/p:Id/p:IBAN") == [IBAN_A, IBAN_A]
        assert told(order, ".//p:Dbtr/p:Nm") == ["Alpha Fahrstrom GmbH"] * 2
        assert told(order, ".//p:GrpHdr/p:NbOfTxs") == ["2"]
        assert told(order, ".//p:GrpHdr/p:CtrlSum") == ["150.50"]
        assert {node.get("Ccy") for node in nodes(order, ".//p:InstdAmt")} == {"EUR"}

    def test_spells_names_in_the_letters_that_every_bank_takes(self) -> None:
        assert told(order_of(approved(a_month())), ".//p:Cdtr/p:Nm") == ["Brucke + Sohne - Laden  KG", "Charge a la Carte S.A."]

    def test_shows_the_reference_that_the_statements_show(self) -> None:
        month = issue(a_month())
        shown = [payment["reference"] for payment in month.document("A")["payments"]]
        assert told(order_of(month.run), ".//p:RmtInf/p:Ustrd") == shown
        for text, payee in zip(shown, ("DE-BBB", "DE-CCC"), strict=True):
            period_and_parties, _, reference = text.rpartition(" ")
            assert period_and_parties == f"2026-10 DE-AAA {payee}"
            assert iso11649.is_valid(reference)

    def test_names_each_payment_after_run_payer_and_payee(self) -> None:
        run = approved(a_month())
        ids = [f"R{run.pk}-DE-AAA-DE-BBB", f"R{run.pk}-DE-AAA-DE-CCC"]
        assert told(order_of(run), ".//p:EndToEndId") == ids
        assert told(order_of(run), ".//p:PmtInfId") == ids

    def test_is_the_same_to_the_byte_at_every_repeat(self) -> None:
        run = approved(a_month())
        first = order_of(run)
        assert order_of(run) == first
        assert told(first, ".//p:MsgId") == [first.message_id] == [f"DE-HUB-R{run.pk}-DE-AAA"]
        assert told(first, ".//p:CreDtTm") == ["2026-11-03T00:00:00Z"]

    def test_asks_for_the_day_that_the_statement_is_due(self) -> None:
        month = issue(a_month(), at=CUT_OFF + timedelta(days=2))
        assert month.document("A")["due_on"] == "2026-11-19"  # 14 days from the fifth
        assert told(order_of(month.run), ".//p:ReqdExctnDt/p:Dt") == ["2026-11-19"] * 2

    def test_counts_the_days_from_the_approval_before_the_run_is_issued(self) -> None:
        assert told(order_of(approved(a_month())), ".//p:ReqdExctnDt/p:Dt") == ["2026-11-17"] * 2

    def test_tells_what_is_to_pay_in_another_currency_and_leaves_it_out(self) -> None:
        charge("A", "B", "30.00", currency="CHF")
        order = order_of(approved(a_month()))
        assert order.left_out == ["30.00 CHF to DE-BBB"]
        assert told(order, ".//p:InstdAmt") == ["100.00", "50.50"]


class TestRefusal:
    def test_refuses_a_run_that_nobody_approved(self) -> None:
        with pytest.raises(CannotInstruct, match=r"run \d+ is draft: only the payments of an approved run are ordered"):
            order_of(a_month().run)

    def test_refuses_a_party_that_pays_nobody(self) -> None:
        with pytest.raises(CannotInstruct, match=r"DE-BBB has nothing to pay by run"):
            order_of(approved(a_month()), "DE-BBB")

    def test_refuses_other_currencies_than_the_euro(self) -> None:
        charge("A", "B", "30.00", currency="CHF")
        with pytest.raises(CannotInstruct, match=r"SEPA moves EUR only; by run \d+ DE-AAA pays 30.00 CHF to DE-BBB"):
            order_of(approved(close()))

    @pytest.mark.parametrize(
        ("party", "detail", "message"),
        [
            ("DE-AAA", "iban", "the payer DE-AAA has no IBAN"),
            ("DE-AAA", "legal_name", "the payer DE-AAA has no legal name"),
            ("DE-CCC", "iban", "the payee DE-CCC has no IBAN"),
            ("DE-CCC", "legal_name", "the payee DE-CCC has no legal name"),
        ],
    )
    def test_refuses_where_a_detail_is_missing(self, party: str, detail: str, message: str) -> None:
        run = approved(a_month())
        set_details(party=a_party(party), details={detail: ""})
        with pytest.raises(CannotInstruct, match=message):
            order_of(run)

    def test_refuses_a_name_of_which_no_letter_is_left(self) -> None:
        set_details(party=a_party("DE-BBB"), details={"legal_name": "☃☃"})
        with pytest.raises(CannotInstruct, match=r"does not meet pain\.001\.001\.09"):
            order_of(approved(a_month()))


class TestCommand:
    def test_writes_the_same_file_at_every_repeat(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run = approved(a_month())
        file = tmp_path / "october.xml"
        call_command("export_payments", "--run", str(run.pk), "--payer", "DE-AAA", "--output", str(file), "--json")
        answer = json.loads(capsys.readouterr().out)
        assert answer["file"] == str(file)
        assert answer["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert (answer["payments"], answer["total"], answer["left_out"]) == (2, "150.50", [])
        call_command("export_payments", "--run", str(run.pk), "--payer", "DE-AAA", "--output", str(file), "--json")
        assert json.loads(capsys.readouterr().out) == answer

    @pytest.mark.parametrize(
        ("run", "payer", "file", "message"),
        [
            ("999999", "DE-AAA", "x.xml", "there is no run 999999"),
            (None, "DE-ZZZ", "x.xml", "DE-ZZZ is not a party of this hub"),
            (None, "DE-AAA", "none/x.xml", "cannot be written"),
        ],
    )
    def test_refuses_what_is_not_there(self, tmp_path: Path, run: str | None, payer: str, file: str, message: str) -> None:
        month = approved(a_month())
        with pytest.raises(CommandError, match=message) as refusal:
            call_command("export_payments", "--run", run or str(month.pk), "--payer", payer, "--output", str(tmp_path / file))
        assert refusal.value.returncode == 1
        assert not (tmp_path / file).exists()
