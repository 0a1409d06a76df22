"""PURE. An invoice or credit note as UN/CEFACT Cross Industry Invoice (D16B) within EN 16931: also what a Factur-X PDF carries."""

from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement

from roaming import canonical
from settlement.documents.invoices import Invoice, InvoiceLine, OnPaper
from settlement.documents.ubl import CORE, reason_of

_NAMES = {
    "xmlns:rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "xmlns:ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "xmlns:udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}


def write_cii(*, invoice: Invoice) -> Element:
    """This function will return the document as a `CrossIndustryInvoice`."""
    root = Element("rsm:CrossIndustryInvoice", _NAMES)
    context = SubElement(root, "rsm:ExchangedDocumentContext")
    _tell(_within(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", CORE)
    head = SubElement(root, "rsm:ExchangedDocument")
    _tell(head, "ID", invoice.number)
    _tell(head, "TypeCode", invoice.type_code)
    _day(_within(head, "IssueDateTime"), invoice.issued_on)
    for law in dict.fromkeys(f"{line.rule.article}: {line.rule.law}" for line in invoice.lines):
        _tell(_within(head, "IncludedNote"), "Content", law)
    trade = SubElement(root, "rsm:SupplyChainTradeTransaction")
    for number, line in enumerate(invoice.lines, start=1):
        _line(trade, number, line, invoice.currency)
    agreement = _within(trade, "ApplicableHeaderTradeAgreement")
    _party(_within(agreement, "SellerTradeParty"), invoice.seller, with_vat_id=not invoice.is_outside_vat)
    _party(_within(agreement, "BuyerTradeParty"), invoice.buyer, with_vat_id=not invoice.is_outside_vat)
    _within(trade, "ApplicableHeaderTradeDelivery")
    _settlement(_within(trade, "ApplicableHeaderTradeSettlement"), invoice)
    return root


def _settlement(parent: Element, invoice: Invoice) -> None:
    if invoice.tax_currency:
        _tell(parent, "TaxCurrencyCode", invoice.tax_currency)
    _tell(parent, "InvoiceCurrencyCode", invoice.currency)
    for lines in invoice.groups().values():
        tax = _within(parent, "ApplicableTradeTax")
        _money(tax, "CalculatedAmount", sum((line.vat for line in lines), Decimal(0)), invoice.currency)
        _category(tax, lines[0], base=sum((line.net for line in lines), Decimal(0)), currency=invoice.currency)
    period = _within(parent, "BillingSpecifiedPeriod")
    _day(_within(period, "StartDateTime"), invoice.first_day)
    _day(_within(period, "EndDateTime"), invoice.final_day)
    terms = _within(parent, "SpecifiedTradePaymentTerms")
    _tell(terms, "Description", invoice.settled_by)  # BR-CO-25
    if invoice.due_on is not None and not invoice.is_credit:
        _day(_within(terms, "DueDateDateTime"), invoice.due_on)
    sums = _within(parent, "SpecifiedTradeSettlementHeaderMonetarySummation")
    _money(sums, "LineTotalAmount", invoice.net, invoice.currency)  # BR-CO-10
    _money(sums, "TaxBasisTotalAmount", invoice.net, invoice.currency)  # BR-CO-13
    _tell(sums, "TaxTotalAmount", _text(invoice.vat, invoice.currency), currencyID=invoice.currency)  # BR-CO-14
    if invoice.tax_currency:  # BT-111
        _tell(sums, "TaxTotalAmount", _text(invoice.tax_amount, invoice.tax_currency), currencyID=invoice.tax_currency)
    _money(sums, "GrandTotalAmount", invoice.gross, invoice.currency)  # BR-CO-15
    _money(sums, "DuePayableAmount", invoice.gross, invoice.currency)  # BR-CO-16
    for number in invoice.corrects:
        _tell(_within(parent, "InvoiceReferencedDocument"), "IssuerAssignedID", number)


def _line(trade: Element, number: int, line: InvoiceLine, currency: str) -> None:
    item = _within(trade, "IncludedSupplyChainTradeLineItem")
    _tell(_within(item, "AssociatedDocumentLineDocument"), "LineID", str(number))
    _tell(_within(item, "SpecifiedTradeProduct"), "Name", line.description)
    price = _within(_within(item, "SpecifiedLineTradeAgreement"), "NetPriceProductTradePrice")
    _money(price, "ChargeAmount", line.net, currency)
    # One unit of the line's sum, as in UBL.
    _tell(_within(item, "SpecifiedLineTradeDelivery"), "BilledQuantity", "1", unitCode="C62")
    settlement = _within(item, "SpecifiedLineTradeSettlement")
    _category(_within(settlement, "ApplicableTradeTax"), line, base=None, currency=currency)
    _money(_within(settlement, "SpecifiedTradeSettlementLineMonetarySummation"), "LineTotalAmount", line.net, currency)


def _category(tax: Element, line: InvoiceLine, *, base: Decimal | None, currency: str) -> None:
    code, rate = line.category
    is_exempt = code in ("AE", "O") and base is not None
    _tell(tax, "TypeCode", "VAT")
    if is_exempt:
        _tell(tax, "ExemptionReason", reason_of(line))
    if base is not None:
        _money(tax, "BasisAmount", base, currency)
    _tell(tax, "CategoryCode", code)
    if is_exempt:  # BR-AE-10, BR-O-10
        _tell(tax, "ExemptionReasonCode", f"VATEX-EU-{code}")
    if code != "O":  # BR-O-05
        _tell(tax, "RateApplicablePercent", f"{rate:.2f}")


def _party(parent: Element, party: OnPaper, *, with_vat_id: bool) -> None:
    _tell(parent, "ID", party.key)
    _tell(parent, "Name", party.name)
    address = _within(parent, "PostalTradeAddress")
    for tag, told in (
        ("PostcodeCode", party.postal_code),
        ("LineOne", party.street),
        ("CityName", party.city),
        ("CountryID", party.country),
    ):
        if told:
            _tell(address, tag, told)
    if with_vat_id:
        _tell(_within(parent, "SpecifiedTaxRegistration"), "ID", party.vat_id, schemeID="VA")


def _day(parent: Element, day: date) -> None:
    SubElement(parent, "udt:DateTimeString", {"format": "102"}).text = f"{day:%Y%m%d}"


def _money(parent: Element, name: str, amount: Decimal, currency: str) -> None:
    _tell(parent, name, _text(amount, currency))


def _text(amount: Decimal, currency: str) -> str:
    return f"{amount:.{canonical.exponent(currency)}f}"


def _within(parent: Element, name: str) -> Element:
    return SubElement(parent, f"ram:{name}")


def _tell(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, f"ram:{name}", attributes).text = text
