"""Blocks of seals cover every decided row once; whoever changes what was sealed is named."""

import re
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from roaming import canonical
from roaming.cdrs import seal
from roaming.cdrs.merkle import merkle_root, next_head
from roaming.cdrs.models import Cdr, SealedBlock
from roaming.cdrs.seal import seal_blocks, verify_seals
from roaming.parties import directory
from roaming.sessions.models import SessionRevision
from roaming.sessions.receive import put_session
from tests.builders.canonical_messages import NOW, a_cdr, a_credit_of, a_session
from tests.builders.intake import receive
from tests.builders.parties import a_provider, an_operator, roaming_partners


def receive_many(first: int, count: int) -> None:
    for number in range(first, first + count):
        receive(a_cdr(id=f"CDR-{number:04d}", session_id=f"S-{number}"))


def stamped(row: Cdr) -> bytes:
    """This function will return a leaf of a block: the seal, and when it was received in microseconds since 1970."""
    return bytes(row.seal) + struct.pack(">q", (row.received_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def blocks() -> list[SealedBlock]:
    return list(SealedBlock.objects.filter(kind="cdr").order_by("height"))


@contextmanager
def guards_off(*tables: str) -> Iterator[None]:
    """What the owner of the database can do, and the seals must still show."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def tamper(statement: str, *params: Any, table: str = "roaming_cdr") -> None:
    with guards_off(table), connection.cursor() as cursor:
        cursor.execute(statement, params)
        assert cursor.rowcount > 0


@pytest.mark.django_db
class TestSealBlocks:
    def test_chains_full_blocks_and_the_rest(self) -> None:
        roaming_partners()
        receive_many(1, 5)
        assert seal_blocks(at=NOW, block_size=2) == 3
        rows = list(Cdr.objects.order_by("id"))
        first, second, third = blocks()
        assert [(block.height, block.first_row, block.final_row, block.count) for block in (first, second, third)] == [
            (1, rows[0].id, rows[1].id, 2),
            (2, rows[2].id, rows[3].id, 2),
            (3, rows[4].id, rows[4].id, 1),
        ]
        assert bytes(first.root) == merkle_root([stamped(rows[0]), stamped(rows[1])])
        assert bytes(first.previous_head) == bytes(32)
        assert bytes(second.previous_head) == bytes(first.head)
        assert bytes(third.head) == next_head(previous=bytes(second.head), root=bytes(third.root))

    def test_again_makes_nothing_until_something_comes(self) -> None:
        roaming_partners()
        receive_many(1, 2)
        assert seal_blocks(at=NOW) == 1
        assert seal_blocks(at=NOW) == 0
        receive_many(3, 1)
        assert seal_blocks(at=NOW) == 1
        assert [block.count for block in blocks()] == [2, 1]

    def test_chains_the_revisions_of_sessions_apart(self) -> None:
        roaming_partners()
        put_session(session=a_session(), at=NOW, correlation_id="c")
        put_session(session=a_session(kwh="9", last_updated=NOW), at=NOW, correlation_id="c")
        receive(a_cdr())
        assert seal_blocks(at=NOW) == 2
        block = SealedBlock.objects.get(kind="session")
        seals = SessionRevision.objects.order_by("id").values_list("seal", flat=True)
        assert (block.height, block.count, bytes(block.root)) == (1, 2, merkle_root(map(bytes, seals)))


@pytest.mark.django_db
class TestVerifySeals:
    def test_of_nothing_is_in_order(self) -> None:
        assert verify_seals() == seal.Verification(ok=True, records=0, head="")

    def test_of_untouched_rows_gives_their_number_and_head(self) -> None:
        roaming_partners()
        receive_many(1, 3)
        receive(a_credit_of(a_cdr(id="CDR-0001", session_id="S-1")))
        put_session(session=a_session(), at=NOW, correlation_id="c")
        seal_blocks(at=NOW, block_size=2)
        receive_many(7, 1)  # not in a block yet, and verified by its own seal
        assert verify_seals() == seal.Verification(ok=True, records=5, head=bytes(blocks()[-1].head).hex())

    @pytest.mark.parametrize("is_in_a_block", [True, False])
    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("net", "0.01"),
            ("vat", None),
            ("currency", "SEK"),
            ("energy_kwh", "19"),
            ("duration_hours", "2"),
            ("started_at", "2026-10-05T09:00:00Z"),
            ("ended_at", "2026-10-06T11:00:00Z"),
            ("cdr_id", "CDR-0009"),
            ("session_id", "OTHER"),
            ("token_uid", "OTHER"),
            ("contract_id", "OTHER"),
            ("location_id", "OTHER"),
            ("evse_id", "OTHER"),
            ("country", "FRA"),
            ("authorization_reference", "OTHER"),
            ("auth_method", "OTHER"),
            ("last_updated", "2026-10-07T00:00:00Z"),
        ],
    )
    def test_names_the_row_and_the_column_that_was_changed(self, column: str, value: str | None, is_in_a_block: bool) -> None:
        roaming_partners()
        receive_many(6, 3)
        if is_in_a_block:
            seal_blocks(at=NOW)
        tamper(f"UPDATE roaming_cdr SET {column} = %s WHERE cdr_id = 'CDR-0007'", value)  # noqa: S608
        verification = verify_seals()
        name = "CDR-0009" if column == "cdr_id" else "CDR-0007"
        assert verification.broken == f"cdr DE-ALF/{name}: {column} differs from its sealed body"
        assert not verification.ok

    def test_names_a_row_that_was_moved_to_another_operator_or_provider(self) -> None:
        roaming_partners()
        receive_many(7, 1)
        charge, vlot = an_operator("FR-CHA"), a_provider("BE-VLO")
        owner = Cdr.objects.get().owner_id
        tamper("UPDATE roaming_cdr SET owner_id = %s", charge.id)
        assert verify_seals().broken == "cdr FR-CHA/CDR-0007: owner differs from its sealed body"
        tamper("UPDATE roaming_cdr SET owner_id = %s, provider_id = %s", owner, vlot.id)
        assert verify_seals().broken == "cdr DE-ALF/CDR-0007: provider differs from its sealed body"

    @pytest.mark.parametrize("statement", ["SET credit_of_id = %s", "SET credit_of_id = NULL, is_credit = FALSE, net = %s::int - 7.8"])
    def test_names_a_credit_that_points_elsewhere(self, statement: str) -> None:
        roaming_partners()
        receive_many(1, 2)
        receive(a_credit_of(a_cdr(id="CDR-0001", session_id="S-1")))
        other = Cdr.objects.get(cdr_id="CDR-0002").id if "credit_of_id = %s" in statement else 0
        tamper(f"UPDATE roaming_cdr {statement} WHERE cdr_id = 'CDR-0001-C'", other)
        broken = verify_seals().broken or ""
        assert broken.startswith("cdr DE-ALF/CDR-0001-C: ")

    @pytest.mark.parametrize("column", ["received", "body", "seal"])
    def test_names_a_row_whose_bytes_were_changed(self, column: str) -> None:
        roaming_partners()
        receive_many(6, 3)
        tamper(f"UPDATE roaming_cdr SET {column} = {column} || '\\x20' WHERE cdr_id = 'CDR-0007'")  # noqa: S608
        assert verify_seals().broken == "cdr DE-ALF/CDR-0007: its body does not fit its seal"

    def test_a_row_that_was_sealed_anew_breaks_its_block(self) -> None:
        roaming_partners()
        receive_many(1, 4)
        seal_blocks(at=NOW, block_size=2)
        forged = canonical.encode(a_cdr(id="CDR-0003", session_id="S-3", net="0.01", vat="0.00"))
        tamper(
            "UPDATE roaming_cdr SET body = %s, net = 0.01, vat = 0, seal = sha256(sha256(received) || %s) WHERE cdr_id = 'CDR-0003'",
            forged,
            forged,
        )
        third, fourth = Cdr.objects.order_by("id").values_list("id", flat=True)[2:]
        assert verify_seals().broken == f"cdr block 2 (rows {third} to {fourth}): its rows do not give its root"

    @pytest.mark.parametrize(("victims", "height"), [("CDR-0002", 1), ("CDR-0004", 2), ("CDR-0003,CDR-0004", 2), ("CDR-0001", 1)])
    def test_rows_that_are_gone_break_their_block(self, victims: str, height: int) -> None:
        roaming_partners()
        receive_many(1, 4)
        seal_blocks(at=NOW, block_size=2)
        tamper("DELETE FROM roaming_cdr WHERE cdr_id = ANY(%s)", victims.split(","))
        broken = verify_seals().broken or ""
        assert broken.startswith(f"cdr block {height} ")
        assert "rows where 2 were sealed" in broken

    def test_a_row_slipped_in_below_breaks_its_block(self) -> None:
        roaming_partners()
        receive_many(1, 2)
        tamper("UPDATE roaming_cdr SET id = id + 1000 WHERE cdr_id = 'CDR-0002'")
        seal_blocks(at=NOW)
        receive_many(3, 1)
        broken = verify_seals().broken or ""
        assert "3 rows where 2 were sealed" in broken

    @pytest.mark.parametrize(
        ("statement", "why"),
        [
            ("UPDATE roaming_sealedblock SET head = sha256('x') WHERE height = 1", "block 1 .* does not follow"),
            ("UPDATE roaming_sealedblock SET root = sha256('x') WHERE height = 2", "block 2 .* do not give its root"),
            (
                "UPDATE roaming_sealedblock SET previous_head = sha256('x'), head = sha256('y') WHERE height = 2",
                "block 2 .* does not follow",
            ),
            ("UPDATE roaming_sealedblock SET count = 3 WHERE height = 2", "block 2 .* 2 rows where 3"),
            ("DELETE FROM roaming_sealedblock WHERE height = 1", "block 1 is missing"),
            ("DELETE FROM roaming_sealedblock WHERE height = 2", "block 2 is missing"),
        ],
    )
    def test_a_chain_that_was_changed_is_broken(self, statement: str, why: str) -> None:
        roaming_partners()
        receive_many(1, 6)
        seal_blocks(at=NOW, block_size=2)
        tamper(statement, table="roaming_sealedblock")
        verification = verify_seals()
        assert not verification.ok
        assert re.search(why, verification.broken or "")

    def test_the_last_block_cannot_go_together_with_its_rows(self) -> None:
        roaming_partners()
        receive_many(1, 4)
        seal_blocks(at=NOW, block_size=2)
        tamper("DELETE FROM roaming_sealedblock WHERE height = 2", table="roaming_sealedblock")
        tamper("DELETE FROM roaming_cdr WHERE cdr_id IN ('CDR-0003', 'CDR-0004')")
        assert re.search(r"cdr chain ends at block 1 .* noted was block 2", verify_seals().broken or "")
        with pytest.raises(IntegrityError, match="cannot shrink"), connection.cursor() as cursor:
            cursor.execute("UPDATE roaming_chainhead SET height = 1")

    def test_when_a_cdr_was_received_is_covered_by_its_block(self) -> None:
        roaming_partners()
        receive_many(1, 2)
        seal_blocks(at=NOW, block_size=2)
        tamper("UPDATE roaming_cdr SET received_at = received_at - interval '1 day' WHERE cdr_id = 'CDR-0002'")
        assert "block 1 (rows" in (verify_seals().broken or "")

    def test_blocks_from_before_cover_seals_alone_and_still_verify(self) -> None:
        roaming_partners()
        receive_many(1, 2)
        seal_blocks(at=NOW)
        root = merkle_root(bytes(seal) for seal in Cdr.objects.order_by("id").values_list("seal", flat=True))
        head = next_head(previous=bytes(32), root=root)
        tamper("UPDATE roaming_sealedblock SET leaves = 1, root = %s, head = %s", root, head, table="roaming_sealedblock")
        tamper("UPDATE roaming_chainhead SET head = %s", head, table="roaming_chainhead")
        receive_many(3, 1)
        seal_blocks(at=NOW)
        assert [block.leaves for block in blocks()] == [1, 2]
        assert verify_seals().ok

    def test_names_the_session_whose_revision_was_changed(self) -> None:
        roaming_partners()
        put_session(session=a_session(), at=NOW, correlation_id="c")
        tamper("UPDATE roaming_sessionrevision SET body = body || '\\x20'", table="roaming_sessionrevision")
        assert verify_seals().broken == "session DE-ALF/SESSION-1: revision 1 does not fit its seal"

    def test_a_session_revision_that_is_gone_breaks_its_block(self) -> None:
        roaming_partners()
        put_session(session=a_session(), at=NOW, correlation_id="c")
        put_session(session=a_session(kwh="9", last_updated=NOW), at=NOW, correlation_id="c")
        seal_blocks(at=NOW)
        tamper("DELETE FROM roaming_sessionrevision WHERE number = 2", table="roaming_sessionrevision")
        assert "1 rows where 2 were sealed" in (verify_seals().broken or "")


@pytest.mark.django_db(transaction=True)
class TestBesideOthers:
    def test_waits_for_a_writer_that_may_still_commit_a_lower_row(self) -> None:
        roaming_partners()
        directory.current()
        inside, leave = threading.Event(), threading.Event()

        def write_slowly() -> None:
            with transaction.atomic():
                receive(a_cdr(id="SLOW", session_id=None))
                inside.set()
                leave.wait()

        with in_thread(write_slowly):
            inside.wait()
            receive(a_cdr(id="FAST", session_id=None))
            sealing = threading.Timer(0.1, leave.set)
            sealing.start()
            assert seal_blocks(at=NOW) == 1
        assert [cdr.cdr_id for cdr in Cdr.objects.order_by("id")] == ["SLOW", "FAST"]
        assert [block.count for block in blocks()] == [2]
        assert verify_seals().ok

    def test_leaves_the_rows_of_a_long_writer_to_the_next_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(seal, "_PATIENCE_SECONDS", 0.05)
        roaming_partners()
        directory.current()
        inside, leave = threading.Event(), threading.Event()

        def write_slowly() -> None:
            with transaction.atomic():
                receive(a_cdr(id="SLOW", session_id=None))
                inside.set()
                leave.wait()

        with in_thread(write_slowly):
            inside.wait()
            receive(a_cdr(id="FAST", session_id=None))
            assert seal_blocks(at=NOW) == 0
            leave.set()
        assert seal_blocks(at=NOW) == 1
        assert [block.count for block in blocks()] == [2]

    def test_two_sealers_make_one_chain(self) -> None:
        roaming_partners()
        receive_many(1, 40)
        gate = threading.Barrier(4)

        def seal_at_once() -> None:
            gate.wait()
            seal_blocks(at=NOW, block_size=3)

        with in_thread(seal_at_once), in_thread(seal_at_once), in_thread(seal_at_once):
            gate.wait()
        seal_blocks(at=NOW, block_size=3)
        assert sum(block.count for block in blocks()) == 40
        assert verify_seals().ok


@contextmanager
def in_thread(run: Callable[[], None]) -> Iterator[None]:
    def run_and_hang_up() -> None:
        try:
            run()
        finally:
            connection.close()

    thread = threading.Thread(target=run_and_hang_up)
    thread.start()
    yield
    thread.join()
