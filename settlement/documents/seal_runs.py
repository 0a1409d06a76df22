"""Seal issued runs one after the other: what partners hold afterwards proves what they were told (finance §6.6).

A run's root covers its statements, a statement's root its CDR lines, and each head the head before. Sealing follows issuing in the
background, or at the first package: everything it hashes is frozen already, so it gives the same whenever it happens. It is not done
while issuing: ten million lines would keep the issuing transaction open for minutes.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from roaming.cdrs.merkle import NO_HEAD, merkle_root, next_head
from roaming.parties.keys import key_ring
from settlement.clearing.gate import allow_long_work
from settlement.documents.models import RunSeal, StatementSeal
from settlement.netting.models import NettingRun
from settlement.statements.annex import read_annex
from settlement.statements.models import Statement

# Of the annex's columns, what both sides of a pair hold alike, and nothing about a person. A fixed list: later columns of the annex
# must not change what was sealed.
PROVED = (
    *("cdr", "credit_of", "operator", "provider", "period", "service_period", "started_at", "ended_at", "energy_kwh", "currency"),
    *("net", "vat_rate", "vat", "gross", "tax_note", "shown", "seal"),
)
_PURPOSE = b"settlement.statement-seal.ed25519"
_ONE_SEALER = "SELECT pg_advisory_xact_lock(hashtextextended('seal-runs', 0))"


def seal_runs(*, at: datetime) -> int:
    """This function will seal every issued run that has no seal, in the order in which they were issued; it returns how many."""
    made = 0
    with transaction.atomic():
        allow_long_work()
        with connection.cursor() as cursor:
            cursor.execute(_ONE_SEALER)
        for run in NettingRun.objects.filter(state=NettingRun.State.ISSUED, seal=None).order_by("issued_at", "id"):
            _seal(run, at)
            made += 1
    return made


def proved_lines(*, statement: Statement) -> Iterator[bytes]:
    """This function will yield the lines that a statement's root is made of: canonical JSON, sorted keys, no spaces."""
    for line in read_annex(statement=statement, columns=PROVED):
        yield canonical_json({name: line[name] for name in PROVED})


def summary_of(*, statement: Statement, lines: int, lines_root: bytes) -> bytes:
    """This function will return a statement's leaf in the tree of its run."""
    return canonical_json(
        {
            "statement": statement.number,
            "party": str(statement.party.key),
            "currency": statement.currency,
            "lines": lines,
            "lines_root": lines_root.hex(),
            "content_sha256": hashlib.sha256(statement.content.encode()).hexdigest(),
        }
    )


def root_of(lines: Sequence[bytes]) -> bytes:
    """This function will return the Merkle root of lines; of none, 32 zero bytes."""
    return merkle_root(lines) if lines else NO_HEAD


def canonical_json(told: object) -> bytes:
    """This function will write JSON that hashes alike everywhere: sorted keys, no spaces, UTF-8."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signing_key() -> Ed25519PrivateKey:
    """This function will return the hub's signing key, derived from the key ring's pepper, which never rotates."""
    return Ed25519PrivateKey.from_private_bytes(key_ring().derive(purpose=_PURPOSE))


def public_key() -> bytes:
    """This function will return the key that partners check signatures with, 32 bytes."""
    return signing_key().public_key().public_bytes_raw()


def _seal(run: NettingRun, at: datetime) -> None:
    statements = list(Statement.objects.filter(run=run).select_related("party", "run").order_by("number"))
    summaries = []
    for statement in statements:
        lines = list(proved_lines(statement=statement))
        summaries.append(summary_of(statement=statement, lines=len(lines), lines_root=root_of(lines)))
    before = RunSeal.objects.order_by("-id").first()
    previous, root = bytes(before.head) if before else NO_HEAD, root_of(summaries)
    head = next_head(previous=previous, root=root)
    seal = RunSeal.objects.create(
        run=run,
        root=root,
        previous_head=previous,
        head=head,
        signature=signing_key().sign(head),
        public_key=public_key(),
        sealed_at=at,
    )
    StatementSeal.objects.bulk_create(
        StatementSeal(statement=statement, run_seal=seal, place=place, summary=summary.decode())
        for place, (statement, summary) in enumerate(zip(statements, summaries, strict=True))
    )
