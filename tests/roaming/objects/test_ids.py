"""Ids of rows in order of time."""

import os
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from roaming.objects.ids import new_row_id

AT = datetime(2026, 10, 5, 12, 0, 0, 123000, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7_that_begins_with_its_millisecond() -> None:
    made = new_row_id(at=AT)

    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == 1_791_201_600_123


def test_ids_follow_time_and_never_repeat() -> None:
    earlier = [new_row_id(at=AT) for _ in range(1000)]
    later = [new_row_id(at=AT + timedelta(milliseconds=1)) for _ in range(1000)]

    assert max(earlier) < min(later)
    assert len({*earlier, *later}) == 2000


def test_a_forked_process_draws_bytes_of_its_own() -> None:
    new_row_id(at=AT)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_row_id(at=AT).bytes)
        os._exit(0)
    mine = new_row_id(at=AT)
    os.waitpid(child, 0)
    theirs = os.read(reader, 16)
    os.close(reader)
    os.close(writer)

    assert mine.bytes != theirs
