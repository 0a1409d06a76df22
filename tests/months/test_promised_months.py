"""Worked months of what never changes: finance §7, cases 5, 6, 35 to 37 and 39."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, connection, transaction

from settlement.ledger.verify import verify_ledger
from settlement.models import Account, Charge, Entry, NumberSeries, Statement, Transfer
from settlement.netting.positions import plan_fewest_payments
from tests.builders.charges import some_terms
from tests.builders.months import charge, close, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def terms() -> None:
    some_terms()


def execute(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def write_transfer(fields: dict[str, Any]) -> None:
    with transaction.atomic():
        Transfer.objects.create(**fields)
        connection.check_constraints()


def test_case_05_two_debtors_and_two_creditors_need_two_payments() -> None:
    charge("A", "C", "20.00")
    charge("A", "D", "30.00")
    charge("B", "C", "30.00")
    month = close()
    assert month.positions() == {"A": Decimal("-50.00"), "B": Decimal("-30.00"), "C": Decimal("50.00"), "D": Decimal("30.00")}
    assert month.payments() == [("A", "C", Decimal("50.00")), ("B", "D", Decimal("30.00"))]


def test_case_06_the_exact_plan_is_shorter_where_groups_are_even_among_themselves() -> None:
    for debtor, creditor, amount in (("A", "F", "9"), ("B", "F", "3"), ("B", "D", "6"), ("C", "E", "8")):
        charge(debtor, creditor, amount)
    month = close()
    assert month.positions() == {name: Decimal(amount) for name, amount in zip("ABCDEF", (-9, -9, -8, 6, 8, 12), strict=True)}
    assert len(month.payments()) <= 5
    exact = plan_fewest_payments({a_party(f"DE-{name * 3}").key: amount for name, amount in month.positions().items()})
    assert (len(exact), sum(payment.amount for payment in exact)) == (4, Decimal(26))


def test_case_35_closing_and_issuing_twice_changes_nothing() -> None:
    charge("M", "P", "100.00")
    first = issue(close())
    counted = [model.objects.count() for model in (Charge, Entry, Statement, Transfer)]
    again = close(at=datetime(2026, 11, 4, tzinfo=UTC))
    assert again.run == first.run
    assert again.statement("M").number == "ST-2026-00001"
    assert (again.run.digest, again.run.ledger_head) == (first.run.digest, first.run.ledger_head)
    assert [model.objects.count() for model in (Charge, Entry, Statement, Transfer)] == counted


def test_case_36_what_rolls_back_leaves_no_gap_in_the_numbers() -> None:
    for letter in "ABCDE":
        charge(letter, "P", "1.00")
    month = close()

    with transaction.atomic():
        issue(month)
        transaction.set_rollback(True)
    assert not NumberSeries.objects.exists()
    numbers = Statement.objects.filter(run=issue(month).run).order_by("number").values_list("number", flat=True)
    assert list(numbers) == [f"ST-2026-{number:05}" for number in range(1, 7)]


class TestCase37:
    """The database refuses, whoever asks."""

    @pytest.fixture(autouse=True)
    def books(self) -> None:
        charge("M", "P", "100.00")
        issue(close())

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE settlement_entry SET memo = 'x'",
            "DELETE FROM settlement_transfer",
            "TRUNCATE settlement_transfer",
            "UPDATE settlement_charge SET net = 0, gross = vat",
            "DELETE FROM settlement_charge",
            "UPDATE settlement_position SET net = 0",
            "DELETE FROM settlement_pairtotal",
            "UPDATE settlement_plannedpayment SET amount = 1",
            "UPDATE settlement_statement SET due_on = now()",
            "DELETE FROM settlement_statementline",
        ],
    )
    def test_case_37_refuses_every_change_of_what_was_written(self, sql: str) -> None:
        with pytest.raises(Error, match=r"append-only|is issued"):
            execute("SET CONSTRAINTS ALL IMMEDIATE", sql)

    @pytest.mark.parametrize(
        ("over", "constraint"),
        [
            ({"amount_minor": 0}, "transfer_positive"),
            ({"amount_minor": -1}, "transfer_positive"),
            ({"debit": "SEK"}, "transfer_debit_currency"),
            ({"debit": "credit"}, "transfer_between_two"),
        ],
    )
    def test_case_37_refuses_transfers_that_are_none(self, over: dict[str, Any], constraint: str) -> None:
        good = Transfer.objects.select_related("debit", "credit").get()
        fields: dict[str, Any] = {"entry": good.entry, "number": 2, "debit": good.debit, "credit": good.credit, "currency": "EUR"}
        fields |= {"amount_minor": 1} | over
        if fields["debit"] == "SEK":
            fields["debit"] = Account.objects.create(party=good.debit.party, kind=good.debit.kind, currency="SEK")
        elif fields["debit"] == "credit":
            fields["debit"] = good.credit
        with pytest.raises(Error, match=constraint):
            write_transfer(fields)


def test_case_39_a_changed_total_is_named() -> None:
    charge("M", "P", "100.00")
    issue(close())
    assert verify_ledger().ok
    execute(
        "SET CONSTRAINTS ALL IMMEDIATE",
        "ALTER TABLE settlement_pairtotal DISABLE TRIGGER USER",
        "UPDATE settlement_pairtotal SET exact_net = 99, net = 99, gross = 99",
    )
    assert verify_ledger().broken == "pair DE-MMM to DE-PPP EUR of 2026-10: the charges do not sum to the pair total"
