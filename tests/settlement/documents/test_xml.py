"""The XML export: which documents stand behind a statement, and the sums of EN 16931 worked again."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from settlement.documents.invoices import MissingVatId
from settlement.documents.render import render_statement
from settlement.documents.store import open_document
from settlement.models import Statement
from settlement.terms.details import set_details
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import Month, charge, close, credit, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

VAT_IDS = {"DE-MMM": "DE111111125", "DE-PPP": "DE222222223", "DE-HUB": "DE333333331"}
UBL = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
CENT = Decimal("0.01")


@pytest.fixture(autouse=True)
def documents(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path
    some_terms(hub_fee=Decimal("0.35"), hub_fee_payer="both")


def with_vat_ids(**told: str) -> None:
    for key, vat_id in {**VAT_IDS, **{f"DE-{name}": vat_id for name, vat_id in told.items()}}.items():
        set_details(party=a_party(key), details={"vat_id": vat_id, "legal_name": f"{key} & Söhne GmbH", "city": "Kiel"})


def october() -> Month:
    """M owes P 19.13 + 7.33 with 19 % VAT, P owes M 60.00: nothing is taken back yet."""
    charge("M", "P", "19.1266", vat="3.6341")
    charge("M", "P", "7.3333", vat="1.3933")
    charge("P", "M", "60.00", vat="11.40")
    return issue(close())


def november_with_a_credit() -> Month:
    first = charge("M", "P", "19.1266", vat="3.6341")
    issue(close())
    credit(first, received_at=CUT_OFF_NOVEMBER.replace(month=11, day=10))
    charge("M", "P", "7.3333", vat="1.3933", ended_at=CUT_OFF_NOVEMBER.replace(month=11, day=5))
    return issue(close(NOVEMBER, at=CUT_OFF_NOVEMBER), at=CUT_OFF_NOVEMBER)


def read(statement: Statement) -> list[Any]:
    content = render_statement(statement=statement, format="xml").content
    return list(etree.fromstring(content, etree.XMLParser(resolve_entities=False)))


def kind(document: Any) -> str:
    return str(etree.QName(document).localname)


def text(document: Any, path: str) -> str:
    return str(document.findtext(path, namespaces=UBL))


def amounts(document: Any, path: str) -> list[Decimal]:
    return [Decimal(node.text) for node in document.iterfind(path, UBL)]


def asked(documents: list[Any], seller: str) -> Decimal:
    """What a seller asks for, credit notes taken off."""
    path = "cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme/cbc:CompanyID"
    of_seller = [document for document in documents if text(document, path) == VAT_IDS[seller]]
    signs = [-1 if kind(document) == "CreditNote" else 1 for document in of_seller]
    return sum(
        (sign * amounts(document, "cac:LegalMonetaryTotal/cbc:PayableAmount")[0] for sign, document in zip(signs, of_seller, strict=True)),
        Decimal(0),
    )


class TestDocuments:
    def test_writes_one_invoice_for_each_direction_and_one_for_the_fee(self) -> None:
        with_vat_ids()
        documents = read(october().statement("M"))
        assert [kind(document) for document in documents] == ["Invoice"] * 3
        # 26.46 × 19 % = 5.03; 60.00 + 11.40; M's half of the fees: 3 × 0.175, so 0.53 + 0.10
        assert [amounts(document, "cac:LegalMonetaryTotal/cbc:PayableAmount") for document in documents] == [
            [Decimal("71.40")],
            [Decimal("31.49")],
            [Decimal("0.63")],
        ]

    def test_agrees_with_the_statement_of_every_party_to_the_cent_under_the_same_numbers(self) -> None:
        with_vat_ids()
        month = november_with_a_credit()
        numbers = [{text(document, "cbc:ID") for document in read(month.statement(key))} for key in "MP"]
        assert {f"{month.statement('P').number}-DE-MMM", f"{month.statement('P').number}-DE-MMM-C"} == numbers[0] & numbers[1]
        for key, others in {"M": ("DE-MMM", "DE-PPP"), "P": ("DE-PPP", "DE-MMM")}.items():
            statement = month.statement(key)
            documents = read(statement)
            assert asked(documents, others[0]) == statement.receivable
            assert asked(documents, others[1]) == statement.payable
            assert asked(documents, "DE-HUB") == statement.fees
        hub = month.statement("DE-HUB")
        assert asked(read(hub), "DE-HUB") == -hub.fees > 0

    def test_gives_back_on_a_credit_note_with_amounts_above_zero(self) -> None:
        with_vat_ids()
        documents = [document for document in read(november_with_a_credit().statement("M")) if kind(document) == "CreditNote"]
        assert len(documents) == 1
        assert text(documents[0], "cbc:CreditNoteTypeCode") == "381"
        # −19.1266 + 7.3333 is −11.79 rounded once; by largest remainder the credit bears −19.12 of it and the sessions 7.33.
        assert amounts(documents[0], "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount") == [Decimal("19.12")]

    def test_says_reverse_charge_across_a_border(self) -> None:
        with_vat_ids(PPP="NL123456789B01")
        document = next(iter(read(october().statement("M"))))
        assert text(document, "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:ID") == "AE"
        assert text(document, "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:TaxExemptionReasonCode") == "VATEX-EU-AE"
        assert amounts(document, "cac:TaxTotal/cbc:TaxAmount") == [Decimal("0.00")]

    @pytest.mark.parametrize("missing", ["DE-MMM", "DE-PPP", "DE-HUB"])
    def test_refuses_where_a_party_has_no_vat_id(self, missing: str) -> None:
        with_vat_ids(**{missing[3:]: ""})
        with pytest.raises(MissingVatId, match=f"{missing} has no VAT id"):
            open_document(statement=october().statement("M"), format="xml")

    def test_stays_as_it_was_first_given(self) -> None:
        with_vat_ids()
        statement = october().statement("M")
        first = open_document(statement=statement, format="xml").sha256
        set_details(party=a_party("DE-PPP"), details={"city": "Ulm"})
        assert open_document(statement=statement, format="xml").sha256 == first


class TestRules:
    """EN 16931-1, §6.4.2: the sums a receiver computes again. Schema and Schematron are asked before anything is given out."""

    @pytest.mark.parametrize("seller", ["DE", "NL"])
    def test_add_up_at_the_rate_of_each_group(self, seller: str) -> None:
        with_vat_ids(**({} if seller == "DE" else {"PPP": "NL123456789B01"}))
        month = november_with_a_credit()
        written = [document for key in ("M", "DE-HUB") for document in read(month.statement(key))]
        assert {kind(document) for document in written} == {"Invoice", "CreditNote"}
        for document in written:
            net, before_tax, with_tax, payable = (
                amounts(document, f"cac:LegalMonetaryTotal/cbc:{name}")[0]
                for name in ("LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "PayableAmount")
            )
            [tax] = amounts(document, "cac:TaxTotal/cbc:TaxAmount")
            lines = amounts(document, f"cac:{kind(document)}Line/cbc:LineExtensionAmount")
            assert min(lines) >= 0
            assert net == before_tax == sum(lines)  # BR-CO-10, BR-CO-13
            assert tax == sum(amounts(document, "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount"))  # BR-CO-14
            assert payable == with_tax == before_tax + tax  # BR-CO-15, BR-CO-16
            for group in document.iterfind("cac:TaxTotal/cac:TaxSubtotal", UBL):
                [base], [tax], [rate] = (
                    amounts(group, path) for path in ("cbc:TaxableAmount", "cbc:TaxAmount", "cac:TaxCategory/cbc:Percent")
                )
                # BR-CO-17; invoice and credit note share one rounded group, so that one of them may carry its odd cent.
                assert abs(tax - (base * rate / 100).quantize(CENT, ROUND_HALF_UP)) <= CENT
