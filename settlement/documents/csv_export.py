"""The CSV export, for people and spreadsheets: one row per CDR, written by PostgreSQL's COPY, then the lines that are no CDR.

The column `amount` sums to the statement's net amount. Text that came from partners and would start a formula in a spreadsheet is
prefixed with an apostrophe; the JSON export keeps it as it came.
"""

import csv
import io

from django.db import connection

from settlement.statements.annex import COLUMNS, annex_parameters, annex_query
from settlement.statements.annex_details import FOREIGN, FOREIGN_IDS
from settlement.statements.content import Line, StatementContent, read_content
from settlement.statements.models import Statement, StatementLine

# Written by partners; everything else is ours or a number.
_FOREIGN_TEXT = (
    "session_id",
    "authorization_reference",
    "location_id",
    "evse_id",
    "country",
    "contract_id",
    "auth_method",
    *FOREIGN,
    *FOREIGN_IDS,
)
_TEXTS = (*_FOREIGN_TEXT, "tax_note", "latitude", "longitude", "checks_flagged", "dispute_status")
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORMULA_CODES = ", ".join(str(ord(mark)) for mark in _STARTS_FORMULA)
# Rounding is spread over the CDR rows already; receivables and payables are those rows.
_EXTRA_KINDS = (StatementLine.Kind.FEE, StatementLine.Kind.ADJUSTMENT, StatementLine.Kind.CARRY)

HEADER = ("statement", "statement_net", "kind", "description", *(name for name in COLUMNS if name != "side"))


def render_csv(*, statement: Statement) -> bytes:
    """This function will return the statement as UTF-8 CSV with a header row and a point as decimal mark."""
    content = read_content(statement=statement)
    output = io.BytesIO()
    output.write(_rows([HEADER]))
    parameters = {**annex_parameters(statement=statement), "number": content.number or "draft", "statement_net": content.totals.net}
    with connection.cursor() as cursor, cursor.copy(f"COPY ({annex_query(select=_select())}) TO STDOUT (FORMAT csv)", parameters) as copy:
        for block in copy:
            output.write(block)
    output.write(_rows([_extra_row(line, content) for line in content.lines if line.kind in _EXTRA_KINDS]))
    return output.getvalue()


def safe(text: str) -> str:
    """This function will return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_STARTS_FORMULA) else text


def _select() -> str:
    return ", ".join(["%(number)s", "%(statement_net)s", "side", "NULL", *(_cell(name) for name in COLUMNS if name != "side")])


def _cell(name: str) -> str:
    # Empty texts as empty cells: COPY would quote them.
    plain = f"nullif({name}, '')" if name in _TEXTS else name
    return f"CASE WHEN ascii({name}) IN ({_FORMULA_CODES}) THEN '''' || {name} ELSE {plain} END" if name in _FOREIGN_TEXT else plain


def _extra_row(line: Line, content: StatementContent) -> tuple[str, ...]:
    told = {
        "statement": content.number or "draft",
        "statement_net": content.totals.net,
        "kind": line.kind,
        "description": safe(line.description),
        "operator": line.counterparty or "",
        "period": content.period,
        "currency": content.currency,
        "net": line.net,
        "vat_rate": line.vat_rate,
        "vat": line.vat,
        "gross": line.gross,
        "tax_note": line.tax_note,
        "amount": line.gross,
    }
    return tuple(told.get(name, "") for name in HEADER)


def _rows(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
