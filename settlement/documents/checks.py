"""Checks of files and seals: every stored document is, byte for byte, what was rendered, and every head follows from the one before."""

import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from roaming.cdrs.merkle import NO_HEAD, next_head
from settlement.documents.models import Document, RunSeal
from settlement.documents.seal_runs import root_of, summary_of
from settlement.documents.store import is_intact


def files_are_intact() -> str | None:
    """This function will name the first stored file that is missing or changed."""
    for document in Document.objects.select_related("statement").order_by("id").iterator():
        if not is_intact(document=document):
            return f"document {document.statement.number} {document.format}: its file is missing or changed"
    return None


def seals_follow() -> str | None:
    """This function will name the first sealed run whose statements do not give its root, or whose head does not follow the one before."""
    previous = NO_HEAD
    for seal in RunSeal.objects.select_related("run").order_by("id").iterator():
        summaries = []
        for row in seal.statements.select_related("statement__party").order_by("place"):
            told = json.loads(row.summary)
            lines_root = bytes.fromhex(told["lines_root"])
            now = summary_of(statement=row.statement, lines=told["lines"], lines_root=lines_root)
            if now != row.summary.encode():
                return f"statement {row.statement.number} is not what was sealed"
            summaries.append(now)
        root, head = bytes(seal.root), bytes(seal.head)
        if root_of(summaries) != root or bytes(seal.previous_head) != previous or next_head(previous=previous, root=root) != head:
            return f"the seal of {seal.run.period} {seal.run_id} does not follow from what it covers"
        try:
            Ed25519PublicKey.from_public_bytes(bytes(seal.public_key)).verify(bytes(seal.signature), head)
        except InvalidSignature:
            return f"the seal of {seal.run.period} {seal.run_id} is not signed by its key"
        previous = head
    return None


CHECKS = (files_are_intact, seals_follow)
