"""The CDRs of a workbook, a row at a time from PostgreSQL's COPY into the sheet: no row becomes a Python object per cell.

The library writes every other sheet, and these with one row that stands for all: its formats, widths, filter and head stay as the
library wrote them, its one row is replaced.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from django.db import connection

from settlement.statements.annex import COLUMNS, annex_parameters, annex_query
from settlement.statements.models import Statement

_CONTROLS = bytes(set(range(32)) - {9, 10, 13})  # no XML has them
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"r": b"&#13;", b"t": b"\t", b"\\": b"\\"}
_EXCELS_ESCAPE = re.compile(rb"_(?=x[0-9A-Fa-f]{4}_)")
_COLUMN = re.compile(r'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"')
_ROW_PLACE = b"\x00"  # stands in no text of PostgreSQL
_LARGE_SHEET = 300_000  # beyond that a sheet may have more than 2 GB before it is compressed


def splice(*, book: io.BytesIO, statement: Statement, rows: Mapping[str, int], numbers: frozenset[str], properties: bytes) -> bytes:
    """This function will return the workbook with the statement's CDRs in the sheets named by `rows`, so many in each, in this order.

    Columns in `numbers` are numbers, the others texts. `properties` replaces what the library stamps with the hour, and every entry gets
    the same date: the same statement gives the same bytes.
    """
    output = io.BytesIO()
    lines = _lines(statement)
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        entries = {entry.filename: source.read(entry) for entry in source.infolist()}
        sheets = dict(zip(_paths(entries, list(rows)), rows.values(), strict=True))
        for name, content in entries.items():
            if name in sheets:
                _write_sheet(archive, name, content.decode(), lines, sheets[name], numbers)
                continue
            told = properties if name == "docProps/core.xml" else _filtered(content, rows) if name == "xl/workbook.xml" else content
            archive.writestr(zipfile.ZipInfo(name), told, zipfile.ZIP_DEFLATED, compresslevel=6)
    return output.getvalue()


def _lines(statement: Statement) -> Iterator[bytes]:
    query = f"COPY ({annex_query(select=', '.join(COLUMNS))}) TO STDOUT (NULL '')"
    with connection.cursor() as cursor, cursor.copy(query, annex_parameters(statement=statement)) as copy:
        for row in copy:  # libpq gives whole rows
            yield bytes(row)[:-1]


def _write_sheet(archive: zipfile.ZipFile, name: str, content: str, lines: Iterator[bytes], count: int, numbers: frozenset[str]) -> None:
    head, _, rest = content.partition('<row r="2"')
    tail = rest[rest.index("</sheetData>") :]
    last = _letters(len(COLUMNS))
    head, tail = (text.replace(f'ref="A1:{last}2"', f'ref="A1:{last}{count + 1}"') for text in (head, tail))
    cells = _cells(head, numbers)
    kept = _cells(head, numbers, keep_spaces=True)
    with archive.open(name, "w", force_zip64=count > _LARGE_SHEET) as sheet:
        sheet.write(head.encode())
        written = 1
        while block := list(islice(lines, 1000)):
            sheet.write(b"".join([_row(line, number, cells, kept) for number, line in enumerate(block, start=written + 1)]))
            written += len(block)
            if written > count:
                break
        sheet.write(tail.encode())


def _row(line: bytes, number: int, cells: Sequence[tuple[bytes, bytes]], kept: Sequence[tuple[bytes, bytes]]) -> bytes:
    line = line.translate(None, _CONTROLS)
    if b"&" in line or b"<" in line or b">" in line:
        line = line.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    if b"_x" in line:
        line = _EXCELS_ESCAPE.sub(b"_x005F_", line)
    values = line.split(b"\t")
    if b"\\" in line:
        values = [_ESCAPED.sub(lambda found: _MEANT.get(found[1], b""), value) for value in values]
        cells = kept
    elif b"\t " in line or b" \t" in line:
        cells = kept
    told = b"".join([before + value + after for (before, after), value in zip(cells, values, strict=True) if value])
    return (b'<row r="\x00">' + told + b"</row>").replace(_ROW_PLACE, b"%d" % number)


def _cells(head: str, numbers: frozenset[str], *, keep_spaces: bool = False) -> list[tuple[bytes, bytes]]:
    """This function will return what stands before and after each column's value, with the format that the library gave the column."""
    formats = {place: f' s="{number}"' for first, last, number in _COLUMN.findall(head) for place in range(int(first), int(last) + 1)}
    space = ' xml:space="preserve"' if keep_spaces else ""
    cells = []
    for place, name in enumerate(COLUMNS, start=1):
        start = f'<c r="{_letters(place)}\x00"{formats.get(place, "")}'
        cells.append((f"{start}><v>", "</v></c>") if name in numbers else (f'{start} t="inlineStr"><is><t{space}>', "</t></is></c>"))
    return [(before.encode(), after.encode()) for before, after in cells]


def _paths(entries: Mapping[str, bytes], sheets: Sequence[str]) -> list[str]:
    # The library numbers its files by the order of the sheets, and those of CDRs are the last.
    count = sum(name.startswith("xl/worksheets/sheet") for name in entries)
    return [f"xl/worksheets/sheet{number}.xml" for number in range(count - len(sheets) + 1, count + 1)]


def _filtered(workbook: bytes, rows: Mapping[str, int]) -> bytes:
    for name, count in rows.items():
        quoted = f"'{name}'" if " " in name else name
        last = _letters(len(COLUMNS))
        workbook = workbook.replace(f">{quoted}!$A$1:${last}$2<".encode(), f">{quoted}!$A$1:${last}${count + 1}<".encode())
    return workbook


def _letters(place: int) -> str:
    text = ""
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
