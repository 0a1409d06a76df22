"""The JSON Schema of the JSON export, written from the types that the export is made of."""

import json
from typing import Any

import msgspec

from settlement.statements.content import VERSION, StatementDocument


def statement_schema() -> str:
    """This function will return docs/statement.schema.json (`manage.py export_statement --format json` obeys it)."""
    (reference,), components = msgspec.json.schema_components([StatementDocument], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Settlement statement, version {VERSION}",
        "description": "Amounts are texts, never floats. Lines sum to totals.net; `amount` of the CDRs sums to net without fees.",
        **reference,
        "$defs": components,
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
