"""PURE. An invoice or credit note as UBL 2.1 within the core model EN 16931."""

from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement

from roaming import canonical
from settlement.documents.invoices import Invoice, InvoiceLine, OnPaper
from settlement.documents.words import say

_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
CORE = "urn:cen.eu:en16931:2017"  # BT-24: the core model and nothing beyond it


def write_ubl(*, invoice: Invoice) -> Element:
    """This function will return the document as a UBL `Invoice` or `CreditNote`."""
    kind = "CreditNote" if invoice.is_credit else "Invoice"
    root = Element(
        kind,
        {
            "xmlns": f"{_UBL}:{kind}-2",
            "xmlns:cac": f"{_UBL}:CommonAggregateComponents-2",
            "xmlns:cbc": f"{_UBL}:CommonBasicComponents-2",
        },
    )
    _tell(root, "CustomizationID", CORE)
    _tell(root, "ID", invoice.number)
    _tell(root, "IssueDate", invoice.issued_on.isoformat())
    if invoice.due_on is not None and not invoice.is_credit:  # UBL gives a credit note no due date
        _tell(root, "DueDate", invoice.due_on.isoformat())
    _tell(root, f"{kind}TypeCode", invoice.type_code)
    for law in dict.fromkeys(f"{line.rule.article}: {line.rule.law}" for line in invoice.lines):
        _tell(root, "Note", law)
    _tell(root, "DocumentCurrencyCode", invoice.currency)
    if invoice.tax_currency:
        _tell(root, "TaxCurrencyCode", invoice.tax_currency)
    period = _within(root, "InvoicePeriod")
    _tell(period, "StartDate", invoice.first_day.isoformat())
    _tell(period, "EndDate", invoice.final_day.isoformat())
    for number in invoice.corrects:
        _tell(_within(_within(root, "BillingReference"), "InvoiceDocumentReference"), "ID", number)
    _party(_within(root, "AccountingSupplierParty"), invoice.seller, with_vat_id=not invoice.is_outside_vat)
    _party(_within(root, "AccountingCustomerParty"), invoice.buyer, with_vat_id=not invoice.is_outside_vat)
    _tell(_within(root, "PaymentTerms"), "Note", invoice.settled_by)  # BR-CO-25
    _totals(root, invoice)
    for place, line in enumerate(invoice.lines, start=1):
        _line(root, kind, place, line, invoice.currency)
    return root


def _totals(root: Element, invoice: Invoice) -> None:
    total = _within(root, "TaxTotal")
    _money(total, "TaxAmount", invoice.vat, invoice.currency)  # BR-CO-14
    for lines in invoice.groups().values():
        subtotal = _within(total, "TaxSubtotal")
        _money(subtotal, "TaxableAmount", sum((line.net for line in lines), Decimal(0)), invoice.currency)
        _money(subtotal, "TaxAmount", sum((line.vat for line in lines), Decimal(0)), invoice.currency)
        _tax_category(subtotal, "TaxCategory", lines[0], with_reason=True)
    if invoice.tax_currency:  # BT-111: of the accounting currency the sum only (BR-53)
        _money(_within(root, "TaxTotal"), "TaxAmount", invoice.tax_amount, invoice.tax_currency)
    sums = _within(root, "LegalMonetaryTotal")
    _money(sums, "LineExtensionAmount", invoice.net, invoice.currency)  # BR-CO-10
    _money(sums, "TaxExclusiveAmount", invoice.net, invoice.currency)  # BR-CO-13: no allowances or charges
    _money(sums, "TaxInclusiveAmount", invoice.gross, invoice.currency)  # BR-CO-15
    _money(sums, "PayableAmount", invoice.gross, invoice.currency)  # BR-CO-16: nothing was paid before


def _line(root: Element, kind: str, number: int, line: InvoiceLine, currency: str) -> None:
    written = _within(root, f"{kind}Line")
    _tell(written, "ID", str(number))
    quantity = "CreditedQuantity" if kind == "CreditNote" else "InvoicedQuantity"
    # Sessions have prices of many parts: the line is one unit of its sum, and the energy stands in its name.
    _tell(written, quantity, "1", unitCode="C62")
    _money(written, "LineExtensionAmount", line.net, currency)
    item = _within(written, "Item")
    _tell(item, "Name", line.description)
    _tax_category(item, "ClassifiedTaxCategory", line, with_reason=False)
    _money(_within(written, "Price"), "PriceAmount", line.net, currency)


def _party(parent: Element, party: OnPaper, *, with_vat_id: bool) -> None:
    written = _within(parent, "Party")
    _tell(_within(written, "PartyIdentification"), "ID", party.key)  # BR-CO-26 where there is no VAT id
    _tell(_within(written, "PartyName"), "Name", party.name)
    address = _within(written, "PostalAddress")
    for tag, told in (("StreetName", party.street), ("CityName", party.city), ("PostalZone", party.postal_code)):
        if told:
            _tell(address, tag, told)
    _tell(_within(address, "Country"), "IdentificationCode", party.country)
    if with_vat_id:
        scheme = _within(written, "PartyTaxScheme")
        _tell(scheme, "CompanyID", party.vat_id)
        _tell(_within(scheme, "TaxScheme"), "ID", "VAT")
    _tell(_within(written, "PartyLegalEntity"), "RegistrationName", party.name)


def _tax_category(parent: Element, name: str, line: InvoiceLine, *, with_reason: bool) -> None:
    code, rate = line.category
    written = _within(parent, name)
    _tell(written, "ID", code)
    if code != "O":  # BR-O-05
        _tell(written, "Percent", f"{rate:.2f}")
    if code in ("AE", "O") and with_reason:  # BR-AE-10, BR-O-10
        _tell(written, "TaxExemptionReasonCode", f"VATEX-EU-{code}")
        _tell(written, "TaxExemptionReason", reason_of(line))
    _tell(_within(written, "TaxScheme"), "ID", "VAT")


def reason_of(line: InvoiceLine) -> str:
    """This function will say why no VAT is asked: the words that Art. 226(11a) asks for, then article and rule."""
    words = say(phrase="Reverse charge" if line.category[0] == "AE" else "Outside the scope of VAT", language=line.language)
    return f"{words} ({line.rule.article}): {line.rule.law}"


def _money(parent: Element, name: str, amount: Decimal, currency: str) -> None:
    _tell(parent, name, f"{amount:.{canonical.exponent(currency)}f}", currencyID=currency)


def _within(parent: Element, name: str) -> Element:
    return SubElement(parent, f"cac:{name}")


def _tell(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, f"cbc:{name}", attributes).text = text
