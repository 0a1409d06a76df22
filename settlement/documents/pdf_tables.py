"""The tables of a statement: numbers to the right with their currency in the head, words to the left."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, LongTable, Table, TableStyle

from settlement.documents.pdf_numbers import figure
from settlement.documents.pdf_rows import Rows
from settlement.documents.pdf_style import (
    ACCENT,
    BODY,
    BOLD,
    INK,
    PALE,
    PETROL,
    QUIET,
    QUIET_BODY,
    REGULAR,
    RULE,
    SMALL,
    WHITE,
    WIDTH,
    style,
    text,
)
from settlement.statements.content import Line, StatementContent

# Columns of the annex that paper has room for.
PRINTED = (
    *("line", "side", "cdr", "operator", "provider", "bucket", "service_period", "credit_of", "original_statement", "original_line"),
    *("ended_at", "evse_id", "energy_kwh", "net", "vat_rate", "gross", "amount"),
)
_ROWS_OF_A_TABLE = 500


def tiles(content: StatementContent) -> Flowable:
    """This function will return the summary: receivable, payable, fees and the net position with what it means."""
    totals, currency = content.totals, content.currency
    meaning = "settled: nothing to pay" if not Decimal(totals.net) else "you receive" if not totals.net.startswith("-") else "you pay"
    hub = content.party == content.issuer.party
    cells = [
        ("Receivable as operator", figure(totals.receivable), False),
        ("Payable as provider", figure(totals.payable), False),
        ("Hub fees earned" if hub else "Hub fees incl. VAT", figure(totals.fees.lstrip("-") if hub else totals.fees), False),
        (f"Net position: {meaning}", figure(totals.net), True),
    ]
    label, strong = style("tile", size=7.5, color=QUIET), style("tile-strong", size=7.5, color=WHITE)
    amount, net = style("tile-amount", size=14, bold=True, color=PETROL), style("tile-net", size=14, bold=True, color=WHITE)
    row = [
        [text(name, strong if is_net else label), text(f"{value} {currency}", net if is_net else amount)] for name, value, is_net in cells
    ]
    widths = [WIDTH * share for share in (0.235, 0.235, 0.235, 0.295)]
    return Table(
        [row],
        colWidths=widths,
        style=TableStyle(
            [
                ("BACKGROUND", (0, 0), (2, 0), PALE),
                ("BACKGROUND", (3, 0), (3, 0), ACCENT),
                ("LINEAFTER", (0, 0), (1, 0), 1.5, WHITE),
                ("LEFTPADDING", (0, 0), (-1, -1), 8),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        ),
    )


def facts(rows: Iterable[tuple[str, str]]) -> Flowable:
    """This function will return a small table of names and values."""
    quiet, value = style("fact", size=8, color=QUIET), style("fact-value", size=8.5, bold=True)
    return Table(
        [[text(name, quiet), text(words, value)] for name, words in rows],
        colWidths=[24 * mm, 46 * mm],
        style=TableStyle(
            [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        ),
    )


def lines_table(lines: Sequence[Line], *, currency: str) -> Flowable:
    """This function will return lines of a statement with their sum."""
    decimals = max((len(value.partition(".")[2]) for line in lines for value in (line.net, line.vat, line.gross)), default=2)
    rows: list[list[Any]] = [["", "Counterparty", "What", "CDRs", "kWh", f"Net {currency}", "VAT %", "VAT", f"Gross {currency}"]]
    for line in lines:
        whom = f"{line.counterparty} {_without(line.counterparty_name, line.counterparty)}" if line.counterparty else "–"
        what = f"{line.description} · {line.tax_note}" if line.tax_note else line.description
        rows.append(
            [
                str(line.line),
                text(whom, SMALL),
                text(what, SMALL),
                f"{line.cdrs:,}" if line.cdrs else "",
                _kwh(line.energy_kwh),
                figure(line.net, decimals=decimals),
                figure(line.vat_rate) if line.kind not in ("rounding", "vat_rounding") else "",
                figure(line.vat, decimals=decimals),
                figure(line.gross, decimals=decimals),
            ]
        )
    if len(lines) > 1:
        sums = [sum((Decimal(getattr(line, name)) for line in lines), Decimal(0)) for name in ("net", "vat", "gross")]
        net, vat, gross = (figure(f"{total:f}", decimals=decimals) for total in sums)
        cdrs = sum(line.cdrs for line in lines)
        rows.append(["", "", "", f"{cdrs:,}" if cdrs else "", "", net, "", vat, gross])
    widths = [7 * mm, 33 * mm, 40 * mm, 11 * mm, 17 * mm, 19 * mm, 12 * mm, 15 * mm, 20 * mm]
    table = _table(rows, widths=widths, words=3, size=7.5)
    if len(lines) > 1:
        table.setStyle(TableStyle([("FONT", (0, -1), (-1, -1), BOLD, 7.5)]))
    return table


def taxes_table(content: StatementContent) -> Flowable:
    """This function will return the tax summary: each VAT group after its one rounding."""
    sides = {"receivable": "Charged to providers", "payable": "Charged by operators", "fee": "Hub fees"}
    rows: list[list[Any]] = [["Supply", "Rule and legal basis", "VAT %", f"Net {content.currency}", "VAT", f"Gross {content.currency}"]]
    for tax in content.taxes:
        note = text(tax.legal_basis or tax.tax_note or "–", SMALL)
        rows.append([sides[tax.side], note, figure(tax.vat_rate), figure(tax.net), figure(tax.vat), figure(tax.gross)])
    return _table(rows, widths=[32 * mm, 66 * mm, 14 * mm, 22 * mm, 18 * mm, 22 * mm], words=2, size=8)


def payments_table(content: StatementContent) -> Flowable:
    """This function will return who pays whom, to which account and under which reference."""
    if not content.payments:
        return text("No payment is due: what the party owes and is owed is equal.", BODY)
    rows: list[list[Any]] = [["From", "To", "Account (IBAN)", "Reference", f"Amount {content.currency}"]]
    for payment in content.payments:
        payee = text(f"{payment.payee} {_without(payment.payee_name, payment.payee)}", SMALL)
        account = text(_grouped(payment.iban) or "–", SMALL)
        rows.append([payment.payer, payee, account, text(payment.reference, SMALL), figure(payment.amount)])
    return _table(rows, widths=[16 * mm, 44 * mm, 48 * mm, 40 * mm, 26 * mm], words=4, size=8)


def cdr_tables(lines: Iterable[dict[str, Any]], *, currency: str) -> Iterator[Flowable]:
    """This function will return the CDR annex in tables of some hundred rows each."""
    head = ["", "Ended (UTC)", "CDR", "Counterparty", "EVSE", "kWh", "Net", "VAT %", "Gross", f"Amount {currency}"]
    widths = [8 * mm, 22 * mm, 33 * mm, 16 * mm, 28 * mm, 12 * mm, 14 * mm, 10 * mm, 15 * mm, 16 * mm]
    rows: list[list[str]] = []
    for line in lines:
        whom = line["provider"] if line["side"] == "receivable" else line["operator"]
        mark = {"late": f" (late: {line['service_period']})", "credit": f" (credits {line['credit_of']}{_stood(line)})"}.get(
            line["bucket"], ""
        )
        rows.append(
            [
                str(line["line"]),
                line["ended_at"][:16].replace("T", " "),
                line["cdr"].partition("/")[2] + mark,
                whom,
                line["evse_id"],
                _kwh(line["energy_kwh"], decimals=3),
                figure(line["net"]),
                figure(line["vat_rate"]),
                figure(line["gross"]),
                figure(line["amount"]),
            ]
        )
        if len(rows) == _ROWS_OF_A_TABLE:
            yield Rows(rows, head=head, widths=widths, words=5, wrapped=(2, 4))
            rows = []
    if rows:
        yield Rows(rows, head=head, widths=widths, words=5, wrapped=(2, 4))


def ruled_table(rows: list[list[Any]], *, widths: Sequence[float], words: int, size: float = 8) -> Flowable:
    """This function will return a table of this house: the first row is its head, columns from `words` on are figures."""
    return _table(rows, widths=widths, words=words, size=size)


def note(words: str) -> Flowable:
    """This function will return a quiet sentence."""
    return text(words, QUIET_BODY)


def _stood(line: dict[str, Any]) -> str:
    return f", line {line['original_line']} of {line['original_statement']}" if line["original_statement"] else ""


def _table(rows: list[list[Any]], *, widths: Sequence[float], words: int, size: float) -> LongTable:
    return LongTable(
        rows,
        colWidths=widths,
        repeatRows=1,
        style=TableStyle(
            [
                ("FONT", (0, 0), (-1, 0), BOLD, size),
                ("FONT", (0, 1), (-1, -1), REGULAR, size),
                ("TEXTCOLOR", (0, 0), (-1, 0), PETROL),
                ("TEXTCOLOR", (0, 1), (-1, -1), INK),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, PETROL),
                ("LINEBELOW", (0, 1), (-1, -1), 0.3, RULE),
                ("ALIGN", (words, 0), (-1, -1), "RIGHT"),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        ),
    )


def _kwh(amount: str, *, decimals: int = 2) -> str:
    exact = Decimal(amount)
    return figure(f"{exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP):f}") if exact else ""


def _without(name: str, key: str | None) -> str:
    return "" if name == key else name


def _grouped(iban: str) -> str:
    return " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
