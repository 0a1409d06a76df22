"""The JSON export: the canonical statement and every CDR line (docs/statement.schema.json), one CDR per line of text."""

import io
from collections.abc import Iterator

from django.db import connection

from settlement.statements.annex import annex_parameters, annex_query
from settlement.statements.content import freeze, read_content
from settlement.statements.models import Statement


def render_json(*, statement: Statement) -> bytes:
    """This function will return the statement as UTF-8 JSON: the frozen content with `cdrs` added at its end."""
    head = statement.content or freeze(read_content(statement=statement))
    output = io.BytesIO()
    output.write(head.encode()[:-1] + b',"cdrs":[')
    separator = b"\n"
    for line in _lines(statement):
        output.write(separator + line.encode())
        separator = b",\n"
    output.write(b"\n]}\n")
    return output.getvalue()


def _lines(statement: Statement) -> Iterator[str]:
    # PostgreSQL writes the JSON of each line; the keys stand in the order of the annex's columns.
    with connection.cursor() as cursor:
        cursor.execute(annex_query(select="row_to_json(told_line)::text"), annex_parameters(statement=statement))
        while rows := cursor.fetchmany(5000):
            for (line,) in rows:
                yield line
