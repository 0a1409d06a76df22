"""The statement package: a ZIP with every file of a statement and all that proves it offline (templates/statements/package)."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.conf import settings

from settlement.documents.archive import pack
from settlement.documents.facturx_export import draw_facturx
from settlement.documents.invoices import MissingVatId
from settlement.documents.issue_invoices import file_of, issued_invoices
from settlement.documents.models import StatementSeal
from settlement.documents.seal_runs import canonical_json, proved_lines, seal_runs
from settlement.documents.validate import InvoiceInvalid
from settlement.statements.models import Statement

Renderer = Callable[..., bytes]


class NotIssued(Exception):
    """Only an issued statement has a package: a draft proves nothing."""


def render_package(*, statement: Statement, documents: Mapping[str, Renderer]) -> bytes:
    """This function will return the package with the given documents (extension: renderer) in it.

    Where an invoice is refused the package says why. It raises NotIssued, and InvoiceUnchecked where the rules could not be asked.
    """
    if statement.state != Statement.State.ISSUED:
        raise NotIssued(f"statement {statement.pk} is {statement.state}: only an issued one has a package")
    seal = _seal_of(statement)
    lines = list(proved_lines(statement=statement))
    files = {
        **{f"documents/{statement.number}.{name}": render(statement=statement) for name, render in documents.items()},
        **_invoices(statement),
        "statement.json": statement.content.encode(),
        "lines.jsonl": b"".join(line + b"\n" for line in lines),
        "proof.json": canonical_json(_proof(seal, lines)),
        **{name: (_folder() / name).read_bytes() for name in ("verify.py", "README.txt")},
    }
    manifest = canonical_json({name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())})
    return pack(files={**files, "manifest.json": manifest})


def path_to_root(*, leaves: Sequence[bytes], place: int) -> list[tuple[str, str]]:
    """This function will return the hashes that lead from a leaf to the root, each with the side it stands on."""
    path = []
    row = list(leaves)
    while len(row) > 1:
        if place ^ 1 < len(row):
            path.append(("left" if place % 2 else "right", row[place ^ 1].hex()))
        pairs = [hashlib.sha256(b"\x01" + row[left] + row[left + 1]).digest() for left in range(0, len(row) - 1, 2)]
        row, place = pairs + row[2 * len(pairs) :], place // 2
    return path


def _seal_of(statement: Statement) -> StatementSeal:
    seals = StatementSeal.objects.filter(statement=statement).select_related("run_seal")
    seal = seals.first()
    if seal is None:
        assert statement.issued_at is not None  # it is issued: the database demands it
        seal_runs(at=statement.issued_at)
        seal = seals.get()
    return seal


def _proof(seal: StatementSeal, lines: Sequence[bytes]) -> dict[str, object]:
    of_run = seal.run_seal
    summaries = of_run.statements.order_by("place").values_list("summary", flat=True)
    leaves = [_leaf(summary.encode()) for summary in summaries]
    return {
        "summary": seal.summary,
        "leaves": [_leaf(line).hex() for line in lines],
        "path": path_to_root(leaves=leaves, place=seal.place),
        "run_root": bytes(of_run.root).hex(),
        "previous_head": bytes(of_run.previous_head).hex(),
        "head": bytes(of_run.head).hex(),
        "signature": bytes(of_run.signature).hex(),
        "public_key": bytes(of_run.public_key).hex(),
    }


def _invoices(statement: Statement) -> dict[str, bytes]:
    try:
        rows = issued_invoices(statement=statement)
    except (MissingVatId, InvoiceInvalid) as refused:
        return {"invoices/MISSING.txt": f"There are no e-invoices for this statement: {refused}\n".encode()}
    files: dict[str, bytes] = {}
    for row in rows:
        files[f"invoices/{row.number}.ubl.xml"] = file_of(row.ubl)
        files[f"invoices/{row.number}.cii.xml"] = file_of(row.cii)
        files[f"invoices/{row.number}.pdf"] = draw_facturx(row=row)
    return files


def _leaf(line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + line).digest()


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "templates" / "statements" / "package"
