"""Looking exchanges up: what happened to one message, on every leg."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from roaming.canonical import PartyId
from roaming.exchanges.models import Exchange
from roaming.parties import directory

MOST_PER_PAGE = 200

_PARTY = re.compile(r"[A-Za-z]{2}[-*:][A-Za-z0-9]{3}")
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadCursor(ValueError):
    """The text is no place in a search that the hub gave out."""


class Page(NamedTuple):
    """Legs of one page, latest first, and the place after the last of them (None: nothing follows)."""

    items: Sequence[Exchange]
    next: str | None


def trace(*, correlation_id: str) -> QuerySet[Exchange]:
    """This function will list every leg of one message, in the order in which the hub met them."""
    return Exchange.objects.filter(correlation_id=correlation_id).order_by("at", "id")


def list_exchanges(*, platform_id: int, since: datetime) -> QuerySet[Exchange]:
    """This function will list what was exchanged with one platform, latest first."""
    return Exchange.objects.filter(platform_id=platform_id, at__gte=since).order_by("-at", "-id")


def search_exchanges(
    *,
    viewer: PartyId | None,
    text: str = "",
    module: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """This function will return legs, latest first, from `since` until before `until`.

    `viewer` sees the legs between the hub and its own platform that name it; None is the hub's own staff and sees all. `text` is
    one of the exact keys of `keys_of`; `after` is the `next` of the page before, and raises BadCursor where it is not one of ours.
    """
    size = max(1, min(limit, MOST_PER_PAGE))
    found = Exchange.objects.filter(_own_legs(viewer) if viewer is not None else Q())
    if text.strip():
        found = found.filter(keys_of(text))
    if module:
        found = found.filter(module=module)
    if since is not None:
        found = found.filter(at__gte=since)
    if until is not None:
        found = found.filter(at__lt=until)
    if after:
        at, row = _read_cursor(after)
        found = found.filter(Q(at__lt=at) | Q(at=at, id__lt=row), at__lte=at)
    rows = list(found.order_by("-at", "-id")[: size + 1])
    return Page(items=rows[:size], next=_write_cursor(rows[size - 1]) if len(rows) > size else None)


def keys_of(text: str) -> Q:
    """This function will say which rows a text names: a party (DE-ALF), an instant (that second, or that minute), else an id.

    An id is a correlation id, or the id of an object (a location, tariff, session or CDR; never a token's). Every key has an index.
    """
    key = text.strip()
    if _PARTY.fullmatch(key):
        party = str(PartyId.parse(key))
        return Q(sender=party) | Q(receiver=party)
    if (span := _read_span(key)) is not None:
        return Q(at__gte=span[0], at__lt=span[1])
    return Q(correlation_id=key) | Q(object_id=key)


def _own_legs(viewer: PartyId) -> Q:
    known = directory.current()
    party = known.party(viewer)
    own = [platform for number in set(party.roles.values()) if (platform := known.platform(number))] if party else []
    name = str(viewer)
    legs = Q(sender=name) | Q(receiver=name)
    # A leg without parties (a handshake, OCPI 2.1.1) belongs to the platform: shown where the viewer is its only company.
    alone = [platform.id for platform in own if {key for _, key in platform.roles} == {viewer}]
    return Q(platform_id__in=[platform.id for platform in own]) & (legs | Q(sender="", receiver="", platform_id__in=alone))


def _read_span(text: str) -> tuple[datetime, datetime] | None:
    try:
        at = parse_datetime(text.replace(" ", "T", 1))
    except ValueError:
        return None
    if at is None:
        return None
    start = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    is_minute = len(re.findall(r"\d+", text.partition("+")[0])) == 5
    try:
        start = start.replace(microsecond=0)
        return start, start + (timedelta(minutes=1) if is_minute else timedelta(seconds=1))
    except OverflowError:
        return None


def _write_cursor(row: Exchange) -> str:
    return f"{(row.at - _EPOCH) // _MICROSECOND}-{row.pk}"


def _read_cursor(text: str) -> tuple[datetime, int]:
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise BadCursor(f"{text[:40]!r} is no place in a search")
    try:
        return _EPOCH + int(match[1]) * _MICROSECOND, int(match[2])
    except OverflowError as far:
        raise BadCursor(f"{text[:40]!r} is no place in a search") from far
