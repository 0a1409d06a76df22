"""A tampering by SQL, with every trigger off, is noticed and its row is named."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from settlement.documents.store import open_document, path_of
from settlement.ledger.verify import Verification, verify_ledger
from settlement.models import Document
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import Month, charge, close, credit, issue

pytestmark = pytest.mark.django_db


# What somebody might change in the database, and what names it.
CHANGES = [
    ("UPDATE roaming_cdr SET net = net + 1 WHERE id = (SELECT min(id) FROM roaming_cdr)", "cdr DE-PPP/"),
    ("UPDATE settlement_charge SET net = net + 1, gross = gross + 1 WHERE id = (SELECT min(id) FROM settlement_charge)", "DE-PPP/"),
    ("UPDATE settlement_charge SET operator_fee = 0 WHERE id = (SELECT min(id) FROM settlement_charge)", "charge of cdr DE-PPP/"),
    ("UPDATE settlement_charge SET period = '2026-12' WHERE net = 60.00", "pair DE-PPP to DE-MMM"),
    ("UPDATE settlement_charge SET vat = 0, gross = net WHERE bucket = 'credit'", "credit cdr DE-PPP/"),
    ("DELETE FROM settlement_charge WHERE id = (SELECT min(id) FROM settlement_charge)", "DE-PPP"),
    ("UPDATE settlement_hold SET state = 'released', released_at = now(), released_by = 'x', release_reason = 'x'", "released"),
    ("UPDATE settlement_transfer SET amount_minor = amount_minor + 1", "entry close/"),
    ("UPDATE settlement_entry SET seal = sha256('x') WHERE id = (SELECT min(id) FROM settlement_entry)", "entry close/"),
    ("UPDATE settlement_entry SET effective_on = '2026-09-30' WHERE id = (SELECT min(id) FROM settlement_entry)", "entry close/"),
    ("UPDATE settlement_account SET kind = 'suspense' WHERE kind = 'fee_income'", "entry close/"),
    ("DELETE FROM settlement_transfer", "entry close/"),
    ("UPDATE settlement_balanceassertion SET balance_minor = balance_minor + 1", "is not what was asserted"),
    ("UPDATE settlement_daytotal SET net = net + 1, gross = gross + 1 WHERE period = '2026-10'", "day totals of 2026-10"),
    ("UPDATE roaming_cdr SET received_at = received_at - interval '1 day' WHERE net = 60.00", "do not give its root"),
    ("UPDATE settlement_pairtotal SET net = net + 1, gross = gross + 1", "pair "),
    ("UPDATE settlement_pairtotal SET exact_net = exact_net + 1", "pair "),
    ("UPDATE settlement_position SET receivable = receivable + 1, net = net + 1", "position DE-"),
    ("UPDATE settlement_position SET fees = fees + 1, net = net - 1", "sum to"),
    ("UPDATE settlement_plannedpayment SET amount = amount + 1", "digest"),
    ("UPDATE settlement_nettingrun SET digest = repeat('0', 64)", "does not fit its digest"),
    ("UPDATE settlement_settlementperiod SET state = 'open', closed_at = NULL", "is not closed"),
    ("UPDATE settlement_statement SET net = net + 1, receivable = receivable + 1", "is not its position"),
    ("UPDATE settlement_statement SET due_on = due_on + 30 WHERE state = 'issued'", "is not what was issued"),
    ("UPDATE settlement_statement SET number = 'ST-2026-00099' WHERE number = 'ST-2026-00001'", "ST-2026-00099"),
    ("UPDATE settlement_statement SET content = replace(content, 'ST-2026', 'XT-2026') WHERE state = 'issued'", "ST-2026-0000"),
    ("UPDATE settlement_statementline SET net = net + 1, gross = gross + 1", "its lines do not sum"),
    ("UPDATE settlement_statementline SET bucket = 'late' WHERE bucket = 'current'", "are not the sums of its pairs"),
    ("DELETE FROM settlement_statementline WHERE kind = 'rounding'", "its lines do not sum"),
    ("UPDATE settlement_numberseries SET latest = latest + 1", "numbers ST-2026"),
    ("UPDATE settlement_document SET sha256 = repeat('0', 64) WHERE format = 'csv'", "csv: its file is missing"),
]


@pytest.fixture
def month(settings: Any, tmp_path: Path) -> Month:
    """October issued, with fees, two VAT rates and a credit; November closed; one CDR of December charged, one held."""
    settings.DOCUMENTS_DIR = tmp_path
    some_terms(hub_fee=Decimal("0.35"), hub_fee_payer="both")
    first = charge("M", "P", "19.1266", vat="4.0166")
    charge("P", "M", "60.00", vat="11.40")
    charge("M", "Q", "0.3350")
    october = issue(close())
    open_document(statement=october.statement("M"), format="csv").file.close()
    credit(first)
    charge("M", "P", "5.00", known=False)
    close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    return october


def tamper(sql: str) -> None:
    tables = [line.split()[0] for line in sql.split("UPDATE ")[1:]] or [line.split()[0] for line in sql.split("DELETE FROM ")[1:]]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)


def broken() -> str:
    verification = verify_ledger()
    assert not verification.ok
    return verification.broken or ""


class TestVerifyLedger:
    def test_finds_nothing_wrong_in_books_that_nobody_touched(self, month: Month) -> None:
        verification = verify_ledger()
        assert verification == Verification(ok=True, records=5, head=verification.head)
        assert verification.head == month.run.ledger_head

    def test_names_what_was_changed_in_the_database(self, month: Month, subtests: pytest.Subtests) -> None:
        for sql, named in CHANGES:
            with subtests.test(sql), transaction.atomic():
                tamper(sql)
                assert named in broken()
                transaction.set_rollback(True)

    @pytest.mark.parametrize("change", [lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), lambda path: path.unlink()])
    def test_names_a_file_that_was_changed_or_lost(self, month: Month, change: Callable[[Path], None]) -> None:
        document = Document.objects.get()
        path = path_of(sha256=document.sha256)
        path.chmod(0o640)
        change(path)
        assert broken() == f"document {document.statement.number} csv: its file is missing or changed"


def test_reads_an_empty_hub() -> None:
    assert verify_ledger() == Verification(ok=True, records=0, head="")


def test_a_second_later_nothing_else_is_broken(month: Month) -> None:
    at = datetime.fromisoformat("2026-12-04T00:00:00+00:00")
    issue(close(NOVEMBER, at=at), at=at)
    assert verify_ledger().ok
