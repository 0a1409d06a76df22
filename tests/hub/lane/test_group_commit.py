"""Rows of many requests in one durable INSERT, against a real PostgreSQL."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from hub.lane import database
from hub.lane.database import DatabaseAway, Line
from hub.lane.group_commit import GroupCommit, NotWritten, Target
from hub.lane.group_read import GroupRead

TARGET = Target(table="lane_probe", columns={"id": "uuid", "word": "text", "number": "integer", "at": "timestamptz"})
LOOK = (
    "SELECT k.n, p.word, p.number FROM json_to_recordset(%s::json) AS k(n int, word text), "
    "LATERAL (SELECT word, number FROM lane_probe WHERE word = k.word ORDER BY number) AS p"
)


def row(number: int, word: str = "one") -> dict[str, Any]:
    return {"id": uuid.UUID(int=number), "word": word, "number": number, "at": "2026-10-01T10:00:00Z"}


@pytest.fixture
def url() -> Iterator[str]:
    """A table of our own beside the hub's."""
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE lane_probe (id uuid PRIMARY KEY, word varchar(8) NOT NULL, number integer CHECK (number >= 0), at timestamptz)"
        )
        yield address
        connection.execute("DROP TABLE lane_probe")


def rows_of(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT word, number FROM lane_probe ORDER BY number").fetchall()


def with_writer(url: str, story: Callable[[GroupCommit], Awaitable[None]], target: Target = TARGET) -> list[int]:
    """Run a story with a writer; returns the sizes of the batches."""
    batches: list[int] = []

    async def run() -> None:
        writer = GroupCommit(line=Line(conninfo=url, name="probe"), target=target, observe=lambda rows, _: batches.append(rows))
        writer.start()
        try:
            await story(writer)
        finally:
            await writer.stop()

    asyncio.run(run())
    return batches


def end_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE application_name = 'probe'")


class TestGroupCommit:
    def test_a_row_is_durable_when_its_writer_goes_on(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            await writer.write(row(1))
            assert rows_of(url) == [("one", 1)]

        with_writer(url, story)

    def test_rows_that_arrive_together_share_one_commit(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            await asyncio.gather(*(writer.write(row(number)) for number in range(1, 41)))

        assert with_writer(url, story) == [40]
        assert len(rows_of(url)) == 40

    def test_a_row_that_is_there_already_changes_nothing(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            await writer.write(row(1))
            await writer.write(row(1, word="other"))

        with_writer(url, story)
        assert rows_of(url) == [("one", 1)]

    @pytest.mark.parametrize("bad", [{"word": "longer than eight"}, {"number": -1}, {"word": "nul\0"}, {"at": "never"}, {"word": "\ud800"}])
    def test_a_bad_row_fails_alone(self, url: str, bad: dict[str, Any]) -> None:
        async def story(writer: GroupCommit) -> None:
            answers = await asyncio.gather(
                writer.write(row(1)), writer.write({**row(2), **bad}), writer.write(row(3)), return_exceptions=True
            )
            assert [answer if answer is True else type(answer) for answer in answers] == [True, NotWritten, True]

        with_writer(url, story)
        assert rows_of(url) == [("one", 1), ("one", 3)]

    def test_a_lost_connection_is_opened_again_before_anyone_notices(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            await writer.write(row(1))
            end_connections(url)
            await writer.write(row(2))

        with_writer(url, story)
        assert rows_of(url) == [("one", 1), ("one", 2)]

    def test_without_postgresql_nothing_is_promised_and_it_recovers(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            line = writer._line
            line._conninfo, there = "host=/nowhere dbname=none", line._conninfo
            with pytest.raises(NotWritten):
                await writer.write(row(1))
            line._conninfo = there
            await writer.write(row(2))

        with_writer(url, story)
        assert rows_of(url) == [("one", 2)]

    def test_a_server_that_does_not_answer_is_given_up(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "ANSWER_SECONDS", 0.1)

        async def story(writer: GroupCommit) -> None:
            with psycopg.connect(url) as other:
                other.execute("LOCK TABLE lane_probe")
                answers = await asyncio.gather(writer.write(row(1)), writer.write(row(2)), return_exceptions=True)
                assert [type(answer) for answer in answers] == [NotWritten, NotWritten]

        with_writer(url, story)

    def test_a_lock_of_another_costs_the_refusal_not_the_connection(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            await writer.write(row(1))
            connection = writer._line._connection
            with psycopg.connect(url) as other:
                other.execute("LOCK TABLE lane_probe")
                with pytest.raises(NotWritten):
                    await writer.write(row(2))
            await writer.write(row(3))
            assert writer._line._connection is connection

        with_writer(url, story)

    def test_stopping_writes_what_nobody_waits_for(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            for number in range(1, 4):
                writer.write_later(row(number))

        with_writer(url, story)
        assert len(rows_of(url)) == 3


class TestAGuard:
    TARGET = Target(
        table="lane_probe",
        columns=TARGET.columns,
        told={"highest": "integer"},
        guarded="highest",
        guard="NOT EXISTS (SELECT FROM lane_probe p WHERE p.number > given.highest)",
    )

    def test_keeps_out_what_no_longer_holds_and_lets_its_neighbours_in(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            assert await writer.write(row(5))
            answers = await asyncio.gather(
                writer.write({**row(1), "highest": 5}), writer.write({**row(2), "highest": 4}), writer.write({**row(3), "highest": None})
            )
            assert [*answers] == [True, False, True]

        with_writer(url, story, target=self.TARGET)
        assert rows_of(url) == [("one", 1), ("one", 3), ("one", 5)]

    def test_keeps_out_what_is_there_already(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            assert await writer.write({**row(1), "highest": 9})
            assert not await writer.write({**row(1), "highest": 9})

        with_writer(url, story, target=self.TARGET)


class TestGroupRead:
    def test_each_asker_gets_its_own_rows(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            for number, word in ((1, "one"), (2, "two"), (3, "two")):
                await writer.write(row(number, word=word))
            reader = GroupRead(line=Line(conninfo=url, name="probe"), query=LOOK)
            reader.start()
            found = await asyncio.gather(*(reader.read({"word": word}) for word in ("two", "none", "one", "two")))
            assert found == [[("two", 2), ("two", 3)], [], [("one", 1)], [("two", 2), ("two", 3)]]
            await reader.stop()

        with_writer(url, story)

    def test_a_bad_key_fails_alone(self, url: str) -> None:
        async def story(writer: GroupCommit) -> None:
            await writer.write(row(1))
            reader = GroupRead(line=Line(conninfo=url, name="probe"), query=LOOK)
            reader.start()
            found = await asyncio.gather(reader.read({"word": "one"}), reader.read({"word": "\0"}), return_exceptions=True)
            assert found[0] == [("one", 1)]
            assert isinstance(found[1], DatabaseAway)
            await reader.stop()

        with_writer(url, story)
