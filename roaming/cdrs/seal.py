"""Blocks of seals, chained off the write path.

A chain from row to row would make every CDR wait for the one before it. Here each row carries its own seal; now and then the
rows that can no longer get a neighbour below them become a block, and each block's head covers the one before.
"""

import logging
from datetime import datetime
from time import sleep

import msgspec
from django.db import connection, transaction

from roaming.cdrs.merkle import NO_HEAD, merkle_root, next_head
from roaming.cdrs.verify import Verification, verify_seals

__all__ = ["Verification", "seal_blocks", "verify_seals"]

logger = logging.getLogger(__name__)

BLOCK_SIZE = 4096
_PATIENCE_SECONDS = 2.0
_LOOK_SECONDS = 0.02


class Chain(msgspec.Struct, frozen=True):
    """A table whose rows are sealed: its name in `SealedBlock.kind`, the table, and what a leaf of its blocks is (SQL)."""

    kind: str
    table: str
    leaf: str
    leaves: int


# When a CDR was received decides its period and is not in its body: the blocks cover it, as microseconds since 1970 in eight bytes.
STAMPED = "seal || int8send((extract(epoch FROM received_at) * 1000000)::bigint)"
CHAINS = (
    Chain(kind="cdr", table="roaming_cdr", leaf=STAMPED, leaves=2),
    Chain(kind="session", table="roaming_sessionrevision", leaf="seal", leaves=1),
)

# Ids are drawn when a row is written and seen when its transaction commits: a lower id may appear after a higher one. Whoever
# writes the table holds this lock from before the id is drawn until the commit is visible, transactions without an xid too
# (their xmin would say nothing). So once the writers of a moment are gone, every id up to that moment's highest is decided.
WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
"""

LAST_BLOCK = "SELECT height, final_row, head FROM roaming_sealedblock WHERE kind = %s ORDER BY height DESC LIMIT 1"

ADD_BLOCK = """
INSERT INTO roaming_sealedblock (kind, height, first_row, final_row, count, leaves, root, previous_head, head, sealed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

# Two sealers would give two blocks one height; the second one leaves, it has nothing to add.
TRY_TO_BE_THE_SEALER = "SELECT pg_try_advisory_xact_lock(hashtextextended('seal-blocks', 0))"


def seal_blocks(*, at: datetime, block_size: int = BLOCK_SIZE) -> int:
    """This function will put every decided row into blocks of at most `block_size` and return how many blocks it made.

    Another sealer at work makes it return 0. Writers that stay longer than two seconds leave their rows to the next time.
    """
    made = 0
    for chain in CHAINS:
        highest = _highest_decided(chain)
        if highest is None:
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TRY_TO_BE_THE_SEALER)
            if not cursor.fetchone()[0]:
                return made
            while _seal_one(chain, highest, at, block_size):
                made += 1
    return made


def _highest_decided(chain: Chain) -> int | None:
    """This function will return the highest row below which no row can appear any more, or None where that cannot be said yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {chain.table}")  # noqa: S608  (a constant)
        highest: int | None = cursor.fetchone()[0]
        if highest is None:
            return None
        cursor.execute(WRITERS, [chain.table])
        writing = {row[0] for row in cursor.fetchall()}
        waited = 0.0
        while writing:
            if waited >= _PATIENCE_SECONDS:
                logger.info("a block waits for a long transaction", extra={"kind": chain.kind})
                return None
            sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
            cursor.execute(WRITERS, [chain.table])
            writing &= {row[0] for row in cursor.fetchall()}
    return highest


def _seal_one(chain: Chain, highest: int, at: datetime, block_size: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(LAST_BLOCK, [chain.kind])
        height, final_row, head = cursor.fetchone() or (0, 0, NO_HEAD)
        cursor.execute(
            f"SELECT id, {chain.leaf} FROM {chain.table} WHERE id > %s AND id <= %s ORDER BY id LIMIT %s",  # noqa: S608  (a constant)
            [final_row, highest, block_size],
        )
        rows = cursor.fetchall()
        if not rows:
            return False
        root, previous = merkle_root(bytes(leaf) for _, leaf in rows), bytes(head)
        first, last = rows[0][0], rows[-1][0]
        cursor.execute(
            ADD_BLOCK,
            [chain.kind, height + 1, first, last, len(rows), chain.leaves, root, previous, next_head(previous=previous, root=root), at],
        )
    return True
