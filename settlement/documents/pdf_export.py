"""The PDF export: a statement as one would send it to a customer. The same statement gives the same bytes.

Details beyond two thousand CDRs help nobody on paper; CSV, XLSX and JSON carry every line.
"""

import io
from collections.abc import Iterator

from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    NextPageTemplate,
    PageTemplate,
    Spacer,
    Table,
    TableStyle,
)

from settlement.documents.pdf_numbers import day, figure, written_for
from settlement.documents.pdf_page import NumberedCanvas, address, draw_first_page, draw_later_page
from settlement.documents.pdf_sections import section_of
from settlement.documents.pdf_style import BODY, HEADING, MARGIN, PAGE, QUIET_BODY, TITLE, WIDTH, register_fonts, style, text
from settlement.documents.pdf_tables import PRINTED, cdr_tables, facts, lines_table, note, payments_table, taxes_table, tiles
from settlement.statements.annex import read_annex
from settlement.statements.content import StatementContent, read_content
from settlement.statements.models import Statement

MOST_CDRS = 2000

_SECTIONS = (
    ("Receivables: sessions of other providers' drivers at your charge points", ("receivable",)),
    ("Payables: sessions of your drivers at other operators' charge points", ("payable",)),
    ("Hub fees", ("fee",)),
    ("Rounding, adjustments and amounts carried", ("rounding", "vat_rounding", "adjustment", "carry")),
)


def render_pdf(*, statement: Statement) -> bytes:
    """This function will return the statement as a PDF with embedded fonts."""
    content = read_content(statement=statement)
    with written_for(language=content.holder.language, country=content.holder.country):
        return _draw(statement, content)


def _draw(statement: Statement, content: StatementContent) -> bytes:
    register_fonts()
    output = io.BytesIO()
    document = BaseDocTemplate(
        output,
        pagesize=PAGE,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        title=f"Settlement statement {content.number or 'draft'} {content.period}",
        author=content.issuer.name,
        subject=f"{content.party} {content.period} {content.currency}",
        invariant=1,
    )
    document.addPageTemplates(
        [
            PageTemplate("first", [_frame(top=36 * mm)], onPage=lambda canvas, _: draw_first_page(canvas, content)),
            PageTemplate("later", [_frame(top=19 * mm)], onPage=lambda canvas, _: draw_later_page(canvas, content)),
        ]
    )
    document.build(list(_story(statement, content)), canvasmaker=NumberedCanvas)
    return output.getvalue()


def _frame(*, top: float) -> Frame:
    return Frame(MARGIN, 17 * mm, WIDTH, PAGE[1] - top - 17 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)


def _story(statement: Statement, content: StatementContent) -> Iterator[Flowable]:
    yield NextPageTemplate("later")
    yield _head(content)
    yield Spacer(0, 7 * mm)
    yield text(f"Settlement statement {content.starts_at:%B %Y}" if "W" not in content.period else f"Settlement {content.period}", TITLE)
    yield Spacer(0, 2.5 * mm)
    yield note(
        f"All CDRs whose session ended from {day(content.starts_at)}, 00:00, until before {day(content.ends_at)}, 00:00 UTC, "
        "and those of earlier periods that came late."
    )
    yield Spacer(0, 4 * mm)
    yield tiles(content)
    yield text("Payment", HEADING)
    yield payments_table(content)
    for title, kinds in _SECTIONS:
        lines = [line for line in content.lines if line.kind in kinds]
        if lines:
            yield CondPageBreak(30 * mm)
            yield text(title, HEADING)
            yield lines_table(lines, currency=content.currency)
    if content.taxes:
        yield CondPageBreak(30 * mm)
        yield text("Tax summary", HEADING)
        yield taxes_table(content)
    yield CondPageBreak(45 * mm)
    yield from _closing_words(content)
    if content.sections:
        yield Spacer(0, 4 * mm)
        for section in content.sections:
            yield from section_of(section)
    yield from _annex(statement, content)


def _head(content: StatementContent) -> Flowable:
    holder = content.holder
    to = [text(holder.name, style("holder", size=10.5, bold=True)), *(text(line, BODY) for line in address(holder))]
    rows = [
        ("Statement", content.number or "draft, not issued"),
        ("Period", f"{content.period} (UTC)"),
        ("Issued on", day(content.issued_on) if content.issued_on else "–"),
        ("Due on", day(content.due_on) if content.due_on else "–"),
        ("Currency", content.currency),
        ("Netting set", content.netting_set),
    ]
    return Table(
        [[to, facts(rows)]],
        colWidths=[WIDTH - 72 * mm, 72 * mm],
        style=TableStyle(
            [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)]
        ),
    )


def _closing_words(content: StatementContent) -> Iterator[Flowable]:
    bridge = content.bridge
    yield text("From CDRs to this statement", HEADING)
    held = (
        f"CDRs held by CDR control and not charged: {bridge.held:,}, over {figure(bridge.held_net)} {content.currency} net."
        if bridge.held
        else "No CDR of the period is held."
    )
    yield text(
        f"CDRs on this statement: {bridge.cdrs:,} over {figure(bridge.energy_kwh)} kWh (of the period: {bridge.current:,}, "
        f"late: {bridge.late:,}, credits: {bridge.credits:,}). {held}",
        BODY,
    )
    yield text("Notes", HEADING)
    for words in _NOTES:
        yield text(words, QUIET_BODY)
    if content.chain_head:
        yield text(f"Head of the CDR chain when issued: {content.chain_head}", QUIET_BODY)


_NOTES = (
    "Operators supply the charging sessions to providers; the hub computes positions and payments and sells its own fee only. This "
    "statement nets payments, never invoices: each supply keeps its VAT document.",
    "CDR amounts are exact to four decimals and rounded once per counterparty and VAT rate, half away from zero; VAT is the rate on the "
    "rounded base. The amounts of the CDRs below are the shares of the rounded sums, so that they add up to the cent.",
    "Reverse charge: the recipient accounts for the VAT (Art. 195 and 196 of Directive 2006/112/EC).",
)


def _annex(statement: Statement, content: StatementContent) -> Iterator[Flowable]:
    if not content.bridge.cdrs:
        return
    yield CondPageBreak(60 * mm)
    yield Spacer(0, 6 * mm)
    yield text("Annex: CDRs", style("annex", size=14, bold=True, color=HEADING.textColor))
    yield Spacer(0, 2 * mm)
    if content.bridge.cdrs > MOST_CDRS:
        yield note(f"The first {MOST_CDRS:,} of {content.bridge.cdrs:,}; the CSV, XLSX and JSON files of this statement carry all of them.")
        yield Spacer(0, 2 * mm)
    yield from cdr_tables(read_annex(statement=statement, limit=MOST_CDRS, columns=PRINTED), currency=content.currency)
