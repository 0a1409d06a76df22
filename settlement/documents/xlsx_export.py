"""The XLSX export: summary, lines, taxes, payments and CDRs as sheets with typed cells.

Written by rustpy-xlsxwriter, the CDRs by xlsx_rows. Texts are written as texts, so none becomes a formula. The library stamps the file
with the hour; the stamp is replaced by the statement's own, so that the same statement is the same bytes.
"""

import io
from typing import Any

import msgspec
from rustpy_xlsxwriter import Format, write_worksheets

from roaming import canonical
from settlement.documents.xlsx_rows import splice
from settlement.statements.annex import COLUMNS
from settlement.statements.annex_details import AMOUNTS, QUANTITIES
from settlement.statements.content import PartyDetails, StatementContent, read_content
from settlement.statements.models import Statement
from settlement.statements.sections import FIGURES, Section

_NUMBERS = frozenset({"energy_kwh", "net", "vat", "gross", "vat_rate", "shown", "amount", "hub_fee", *AMOUNTS})
_COUNTS = ("line", "original_line", "duration_seconds", "days_late", "agreement", "terms")
_SECONDS = ("charging_seconds", "parking_seconds", "out_of_order_seconds")
_CDR_NUMBERS = _NUMBERS | {*QUANTITIES, *_COUNTS, *_SECONDS}
_WIDTHS = {
    **dict.fromkeys(("field", "counterparty_name", "payee_name", "iban", "reference", "cdr", "credit_of"), 28.0),
    **dict.fromkeys(("evse_id", "contract_id", "started_at", "ended_at", "received_at"), 20.0),
    **dict.fromkeys(("line", "cdrs", "vat_rate", "country", "currency"), 8.0),
    "value": 60.0,
    "description": 48.0,
}
_ROWS_OF_A_SHEET = 1_048_000  # Excel's limit is 1,048,576


def render_xlsx(*, statement: Statement) -> bytes:
    """This function will return the statement as a workbook; CDRs beyond a sheet's limit continue on the next sheet."""
    content = read_content(statement=statement)
    sheets: dict[str, Any] = {
        "Statement": _summary(content),
        "Lines": [_typed(line) for line in _builtins(content.lines)],
        "Taxes": [_typed(tax) for tax in _builtins(content.taxes)],
        "Payments": [_typed(payment) for payment in _builtins(content.payments)],
        **{_tab(section): _section_rows(section) for section in content.sections},
    }
    cdrs = _cdr_sheets(content)
    # One row stands for all that splice writes; a statement without CDRs has an empty sheet.
    model = {name: 1 if name in _CDR_NUMBERS else "-" for name in COLUMNS}
    sheets |= {name: [model] for name in cdrs} or {"CDRs": []}
    columns = {name: list(rows[0]) if rows else [] for name, rows in sheets.items()}
    output = io.BytesIO()
    write_worksheets(
        list(sheets.items()),
        output,
        header_format={name: _header() for name in sheets},
        column_formats={name: _formats(columns[name], content.currency) for name in sheets},
        column_widths={name: {column: _WIDTHS.get(column, 13.0) for column in columns[name]} for name in sheets},
        freeze_panes={name: {"row": 1, "col": 0} for name in sheets},
        autofilter={name: name != "Statement" for name in sheets},
    )
    properties = _CORE.replace("STAMP", content.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")).encode()
    return splice(book=output, statement=statement, rows=cdrs, numbers=_CDR_NUMBERS, properties=properties)


def _header() -> Format:
    return Format().set_bold().set_background_color("#12324A").set_font_color("#FFFFFF")


def _formats(columns: list[str], currency: str) -> dict[str, Format]:
    decimals = canonical.exponent(currency)
    cents = Format().set_num_format("#,##0" + ("." + "0" * decimals if decimals else ""))
    exact = Format().set_num_format("#,##0.0000")
    formats = {
        **dict.fromkeys(("net", "vat", "gross", "energy_kwh", "hub_fee", *AMOUNTS), exact),
        **dict.fromkeys(("shown", "amount"), cents),
        "vat_rate": Format().set_num_format("0.00"),
        "value": Format().set_align("left"),
    }
    return {column: formats[column] for column in columns if column in formats}


def _summary(content: StatementContent) -> list[dict[str, Any]]:
    totals, bridge = content.totals, content.bridge
    rows: list[tuple[str, Any]] = [
        ("Statement", content.number or "draft"),
        ("Party", content.party),
        ("Period", content.period),
        ("From (UTC)", content.starts_at.strftime("%Y-%m-%d %H:%M")),
        ("Until before (UTC)", content.ends_at.strftime("%Y-%m-%d %H:%M")),
        ("Currency", content.currency),
        ("Issued on", content.issued_on.isoformat() if content.issued_on else ""),
        ("Due on", content.due_on.isoformat() if content.due_on else ""),
        ("Receivable", float(totals.receivable)),
        ("Payable", float(totals.payable)),
        ("Fees", float(totals.fees)),
        ("Net", float(totals.net)),
        ("Net, exact", totals.net),
        *_address("Issuer", content.issuer),
        *_address("Party", content.holder),
        ("CDRs on this statement", bridge.cdrs),
        ("of these late", bridge.late),
        ("of these credits", bridge.credits),
        ("Energy (kWh)", float(bridge.energy_kwh)),
        ("CDRs held, not charged", bridge.held),
        ("Head of the CDR chain", content.chain_head),
    ]
    return [{"field": field, "value": value} for field, value in rows]


def _address(what: str, details: PartyDetails) -> list[tuple[str, str]]:
    place = ", ".join(filter(None, [details.street, f"{details.postal_code} {details.city}".strip(), details.country]))
    return [(f"{what}: name", details.name), (f"{what}: address", place), (f"{what}: VAT id", details.vat_id)]


def _tab(section: Section) -> str:
    return f"{section.number} {section.title}"[:31]  # Excel's limit


def _section_rows(section: Section) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {name: _figure(cell) if name in FIGURES else cell for name, cell in zip(section.columns, row, strict=True)} for row in section.rows
    ]
    return rows or [{"note": section.note}]


def _figure(cell: str) -> float | str | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return cell


def _cdr_sheets(content: StatementContent) -> dict[str, int]:
    cdrs = content.bridge.cdrs
    starts = range(0, cdrs, _ROWS_OF_A_SHEET)
    return {f"CDRs {number}" if number > 1 else "CDRs": min(cdrs - start, _ROWS_OF_A_SHEET) for number, start in enumerate(starts, 1)}


def _builtins(rows: Any) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = msgspec.to_builtins(rows)
    return told


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) if name in _NUMBERS and value is not None else value for name, value in row.items()}


_CORE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties '
    'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:dcmitype="http://purl.org/dc/dcmitype/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dcterms:created xsi:type="dcterms:W3CDTF">STAMP</dcterms:created>'
    '<dcterms:modified xsi:type="dcterms:W3CDTF">STAMP</dcterms:modified></cp:coreProperties>'
)
