"""Reads of tokens: one for an authorisation, one for its owner, pages for operators that pull."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from roaming import canonical
from roaming.objects.pages import Crawl, Page, read_page
from roaming.parties import directory

# Private copies first: what a provider addressed to this operator alone counts before what it told everybody.
FIND = """
SELECT owner_id, document::text FROM roaming_token
WHERE uid_key = %s AND type = %s AND (audience_id IS NULL OR audience_id = %s)
ORDER BY owner_id, audience_id NULLS LAST
"""

# Of a public and a private copy the operator sees the private one (the same object may differ per receiver, ocpi §2.2).
VISIBLE = """
o.owner_id = ANY(%s) AND (o.audience_id = %s OR o.audience_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM roaming_token mine
    WHERE mine.owner_id = o.owner_id AND mine.uid_key = o.uid_key AND mine.type = o.type AND mine.audience_id = %s))
"""


def find_tokens(*, uid: str, type: str, viewer: canonical.PartyId | None = None) -> list[canonical.Token]:
    """This function will return the tokens of that uid and type that `viewer` may know, at most one per provider.

    A uid is unique only inside one provider. Without a viewer only what was pushed for everybody counts.
    """
    party = directory.current().party(viewer) if viewer else None
    with connection.cursor() as cursor:
        cursor.execute(FIND, [uid.upper(), type, party.id if party else 0])
        rows = cursor.fetchall()
    firsts: dict[int, str] = {}
    for owner, document in rows:
        firsts.setdefault(owner, document)
    return [canonical.decode(document.encode(), canonical.Token) for document in firsts.values()]


def find_token(
    *, uid: str, type: str, owner: canonical.PartyId | None = None, viewer: canonical.PartyId | None = None
) -> canonical.Token | None:
    """This function will return the one token of that uid and type, of `owner` where named; None also where two providers use the uid."""
    found = [token for token in find_tokens(uid=uid, type=type, viewer=viewer) if owner is None or token.owner == owner]
    return found[0] if len(found) == 1 else None


def find_owner_of(*, uid: str, type: str, viewer: canonical.PartyId | None = None) -> canonical.PartyId | None:
    """This function will name the provider of that uid, or None where none or more than one is known."""
    token = find_token(uid=uid, type=type, viewer=viewer)
    return token.owner if token else None


def find_own_token(*, owner: canonical.PartyId, uid: str, type: str, audience: canonical.PartyId | None = None) -> canonical.Token | None:
    """This function will return what the provider itself stored for `audience` (None: for everybody), or None."""
    table = directory.current()
    party, private_to = table.party(owner), table.party(audience) if audience else None
    if party is None or (audience is not None and private_to is None):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT document::text FROM roaming_token WHERE owner_id = %s AND uid_key = %s AND type = %s AND coalesce(audience_id, 0) = %s",
            [party.id, uid.upper(), type, private_to.id if private_to else 0],
        )
        row = cursor.fetchone()
    return canonical.decode(row[0].encode(), canonical.Token) if row else None


def list_tokens(
    *,
    viewer: canonical.PartyId,
    at: datetime,
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    after: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Page[canonical.Token]:
    """This function will page through the tokens that the operator `viewer` may know by agreement: public ones and its private copies."""
    table = directory.current()
    party = table.party(viewer)
    owners = [partner.id for partner in table.partners_of(viewer, canonical.Role.CPO, module="tokens", on=at.date())]
    row = party.id if party else 0
    return read_page(
        crawl=Crawl(table="roaming_token", columns="o.document::text", visible=VISIBLE, params=[owners, row, row]),
        read=_read,
        date_from=date_from,
        date_to=date_to,
        after=after,
        offset=offset,
        limit=limit,
    )


def _read(row: Sequence[Any]) -> canonical.Token:
    return canonical.decode(row[0].encode(), canonical.Token)
