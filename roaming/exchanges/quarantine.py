"""Objects of a list that cannot be read, or not be written, are set aside one by one: the rest of their page goes on."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from django.db.models import QuerySet

from roaming.canonical import PartyId
from roaming.exchanges.masking import mask_body
from roaming.exchanges.models import QuarantinedItem

_MOST_OF_ONE_LIST = 100
_JSON = msgspec.json.Encoder(decimal_format="number", enc_hook=str)

_WRITE = """
INSERT INTO roaming_quarantineditem (platform_id, owner, module, object_id, reason, body, correlation_id, count, first_at, last_at)
VALUES (%(platform_id)s, %(owner)s, %(module)s, %(object_id)s, %(reason)s, %(body)s, %(correlation_id)s, 1, %(at)s, %(at)s)
ON CONFLICT (platform_id, owner, module, object_id, reason) DO UPDATE SET
    count = roaming_quarantineditem.count + 1, body = excluded.body, correlation_id = excluded.correlation_id, last_at = excluded.last_at
"""
_SHOWN_IDS = frozenset({"locations", "tariffs", "sessions", "cdrs"})  # a token's uid is a driver's secret


class BadItem(NamedTuple):
    """One object that was set aside, as it stood in the list, and what is wrong with it."""

    body: object
    reason: str


def quarantine(*, platform_id: int, owner: PartyId, module: str, items: Iterable[BadItem], correlation_id: str, at: datetime) -> int:
    """This function will keep bad objects with their reasons, a repeat as a count, and return how many that were.

    Of one list the first hundred are kept; they say what is wrong with the rest.
    """
    rows: list[dict[str, Any]] = [
        {
            "platform_id": platform_id,
            "owner": str(owner),
            "module": module,
            "object_id": _id_of(item.body, module),
            "reason": _text(item.reason)[:255],
            "body": mask_body(_JSON.encode(item.body) if item.body is not None else None),
            "correlation_id": _text(correlation_id)[:128],
            "at": at,
        }
        for _, item in zip(range(_MOST_OF_ONE_LIST), items, strict=False)
    ]
    rows.sort(key=lambda row: (row["object_id"], row["reason"]))  # one order, so that two pullers do not wait for each other
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_WRITE, rows)
    return len(rows)


def list_quarantined(*, owner: PartyId, limit: int = 50) -> QuerySet[QuarantinedItem]:
    """This function will list what was set aside of a party's lists, the latest first."""
    return QuarantinedItem.objects.filter(owner=str(owner)).order_by("-last_at", "-id")[:limit]


def _id_of(body: object, module: str) -> str:
    found = body.get("id") if isinstance(body, dict) and module in _SHOWN_IDS else None
    return _text(str(found))[:128] if found is not None else ""


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8", "replace").replace("\x00", "\ufffd")
