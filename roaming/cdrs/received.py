"""CDRs by the time the hub received them, with what became of their delivery: what OICP providers pull (oicp §1.3, no. 8)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

# A credit has no form in OICP: it is settled by statement.
_WHERE = """
FROM roaming_cdr c
LEFT JOIN LATERAL (
    SELECT TRUE AS done FROM roaming_delivery d
    WHERE d.module = 'cdrs' AND d.object_row = c.id AND d.receiver_id = c.provider_id AND d.state = 'delivered' LIMIT 1) delivery ON TRUE
WHERE c.provider_id = %(provider)s AND c.received_at >= %(from)s AND c.received_at <= %(to)s AND NOT c.is_credit
    AND (%(operators)s::bigint[] IS NULL OR c.owner_id = ANY(%(operators)s::bigint[]))
    AND (%(sessions)s::text[] IS NULL OR lower(c.session_id) = ANY(%(sessions)s::text[]))
    AND (%(forwarded)s::boolean IS NULL OR coalesce(delivery.done, FALSE) = %(forwarded)s)
"""


class ReceivedCdr(msgspec.Struct, frozen=True):
    """A sealed CDR as it came and as it is kept."""

    protocol: str
    received: bytes
    body: bytes


def list_received_cdrs(
    *,
    provider: int,
    received_from: datetime,
    received_to: datetime,
    operators: Sequence[int] | None,
    session_ids: Sequence[str] | None,
    is_forwarded: bool | None,
    offset: int,
    limit: int,
) -> tuple[list[ReceivedCdr], int]:
    """This function will return a page of the provider's CDRs in the order of receipt, and how many there are."""
    params: dict[str, Any] = {
        "provider": provider,
        "from": received_from,
        "to": received_to,
        "operators": list(operators) if operators else None,
        "sessions": [session_id.lower() for session_id in session_ids] if session_ids else None,
        "forwarded": is_forwarded,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_WHERE}", params)
        total = int(cursor.fetchone()[0])
        cursor.execute(
            f"SELECT c.protocol, c.received, c.body {_WHERE} ORDER BY c.received_at, c.id LIMIT %(limit)s OFFSET %(offset)s",
            {**params, "limit": limit, "offset": offset},
        )
        rows = cursor.fetchall()
    return [ReceivedCdr(row[0], bytes(row[1]), bytes(row[2])) for row in rows], total
