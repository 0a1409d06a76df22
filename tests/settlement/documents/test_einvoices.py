"""E-invoices from one model: both syntaxes obey schema and Schematron, and what does not is never given out."""

import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.db import DatabaseError, transaction
from lxml import etree

from settlement.documents.invoices import MissingTaxRate, MissingVatId
from settlement.documents.issue_invoices import issued_invoices
from settlement.documents.render import render_statement
from settlement.documents.validate import InvoiceInvalid, InvoiceUnchecked, validate
from settlement.models import IssuedInvoice
from settlement.terms.details import set_details
from settlement.terms.rates import load_rates
from tests.builders.canonical_messages import a_cdr_location
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import Month, charge, close, credit, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

RAM = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}


@pytest.fixture(autouse=True)
def documents(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path
    for key, vat_id in {"DE-MMM": "DE111111125", "DE-PPP": "NL123456789B13", "DE-HUB": "DE333333331"}.items():
        set_details(party=a_party(key), details={"vat_id": vat_id, "legal_name": f"{key} & Söhne", "city": "Kiel", "country": vat_id[:2]})


def november_with_a_credit(**terms: Any) -> Month:
    some_terms(hub_fee=Decimal("0.35"), hub_fee_payer="both", **terms)
    first = charge("M", "P", "19.1266", vat="3.6341")
    issue(close())
    credit(first, received_at=CUT_OFF_NOVEMBER.replace(month=11, day=10))
    charge("M", "P", "7.3333", vat="1.3933", ended_at=CUT_OFF_NOVEMBER.replace(month=11, day=5))
    return issue(close(NOVEMBER, at=CUT_OFF_NOVEMBER), at=CUT_OFF_NOVEMBER)


def test_both_syntaxes_are_judged_and_kept_once() -> None:
    month = november_with_a_credit()
    rows = issued_invoices(statement=month.statement("M"))  # judged by schema and Schematron, or this raises
    assert [row.type_code for row in rows] == ["380", "381", "380"]
    assert [row.gross for row in rows] == [Decimal("7.33"), Decimal("19.12"), Decimal("0.21")]  # 0.175 rounded, 19 %
    set_details(party=a_party("DE-PPP"), details={"city": "Ulm"})
    again = issued_invoices(statement=month.statement("P"))
    assert {row.number: row.ubl for row in again if row.buyer.party_id == "MMM"} == {
        row.number: row.ubl for row in rows if row.seller.party_id == "PPP"
    }
    with pytest.raises(DatabaseError, match=r"sealed|append|refused"), transaction.atomic():
        IssuedInvoice.objects.update(gross=0)


def test_a_credit_note_names_what_it_corrects_in_both_syntaxes() -> None:
    month = november_with_a_credit()
    (note,) = [row for row in issued_invoices(statement=month.statement("P")) if row.type_code == "381"]
    corrected = etree.fromstring(note.cii).findtext(".//ram:InvoiceReferencedDocument/ram:IssuerAssignedID", namespaces=RAM)
    assert corrected is not None
    assert corrected.endswith("-DE-MMM")
    assert corrected in note.ubl
    assert corrected in {row.number for row in issued_invoices(statement=october_of(month))}


def october_of(month: Month) -> Any:
    return a_party("DE-PPP").statements.get(run__period="2026-10")


def test_the_provider_bills_itself_where_terms_say_so() -> None:
    month = november_with_a_credit(billed_by="provider")
    assert [row.type_code for row in issued_invoices(statement=month.statement("M"))] == ["389", "261", "380"]


def test_a_factur_x_pdf_carries_its_own_cii_and_is_the_same_bytes_each_time() -> None:
    statement = november_with_a_credit().statement("M")
    content = render_statement(statement=statement, format="facturx").content
    assert content == render_statement(statement=statement, format="facturx").content
    rows = {f"{row.number}.pdf": row for row in issued_invoices(statement=statement)}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == list(rows)
        for name, row in rows.items():
            reader = pypdf.PdfReader(io.BytesIO(archive.read(name)))
            (attached,) = reader.attachments["factur-x.xml"]
            assert row.cii.encode() in attached
            assert row.number in reader.pages[0].extract_text()
            metadata = reader.trailer["/Root"]["/Metadata"].get_data()  # type: ignore[index]
            assert b"<pdfaid:part>3</pdfaid:part>" in metadata
            assert b"EN 16931" in metadata
            etree.fromstring(metadata.partition(b"?>\n")[2].rpartition(b"\n")[0])


def test_vat_is_told_in_the_tax_currency_and_words_in_the_buyers_language(settings: Any) -> None:
    some_terms()
    for key in ("DE-MMM", "DE-PPP"):
        set_details(party=a_party(key), details={"vat_id": "SE556703748501", "country": "SE"})
    set_details(party=a_party("DE-MMM"), details={"language": "de"})
    charge("M", "P", "10.00", vat="2.50", cdr_location=a_cdr_location(country="SWE"))
    statement = issue(close()).statement("P")
    settings.HUB_TAX_PROOF = "required"
    with pytest.raises(MissingTaxRate, match=r"must be told in SEK too .*no rate of 2026-10-31"):
        issued_invoices(statement=statement)
    load_rates(content=b"Date,SEK,\n2026-10-30,11.0525,\n")
    (row,) = issued_invoices(statement=statement)
    assert '<cbc:TaxAmount currencyID="SEK">27.63</cbc:TaxAmount>' in row.ubl  # 2.50 × 11.0525
    assert '<ram:TaxTotalAmount currencyID="SEK">27.63</ram:TaxTotalAmount>' in row.cii
    for words in ("Ladevorgänge des Zeitraums: 1 CDRs, 20,0000 kWh", "Beglichen durch die Verrechnung", "der Verkäufer berechnet"):
        assert words in row.ubl
        assert words in row.cii
    with zipfile.ZipFile(io.BytesIO(render_statement(statement=statement, format="facturx").content)) as archive:
        page = pypdf.PdfReader(io.BytesIO(archive.read(f"{row.number}.pdf"))).pages[0].extract_text()
    for words in ("Rechnung", "Zu zahlen: 12,50 EUR", "USt in SEK", "27,63"):
        assert words in page


class TestFailClosed:
    def test_what_no_rule_decides_has_no_invoice_and_says_why(self) -> None:
        set_details(party=a_party("DE-MMM"), details={"vat_id": "NO995525828MVA"})
        some_terms()
        charge("M", "P", "10.00", vat="2.50")
        with pytest.raises(MissingVatId, match=r"no rule decides the VAT between DE-PPP and DE-MMM \(undecided: Norway\)"):
            issued_invoices(statement=issue(close()).statement("M"))

    def test_a_changed_sum_is_named_and_not_given_out(self) -> None:
        row = issued_invoices(statement=november_with_a_credit().statement("M"))[0]
        changed = row.ubl.replace('<cbc:PayableAmount currencyID="EUR">7.33', '<cbc:PayableAmount currencyID="EUR">7.34')
        with pytest.raises(InvoiceInvalid, match=rf"{row.number}: \[BR-CO-16\]"):
            validate(documents=[(row.number, changed.encode())])
        with pytest.raises(InvoiceInvalid, match="PayableAmount"):
            validate(documents=[(row.number, row.ubl.replace("PayableAmount", "PayableAmounts").encode())])

    def test_rules_that_cannot_be_asked_stop_the_invoice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        statement = november_with_a_credit().statement("M")
        monkeypatch.setattr("sys.executable", "/nonexistent")
        with pytest.raises(InvoiceUnchecked, match="could not be asked"):
            render_statement(statement=statement, format="xml")
        assert not IssuedInvoice.objects.exists()
