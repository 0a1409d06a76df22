"""Worked months of tax and documents: finance §7, cases 30 to 32 as e-invoices, judged by schema and Schematron."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from settlement.documents.invoices import MissingVatId
from settlement.documents.issue_invoices import file_of, issued_invoices
from settlement.documents.validate import InvoiceInvalid, validate
from settlement.models import IssuedInvoice
from settlement.tax.declare import declare_dealer
from settlement.terms.details import set_details
from tests.builders.canonical_messages import a_cdr_location
from tests.builders.charges import OCTOBER, some_terms
from tests.builders.months import charge, close, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

NL_HUB, NL, DE = "NL004495445B01", "NL123456789B13", "DE111111125"


@pytest.fixture(autouse=True)
def documents(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path


def papers(**vat_ids: str) -> None:
    for letters, vat_id in vat_ids.items():
        set_details(party=a_party(f"DE-{letters}"), details={"vat_id": vat_id, "legal_name": f"{letters} BV", "country": vat_id[:2]})


def between(rows: list[IssuedInvoice], seller: str) -> IssuedInvoice:
    (row,) = [row for row in rows if row.seller.party_id == seller]
    return row


def test_case_30_a_fee_across_a_border_is_reverse_charge_and_needs_the_buyers_vat_id() -> None:
    some_terms(hub_fee=Decimal("432.08"), hub_fee_payer="provider")
    papers(HUB=NL_HUB, PPP=NL, MMM=DE)
    charge("M", "P", "100.00")
    statement = issue(close()).statement("M")
    set_details(party=statement.party, details={"vat_id": ""})
    with pytest.raises(MissingVatId, match="DE-MMM has no VAT id"):
        issued_invoices(statement=statement)
    assert not IssuedInvoice.objects.exists()
    set_details(party=statement.party, details={"vat_id": DE})
    fee = between(issued_invoices(statement=statement), "HUB")
    assert (fee.type_code, fee.net, fee.vat, fee.gross) == ("380", Decimal("432.08"), Decimal("0.00"), Decimal("432.08"))
    assert "<cbc:ID>AE</cbc:ID>" in fee.ubl
    assert "VATEX-EU-AE" in fee.ubl
    assert f">{NL_HUB}<" in fee.ubl
    assert f">{DE}<" in fee.ubl
    assert "Art. 44, Art. 196" in fee.ubl


def test_case_31_two_rates_are_two_groups_of_one_invoice() -> None:
    some_terms()
    papers(HUB=NL_HUB, PPP=NL, MMM=NL_HUB)
    charge("M", "P", "100.00", vat="21.00")
    charge("M", "P", "50.00", vat="10.00")
    row = between(issued_invoices(statement=issue(close()).statement("M")), "PPP")
    assert (row.net, row.vat, row.gross) == (Decimal("150.00"), Decimal("31.00"), Decimal("181.00"))
    assert row.cii.count("<ram:CalculatedAmount>") == 2


def test_case_32_vat_is_taken_once_on_the_group_and_another_sum_is_refused() -> None:
    some_terms()
    papers(HUB=NL_HUB, PPP=NL, MMM=NL_HUB)
    for _ in range(3):
        charge("M", "P", "0.12", vat="0.03", cdr_location=a_cdr_location(country="NLD"))
    month = issue(close())
    assert month.lines("P", "vat_rounding") == [Decimal("-0.01")]
    row = between(issued_invoices(statement=month.statement("M")), "PPP")
    assert (row.net, row.vat, row.gross) == (Decimal("0.36"), Decimal("0.08"), Decimal("0.44"))
    assert row.ubl.count(">0.08<") == 2  # the group and the total
    with pytest.raises(InvoiceInvalid, match=r"BR-CO-1[45]"):
        validate(documents=[(row.number, file_of(row.ubl.replace(">0.08<", ">0.09<", 1)))])


def test_a_reseller_abroad_is_taxed_at_home_and_outside_the_union_not_at_all() -> None:
    """The worked example of C-60/23: a German operator, a French reseller; and a Swiss one beside it, on documents of their own."""
    some_terms()
    papers(HUB=NL_HUB, PPP=DE, MMM="FR40303265045", NNN="CHE107787577IVA")
    declare_dealer(party=a_party("DE-MMM"), country="FR", is_dealer=True, starts=OCTOBER.starts_at.date())
    declare_dealer(party=a_party("DE-NNN"), country="CH", is_dealer=True, starts=OCTOBER.starts_at.date())
    charge("M", "P", "10.00", vat="1.90")
    charge("N", "P", "20.00", vat="3.80")
    month = issue(close())
    assert month.positions() == {"M": Decimal("-10.00"), "N": Decimal("-20.00"), "P": Decimal("30.00")}
    lines = {line["counterparty"]: line["legal_basis"] for line in month.document("P")["lines"] if line["kind"] == "receivable"}
    assert lines["DE-MMM"].startswith("EU-38-RC: Art. 38, Art. 195.")
    assert lines["DE-NNN"].startswith("CH-IN: Art. 38; Art. 7(2) MWSTG.")
    rows = {row.buyer.party_id: row for row in issued_invoices(statement=month.statement("P"))}
    assert "<cbc:ID>AE</cbc:ID>" in rows["MMM"].ubl
    assert rows["NNN"].number.endswith("-DE-NNN-O")
    assert "<cbc:ID>O</cbc:ID>" in rows["NNN"].ubl
    assert "CompanyID" not in rows["NNN"].ubl  # BR-O-02
