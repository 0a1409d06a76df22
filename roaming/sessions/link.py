"""Which command began a session? Found by the reference that the provider gave it, else by driver, place and time (ocpi §5.6)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

# How long after a start a car may still be plugged in, and how far the clocks of hub and operator may differ.
_BEGINS_WITHIN = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(minutes=10)
_LOOKED_FOR = timedelta(hours=24)

# A session that another start began is not begun again; a reservation and the start that used it may share one.
LINK = """
WITH waiting AS (
    SELECT c.id, c.command, c.sender_id, c.receiver_id, c.token_uid, upper(c.location_id) AS location_key, c.reference, c.created_at
    FROM roaming_forwardedcommand c
    WHERE c.receiver_id = ANY(%(operators)s) AND c.created_at > %(at)s - %(looked_for)s
        AND c.command IN ('START_SESSION', 'RESERVE_NOW') AND c.session_row IS NULL
        AND c.response->>'result' = 'ACCEPTED' AND coalesce(c.result->>'result', 'ACCEPTED') = 'ACCEPTED'
), found AS (
    SELECT DISTINCT ON (waiting.id) waiting.id, waiting.command, waiting.created_at, s.id AS session_row
    FROM waiting JOIN roaming_session s ON s.token_uid = waiting.token_uid AND s.owner_id = waiting.receiver_id
        AND s.provider_id = waiting.sender_id AND s.started_at >= waiting.created_at - %(clocks)s
    WHERE ((waiting.reference <> '' AND s.authorization_reference = waiting.reference)
            OR (s.authorization_reference IN ('', waiting.reference) AND upper(s.location_id) = waiting.location_key
                AND (waiting.command = 'RESERVE_NOW' OR s.started_at < waiting.created_at + %(within)s)))
        AND NOT EXISTS (
            SELECT 1 FROM roaming_forwardedcommand other WHERE other.session_row = s.id AND other.command = waiting.command)
    ORDER BY waiting.id, (s.authorization_reference = waiting.reference) DESC, s.started_at
), once AS (
    SELECT DISTINCT ON (session_row, command) id, session_row FROM found ORDER BY session_row, command, created_at DESC
)
UPDATE roaming_forwardedcommand c SET session_row = once.session_row FROM once WHERE c.id = once.id
"""


def link_sessions(*, at: datetime) -> int:
    """This function will note, for the accepted starts and reservations of the last day, which session they began.

    It returns how many it found. The latest start counts where a driver asked twice.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT party_id FROM roaming_partyrole WHERE role = 'CPO'")
        operators = [row for (row,) in cursor.fetchall()]
        spans: dict[str, Any] = {"looked_for": _LOOKED_FOR, "clocks": _CLOCKS_DIFFER, "within": _BEGINS_WITHIN}
        cursor.execute(LINK, {"operators": operators, "at": at, **spans})
        linked: int = cursor.rowcount
    return linked
