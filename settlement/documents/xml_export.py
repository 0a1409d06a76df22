"""The XML export: every invoice and credit note of a statement as UBL 2.1 within the core model EN 16931, in one wrapper.

VAT categories: S where the line has a rate, AE under reverse charge, Z where the CDRs say 0 percent. No other is ever chosen.
"""

from collections import defaultdict
from datetime import UTC, timedelta
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from roaming import canonical
from roaming.models import Party
from settlement.documents.invoices import Invoice, InvoiceLine, list_invoices
from settlement.statements.models import Statement
from settlement.terms.details import get_details

_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
_CORE = "urn:cen.eu:en16931:2017"  # BT-24: the core model and nothing beyond it
_Category = tuple[str, Decimal]


def render_xml(*, statement: Statement) -> bytes:
    """This function will return `<Invoices>` with one UBL Invoice or CreditNote per supply of the statement; it raises MissingVatId."""
    invoices = list_invoices(statement=statement)
    wrapper = Element(
        "Invoices",
        {
            "statement": statement.number or f"draft-{statement.pk}",
            "party": str(statement.party.key),
            "period": statement.run.period,
            "currency": statement.currency,
        },
    )
    for invoice in invoices:
        wrapper.append(_Writer(statement).write(invoice))
    indent(wrapper)
    content: bytes = tostring(wrapper, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


class _Writer:
    """Writes documents of one statement: they share its currency, period and netting set."""

    def __init__(self, statement: Statement) -> None:
        self._run = statement.run
        self._currency = statement.currency

    def write(self, invoice: Invoice) -> Element:
        kind = "CreditNote" if invoice.is_credit else "Invoice"
        root = Element(
            kind,
            {
                "xmlns": f"{_UBL}:{kind}-2",
                "xmlns:cac": f"{_UBL}:CommonAggregateComponents-2",
                "xmlns:cbc": f"{_UBL}:CommonBasicComponents-2",
            },
        )
        _tell(root, "CustomizationID", _CORE)
        _tell(root, "ID", invoice.number)
        _tell(root, "IssueDate", invoice.issued_on.isoformat())
        _tell(root, f"{kind}TypeCode", "381" if invoice.is_credit else "380")
        _tell(root, "DocumentCurrencyCode", self._currency)
        period = _within(root, "InvoicePeriod")
        _tell(period, "StartDate", self._run.starts_at.astimezone(UTC).date().isoformat())
        _tell(period, "EndDate", (self._run.ends_at.astimezone(UTC) - timedelta(days=1)).date().isoformat())
        _party(_within(root, "AccountingSupplierParty"), invoice.seller)
        _party(_within(root, "AccountingCustomerParty"), invoice.buyer)
        terms = _within(root, "PaymentTerms")  # BR-CO-25
        _tell(terms, "Note", f"Settled by the netting of {self._run.period}, {self._run.netting_set.name}: see the statement.")
        self._totals(root, invoice)
        for number, line in enumerate(invoice.lines, start=1):
            self._line(root, kind, number, line)
        return root

    def _totals(self, root: Element, invoice: Invoice) -> None:
        groups: dict[_Category, list[InvoiceLine]] = defaultdict(list)
        for line in invoice.lines:
            groups[_category(line)].append(line)
        net, vat = _sum(invoice.lines)
        total = _within(root, "TaxTotal")
        self._money(total, "TaxAmount", vat)  # BR-CO-14
        for category, lines in groups.items():
            group_net, group_vat = _sum(lines)
            subtotal = _within(total, "TaxSubtotal")
            self._money(subtotal, "TaxableAmount", group_net)
            self._money(subtotal, "TaxAmount", group_vat)
            _tax_category(subtotal, "TaxCategory", category, with_reason=True)
        sums = _within(root, "LegalMonetaryTotal")
        self._money(sums, "LineExtensionAmount", net)  # BR-CO-10
        self._money(sums, "TaxExclusiveAmount", net)  # BR-CO-13: no allowances or charges
        self._money(sums, "TaxInclusiveAmount", net + vat)  # BR-CO-15
        self._money(sums, "PayableAmount", net + vat)  # BR-CO-16: nothing was paid before

    def _line(self, root: Element, kind: str, number: int, line: InvoiceLine) -> None:
        written = _within(root, f"{kind}Line")
        _tell(written, "ID", str(number))
        quantity = "CreditedQuantity" if kind == "CreditNote" else "InvoicedQuantity"
        # Sessions have prices of many parts: the line is one unit of its sum, and the energy stands in its name.
        _tell(written, quantity, "1", unitCode="C62")
        self._money(written, "LineExtensionAmount", line.net)
        item = _within(written, "Item")
        _tell(item, "Name", line.description)
        _tax_category(item, "ClassifiedTaxCategory", _category(line), with_reason=False)
        self._money(_within(written, "Price"), "PriceAmount", line.net)

    def _money(self, parent: Element, name: str, amount: Decimal) -> None:
        _tell(parent, name, f"{amount:.{canonical.exponent(self._currency)}f}", currencyID=self._currency)


def _party(parent: Element, party: Party) -> None:
    told = get_details(party=party)
    name = told["legal_name"] or party.name or str(party.key)
    written = _within(parent, "Party")
    _tell(_within(written, "PartyName"), "Name", name)
    address = _within(written, "PostalAddress")
    for tag, detail in (("StreetName", "street"), ("CityName", "city"), ("PostalZone", "postal_code")):
        if told[detail]:
            _tell(address, tag, told[detail])
    _tell(_within(address, "Country"), "IdentificationCode", told["country"] or party.country_code)
    scheme = _within(written, "PartyTaxScheme")
    _tell(scheme, "CompanyID", told["vat_id"])
    _tell(_within(scheme, "TaxScheme"), "ID", "VAT")
    _tell(_within(written, "PartyLegalEntity"), "RegistrationName", name)


def _category(line: InvoiceLine) -> _Category:
    if line.tax_note:
        return "AE", line.vat_rate
    return ("S" if line.vat_rate else "Z"), line.vat_rate


def _tax_category(parent: Element, name: str, category: _Category, *, with_reason: bool) -> None:
    code, rate = category
    written = _within(parent, name)
    _tell(written, "ID", code)
    _tell(written, "Percent", f"{rate:.2f}")
    if code == "AE" and with_reason:  # BR-AE-10
        _tell(written, "TaxExemptionReasonCode", "VATEX-EU-AE")
        _tell(written, "TaxExemptionReason", "Reverse charge")
    _tell(_within(written, "TaxScheme"), "ID", "VAT")


def _sum(lines: tuple[InvoiceLine, ...] | list[InvoiceLine]) -> tuple[Decimal, Decimal]:
    return sum((line.net for line in lines), Decimal(0)), sum((line.vat for line in lines), Decimal(0))


def _within(parent: Element, name: str) -> Element:
    return SubElement(parent, f"cac:{name}")


def _tell(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, f"cbc:{name}", attributes).text = text
