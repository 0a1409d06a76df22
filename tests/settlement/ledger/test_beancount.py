"""The exported ledger is read, balanced and re-computed by beancount, which knows nothing of us."""

from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from django.core.management import call_command

from settlement.terms.rates import load_rates
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import charge, close, credit

pytestmark = pytest.mark.django_db


def test_beancount_accepts_the_ledger_and_finds_the_same_balances(tmp_path: Path) -> None:
    load_rates(content=b"Date,SEK\n2026-10-30,11.0525\n2026-11-30,11.0525\n")
    some_terms(hub_fee=Decimal("0.35"), settle_in="EUR")
    original = charge("M", "P", "100.00", vat="19.00")
    charge("P", "M", "1000.00", currency="SEK")
    close()
    credit(original)
    close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    output = tmp_path / "ledger.beancount"
    call_command("export_ledger", format="beancount", output=output, json=True)
    entries, errors, _ = loader.load_file(str(output))
    assert errors == []
    assert {entry.payee for entry in entries if isinstance(entry, data.Transaction)} == {"close", "fee", "fx"}
    balances = {(entry.account, entry.amount.currency): entry.amount.number for entry in entries if isinstance(entry, data.Balance)}
    assert balances["Income:Fees:Hub", "EUR"] == Decimal("-0.70")
    assert balances["Assets:Receivable:DE-PPP", "EUR"] == Decimal("90.83")  # 90.48 converted, and a fee
    assert balances["Equity:Conversions:Hub", "SEK"] == 0


def test_beancount_notices_a_cent(tmp_path: Path) -> None:
    some_terms()
    charge("M", "P", "100.00")
    close()
    output = tmp_path / "ledger.beancount"
    call_command("export_ledger", format="beancount", output=output, json=True)
    output.write_text(output.read_text().replace("-100.00", "-100.01", 1))
    assert loader.load_file(str(output))[1] != []
