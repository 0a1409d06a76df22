"""Reads of sessions: one for its two parties, pages for providers that pull and for screens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from roaming import canonical
from roaming.objects.pages import Crawl, Page, read_page
from roaming.parties import directory

# A session has two parties for ever; an agreement that ended since hides nothing from them.
OF_PROVIDER = "o.provider_id = %s"
OF_OPERATOR = "o.owner_id = %s"


def find_session(*, owner: canonical.PartyId, session_id: str) -> canonical.Session | None:
    """This function will return the operator's session in its current state, or None."""
    party = directory.current().party(owner)
    if party is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT document::text FROM roaming_session WHERE owner_id = %s AND session_key = %s", [party.id, session_id.upper()]
        )
        row = cursor.fetchone()
    return _read(row) if row else None


def find_sessions_of_provider(
    *, provider: canonical.PartyId, session_id: str, owner: canonical.PartyId | None = None
) -> list[canonical.Session]:
    """This function will return the provider's sessions of that id: more than one where two operators use it (ids are theirs)."""
    table = directory.current()
    party = table.party(provider)
    if party is None:
        return []
    operators = [entry.id for entry in table.parties if canonical.Role.CPO in entry.roles and owner in (None, entry.key)]
    with connection.cursor() as cursor:
        # Named operators, so that the unique key (owner, session_key) finds it among millions.
        cursor.execute(
            "SELECT document::text FROM roaming_session WHERE owner_id = ANY(%s) AND session_key = %s AND provider_id = %s ORDER BY id",
            [operators, session_id.upper(), party.id],
        )
        rows = cursor.fetchall()
    return [_read(row) for row in rows]


def list_sessions(
    *,
    viewer: canonical.PartyId,
    role: canonical.Role = canonical.Role.EMSP,
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    after: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Page[canonical.Session]:
    """This function will page through the sessions of `viewer`'s drivers or, for role CPO, at its charge points."""
    party = directory.current().party(viewer)
    return read_page(
        crawl=Crawl(
            table="roaming_session",
            columns="o.document::text",
            visible=OF_OPERATOR if role is canonical.Role.CPO else OF_PROVIDER,
            params=[party.id if party else 0],
        ),
        read=_read,
        date_from=date_from,
        date_to=date_to,
        after=after,
        offset=offset,
        limit=limit,
    )


def _read(row: Sequence[Any]) -> canonical.Session:
    return canonical.decode(row[0].encode(), canonical.Session)
