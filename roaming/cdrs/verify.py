"""Is every sealed row still what was sealed? Walks seals, derived columns, blocks and the chain, and names the first break."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import msgspec
from django.db import connection, transaction

from roaming import canonical
from roaming.cdrs.columns import Columns, derive_columns
from roaming.cdrs.merkle import NO_HEAD, merkle_root, next_head
from roaming.objects.limits import DoesNotFit

# SHA-256 of the received body is taken where the body lies: half of the bytes need not travel. `pg_catalog` is named, so that a
# function of the same name in another schema cannot answer for it.
CDRS = f"""
SELECT c.id, c.seal, pg_catalog.sha256(c.received), c.body, c.owner_id, c.provider_id, c.credit_of_id,
    (SELECT o.cdr_key FROM roaming_cdr o WHERE o.id = c.credit_of_id AND o.owner_id = c.owner_id),
    int8send((extract(epoch FROM c.received_at) * 1000000)::bigint),
    {", ".join(f"c.{name}" for name in Columns.__struct_fields__)}
FROM roaming_cdr c ORDER BY c.id
"""  # noqa: S608  (names of our own columns)

SESSION_REVISIONS = """
SELECT r.id, r.seal, pg_catalog.sha256(r.body) = r.seal, r.session_id, r.number FROM roaming_sessionrevision r ORDER BY r.id
"""

# One statement, one snapshot: a block that is made meanwhile is in both parts or in none. The noted head comes first, with count −1.
BLOCKS = """
SELECT * FROM (
    SELECT height, 0 AS first_row, final_row, -1 AS count, 0 AS leaves, ''::bytea AS root, ''::bytea AS previous_head, head
    FROM roaming_chainhead WHERE kind = %s
    UNION ALL
    SELECT height, first_row, final_row, count, leaves, root, previous_head, head FROM roaming_sealedblock WHERE kind = %s
) AS told ORDER BY count >= 0, height
"""

_STAMP, _FIRST_COLUMN = 8, 9


class Verification(msgspec.Struct, frozen=True):
    """The outcome: how many CDRs were walked, the head of their chain in hex (empty: no block yet), and what is broken, if anything."""

    ok: bool
    records: int
    head: str
    broken: str | None = None


class Broken(Exception):
    """The first row or block that is not what was sealed."""


class _Block(msgspec.Struct, frozen=True):
    height: int
    first_row: int
    final_row: int
    count: int
    leaves: int
    root: bytes
    previous_head: bytes
    head: bytes


def verify_seals() -> Verification:
    """This function will recompute every seal, every column read off a body, every block and the chain of heads.

    It reads the tables once, in order and in small portions. What it found broken first stands in `broken`.
    """
    cdrs, sessions = _ChainWalk("cdr"), _ChainWalk("session")
    try:
        companies = _read_companies()
        for row in _stream(CDRS):
            _check_cdr(row, companies)
            cdrs.step(row[0], bytes(row[1]), bytes(row[_STAMP]))
        cdrs.end()
        for row in _stream(SESSION_REVISIONS):
            if not row[2]:
                raise Broken(f"session {_name_of_session(row[3])}: revision {row[4]} does not fit its seal")
            sessions.step(row[0], bytes(row[1]))
        sessions.end()
    except Broken as broken:
        return Verification(ok=False, records=cdrs.rows, head=cdrs.head, broken=str(broken))
    return Verification(ok=True, records=cdrs.rows, head=cdrs.head)


_NOTHING = _Block(0, 0, 0, 0, 1, b"", b"", NO_HEAD)


class _ChainWalk:
    """Compares the blocks of one chain with the rows that pass by in order."""

    def __init__(self, kind: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(BLOCKS, [kind, kind])
            blocks = [_Block(*row[:5], *(bytes(part) for part in row[5:])) for row in cursor.fetchall()]
        self._noted = blocks.pop(0) if blocks and blocks[0].count < 0 else _NOTHING
        self.kind = kind
        self.rows = 0
        self._blocks = iter(blocks)
        self._seals: list[bytes] = []
        self._first = 0
        self._previous = _NOTHING
        self._block = next(self._blocks, None)

    @property
    def head(self) -> str:
        """The latest head that was found right, in hex."""
        return self._previous.head.hex() if self._previous.height else ""

    def step(self, row: int, seal: bytes, stamp: bytes = b"") -> None:
        """This function will take the next row with its seal and when it was received; it raises Broken where a block does not fit."""
        self.rows += 1
        while self._block is not None and row > self._block.final_row:
            self._close(self._block)
        if self._block is None:
            return
        if not self._seals:
            self._first = row
        self._seals.append(seal + stamp if self._block.leaves > 1 else seal)
        if row == self._block.final_row:
            self._close(self._block)

    def end(self) -> None:
        """This function will check the blocks whose last rows are gone, and that the chain is as high as was noted; it raises Broken."""
        while self._block is not None:
            self._close(self._block)
        reached = (self._previous.height, self._previous.final_row, self._previous.head)
        noted = self._noted
        if reached != (noted.height, noted.final_row, noted.head):
            raise Broken(
                f"{self.kind} chain ends at block {reached[0]} (row {reached[1]}), noted was block {noted.height} (row {noted.final_row})"
            )

    def _close(self, block: _Block) -> None:
        name = f"{self.kind} block {block.height} (rows {block.first_row} to {block.final_row})"
        if block.height != self._previous.height + 1:
            raise Broken(f"{self.kind} block {self._previous.height + 1} is missing")
        if len(self._seals) != block.count or self._first != block.first_row:
            raise Broken(f"{name}: {len(self._seals)} rows where {block.count} were sealed")
        if merkle_root(self._seals) != block.root:
            raise Broken(f"{name}: its rows do not give its root")
        if block.previous_head != self._previous.head or next_head(previous=block.previous_head, root=block.root) != block.head:
            raise Broken(f"{name}: its head does not follow from the block before")
        self._previous, self._seals = block, []
        self._block = next(self._blocks, None)


def _check_cdr(row: tuple[Any, ...], companies: dict[int, canonical.PartyId]) -> None:
    _, seal, received_digest, body, owner, provider, credit_of, original_key = row[:_STAMP]
    if _seal(received_digest, body) != seal:
        raise Broken(f"{_name(row, companies)}: its body does not fit its seal")
    try:
        cdr = canonical.decode(body, canonical.Cdr)
        expected = msgspec.structs.astuple(derive_columns(cdr))
    except (msgspec.DecodeError, DoesNotFit) as error:
        raise Broken(f"{_name(row, companies)}: its sealed body does not read ({error})") from None
    if expected != row[_FIRST_COLUMN:]:
        names = zip(Columns.__struct_fields__, expected, row[_FIRST_COLUMN:], strict=True)
        field = next(field for field, sealed, column in names if sealed != column)
        raise Broken(f"{_name(row, companies)}: {field} differs from its sealed body")
    if companies.get(owner) != cdr.owner:
        raise Broken(f"{_name(row, companies)}: owner differs from its sealed body")
    if (cdr.cdr_token.country_code or cdr.cdr_token.party_id) and companies.get(provider) != cdr.cdr_token.owner:
        raise Broken(f"{_name(row, companies)}: provider differs from its sealed body")
    is_credit = credit_of is not None or cdr.credit_reference_id is not None
    if is_credit and (cdr.credit_reference_id or "").upper() != original_key:
        raise Broken(f"{_name(row, companies)}: credit_of differs from its sealed body")


def _seal(received_digest: bytes, body: bytes) -> bytes:
    return hashlib.sha256(received_digest + body).digest()


def _name(row: tuple[Any, ...], companies: dict[int, canonical.PartyId]) -> str:
    return f"cdr {companies.get(row[4], row[4])}/{row[_FIRST_COLUMN]}"


def _name_of_session(row: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.country_code || '-' || p.party_id || '/' || s.session_id FROM roaming_session s"
            " JOIN roaming_party p ON p.id = s.owner_id WHERE s.id = %s",
            [row],
        )
        found = cursor.fetchone()
    return found[0] if found else str(row)


def _read_companies() -> dict[int, canonical.PartyId]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, country_code, party_id FROM roaming_party")
        return {row: canonical.PartyId(country, party) for row, country, party in cursor.fetchall()}


def _stream(sql: str) -> Iterator[tuple[Any, ...]]:
    """This function will read `sql` in portions through a server-side cursor, in binary: no hex text, no hold on the whole result."""
    with _server_cursor() as cursor:
        cursor.itersize = 2000
        cursor.execute(sql, binary=True)
        yield from cursor


@contextmanager
def _server_cursor() -> Iterator[Any]:
    with transaction.atomic():
        connection.ensure_connection()
        with connection.connection.cursor(name=f"verify_{uuid4().hex}") as cursor:
            yield cursor
