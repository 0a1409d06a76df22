"""Pages of a crawl: oldest object first, by the time the hub first stored it, then by row (OCPI, transport §Pagination).

The place of the next page is the last object seen and not a count, so a deep page costs what the first one costs and an object
that changes during the crawl makes no other one jump over a page's edge. A plain `offset` is honoured too.
"""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec
from django.db import connection

logger = logging.getLogger(__name__)

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What a stored document can be that nobody reads any more: one that an older hub let in.
_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, KeyError, ArithmeticError)
_CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,18})")


class BadCursor(ValueError):
    """The text is no place in a crawl that the hub gave out."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Objects of one page, how many the whole crawl holds, and the place after the last of them (None: nothing follows)."""

    items: list[T]
    total: int
    next: str | None


class Crawl(msgspec.Struct, frozen=True):
    """What is crawled: a table under the alias `o`, its columns, who may see which rows.

    `first_stored` names the column of the hub's own clock that orders the crawl. All texts are constants of the slices; values
    travel in `params`.
    """

    table: str
    columns: str
    visible: str
    params: Sequence[Any]
    first_stored: str = "created_at"


def read_page(
    *,
    crawl: Crawl,
    read: Callable[[tuple[Any, ...]], T],
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    after: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Page[T]:
    """This function will return one page; `date_from` is inclusive, `date_to` exclusive, both on `last_updated`.

    `after` is the `next` of the page before and replaces `offset`. It raises BadCursor where `after` is not one of ours. An object
    that cannot be read is left out and logged; it keeps its place, so that totals and offsets stay what they are.
    """
    where = [f"({crawl.visible})"]
    params = list(crawl.params)
    for bound, condition in ((date_from, "o.last_updated >= %s"), (date_to, "o.last_updated < %s")):
        if bound is not None:
            where.append(condition)
            params.append(bound)
    counted, count_params = " AND ".join(where), list(params)
    if after is not None:
        where.append(f"(o.{crawl.first_stored}, o.id) > (%s, %s)")
        params.extend(read_cursor(after))
        offset = 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {crawl.table} o WHERE {counted}", count_params)  # noqa: S608  (constants of the slices)
        total: int = cursor.fetchone()[0]
        select = f"SELECT o.{crawl.first_stored}, o.id, {crawl.columns} FROM {crawl.table} o"  # noqa: S608
        order = f"ORDER BY o.{crawl.first_stored}, o.id"
        place = f"WHERE {' AND '.join(where)} {order} LIMIT %s OFFSET %s"
        if offset:  # what is jumped over is counted by its keys: reading the objects too cost thirty times as much (measured)
            place = f"WHERE o.id IN (SELECT o.id FROM {crawl.table} o {place}) {order}"  # noqa: S608
        cursor.execute(f"{select} {place}", [*params, limit + 1, offset])
        rows = cursor.fetchall()
    page = rows[:limit]
    following = write_cursor(page[-1][0], page[-1][1]) if len(rows) > limit and page else None
    items = [item for row in page if (item := _read_one(crawl, read, row)) is not None]
    return Page(items=items, total=total, next=following)


def _read_one(crawl: Crawl, read: Callable[[tuple[Any, ...]], T], row: tuple[Any, ...]) -> T | None:
    try:
        return read(row[2:])
    except _UNREADABLE as problem:
        logger.error("a stored object cannot be read", extra={"table": crawl.table, "row": row[1], "reason": type(problem).__name__})
        return None


def write_cursor(first_stored: datetime, row: int) -> str:
    """This function will write a place in a crawl as text that fits a query string."""
    return f"{(first_stored - _EPOCH) // timedelta(microseconds=1)}-{row}"


def read_cursor(text: str) -> tuple[datetime, int]:
    """This function will read what `write_cursor` wrote; it raises BadCursor for anything else."""
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise BadCursor("the page's cursor was not given out by this hub")
    return _EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
