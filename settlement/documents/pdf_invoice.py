"""An invoice or credit note as a page for people; the same invoice gives the same bytes."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Spacer, Table, TableStyle

from roaming import canonical
from settlement.documents.invoices import Invoice, OnPaper
from settlement.documents.pdf_numbers import day, figure, written_for
from settlement.documents.pdf_page import NumberedCanvas
from settlement.documents.pdf_style import (
    BODY,
    HEADING,
    MARGIN,
    PAGE,
    QUIET,
    QUIET_BODY,
    REGULAR,
    RULE,
    SMALL,
    TITLE,
    WIDTH,
    register_fonts,
    style,
    text,
)
from settlement.documents.pdf_tables import facts, ruled_table
from settlement.documents.ubl import reason_of
from settlement.documents.words import say

_TITLES = {"380": "Invoice", "381": "Credit note", "389": "Self-billed invoice", "261": "Self-billed credit note"}


def draw_invoice(*, invoice: Invoice) -> bytes:
    """This function will return the invoice as a PDF with embedded fonts."""
    with written_for(language=invoice.language, country=invoice.buyer.country):
        return _draw(invoice)


def _draw(invoice: Invoice) -> bytes:
    register_fonts()
    output = io.BytesIO()
    document = BaseDocTemplate(
        output,
        pagesize=PAGE,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        title=f"{_say(invoice, _TITLES[invoice.type_code])} {invoice.number}",
        author=invoice.seller.name,
        subject=f"{invoice.seller.key} to {invoice.buyer.key}",
        invariant=1,
        initialFontName=REGULAR,
    )
    frame = Frame(MARGIN, 20 * mm, WIDTH, PAGE[1] - 40 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    document.addPageTemplates([PageTemplate("invoice", [frame], onPage=lambda canvas, _: _foot(canvas, invoice))])
    document.build(list(_story(invoice)), canvasmaker=NumberedCanvas)
    return output.getvalue()


def _story(invoice: Invoice) -> Iterator[Flowable]:
    yield text(_say(invoice, _TITLES[invoice.type_code]), TITLE)
    yield Spacer(0, 6 * mm)
    rows = [
        ("Number", invoice.number),
        ("Issued on", _day(invoice, invoice.issued_on)),
        ("Supplied", f"{invoice.first_day:%d.%m.%Y} – {invoice.final_day:%d.%m.%Y}"),
        *([("Due on", _day(invoice, invoice.due_on))] if invoice.due_on and not invoice.is_credit else []),
        ("Currency", invoice.currency),
        *([("Corrects", ", ".join(invoice.corrects))] if invoice.corrects else []),
    ]
    rows = [(_say(invoice, name), value) for name, value in rows]
    parties = Table(
        [[_address(invoice, "From", invoice.seller), _address(invoice, "To", invoice.buyer)]],
        colWidths=[(WIDTH - 72 * mm) / 2] * 2,
        style=_PLAIN,
    )
    yield Table([[parties, facts(rows)]], colWidths=[WIDTH - 72 * mm, 72 * mm], style=_PLAIN)
    yield text(_say(invoice, "Supplies"), HEADING)
    yield _lines(invoice)
    yield text(_say(invoice, "VAT"), HEADING)
    yield _taxes(invoice)
    yield Spacer(0, 5 * mm)
    what = _say(invoice, "Total given back" if invoice.is_credit else "Total due")
    yield text(f"{what}: {_money(invoice, invoice.gross)} {invoice.currency}", style("total", size=12, bold=True))
    yield Spacer(0, 3 * mm)
    yield text(invoice.settled_by, QUIET_BODY)
    if invoice.is_self_billed:
        words = "Self-billing: issued by the customer in the supplier's name (Art. 224 of Directive 2006/112/EC)."
        yield text(_say(invoice, words), QUIET_BODY)
    for law in dict.fromkeys(f"{line.rule.article}: {line.rule.law}" for line in invoice.lines):
        yield text(law, QUIET_BODY)
    words = "The invoice proper is the XML embedded in this file (factur-x.xml); this page is its picture."
    yield text(_say(invoice, words), QUIET_BODY)


_PLAIN = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 4)])


def _say(invoice: Invoice, phrase: str) -> str:
    return say(phrase=phrase, language=invoice.language)


def _day(invoice: Invoice, of: date) -> str:
    return day(of) if invoice.language else f"{of:%d %B %Y}"  # what was issued before there were languages keeps its bytes


def _address(invoice: Invoice, what: str, party: OnPaper) -> list[Flowable]:
    place = " ".join(filter(None, [party.postal_code, party.city]))
    lines = [
        party.street,
        ", ".join(filter(None, [place, party.country])),
        f"{_say(invoice, 'VAT id')} {party.vat_id}" if party.vat_id else "",
    ]
    lines.append(party.key)
    return [
        text(_say(invoice, what), QUIET_BODY),
        text(party.name, style("name", size=10, bold=True)),
        *(text(line, BODY) for line in lines if line),
    ]


def _lines(invoice: Invoice) -> Flowable:
    rows: list[list[object]] = [
        ["", _say(invoice, "What"), f"{_say(invoice, 'Net')} {invoice.currency}", f"{_say(invoice, 'VAT')} %", _say(invoice, "VAT")]
    ]
    for number, line in enumerate(invoice.lines, start=1):
        rate = figure(f"{line.vat_rate:.2f}") if line.category[0] != "O" else "–"
        rows.append([str(number), text(line.description, SMALL), _money(invoice, line.net), rate, _money(invoice, line.vat)])
    return ruled_table(rows, widths=[8 * mm, 96 * mm, 28 * mm, 16 * mm, 26 * mm], words=2)


def _taxes(invoice: Invoice) -> Flowable:
    rows: list[list[object]] = [
        [
            *(_say(invoice, name) for name in ("Category", "Reason", "Rate %")),
            f"{_say(invoice, 'Base')} {invoice.currency}",
            _say(invoice, "VAT"),
        ]
    ]
    for (category, rate), lines in invoice.groups().items():
        reason = reason_of(lines[0]) if category in ("AE", "O") else "–"
        base, vat = sum((line.net for line in lines), Decimal(0)), sum((line.vat for line in lines), Decimal(0))
        rows.append([category, text(reason, SMALL), figure(f"{rate:.2f}"), _money(invoice, base), _money(invoice, vat)])
    rows.append(["", _say(invoice, "Total"), "", _money(invoice, invoice.net), _money(invoice, invoice.vat)])
    if invoice.tax_currency:
        amount = figure(f"{invoice.tax_amount:.{canonical.exponent(invoice.tax_currency)}f}")
        rows.append(["", f"{_say(invoice, 'VAT in')} {invoice.tax_currency}", "", "", amount])
    return ruled_table(rows, widths=[18 * mm, 86 * mm, 16 * mm, 28 * mm, 26 * mm], words=2)


def _money(invoice: Invoice, amount: Decimal) -> str:
    return figure(f"{amount:.{canonical.exponent(invoice.currency)}f}")


def _foot(canvas: NumberedCanvas, invoice: Invoice) -> None:
    canvas.setStrokeColor(RULE)
    canvas.line(MARGIN, 14 * mm, PAGE[0] - MARGIN, 14 * mm)
    canvas.setFillColor(QUIET)
    canvas.setFont(REGULAR, 7)
    canvas.drawString(MARGIN, 10 * mm, f"{invoice.number} · {invoice.seller.name}")
