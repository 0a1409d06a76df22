"""Reads of sealed CDRs: one for its two parties, pages for providers that pull."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from roaming import canonical
from roaming.objects.pages import Crawl, Page, read_page
from roaming.parties import directory

# A CDR has two parties for ever; an agreement that ended since hides nothing from them.
OF_PROVIDER = "o.provider_id = %s"
OF_OPERATOR = "o.owner_id = %s"


def find_cdr_by_public_id(*, public_id: uuid.UUID, viewers: Sequence[canonical.PartyId]) -> canonical.Cdr | None:
    """This function will return the CDR behind a Location header where one of `viewers` is its operator or its provider, else None."""
    table = directory.current()
    rows = [party.id for party in map(table.party, viewers) if party is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body FROM roaming_cdr WHERE public_id = %s AND (owner_id = ANY(%s) OR provider_id = ANY(%s))",
            [public_id, rows, rows],
        )
        row = cursor.fetchone()
    return _read(row) if row else None


def find_cdr(*, owner: canonical.PartyId, cdr_id: str) -> canonical.Cdr | None:
    """This function will return the operator's CDR of that id, or None."""
    party = directory.current().party(owner)
    if party is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM roaming_cdr WHERE owner_id = %s AND cdr_key = %s", [party.id, cdr_id.upper()])
        row = cursor.fetchone()
    return _read(row) if row else None


def list_cdrs(
    *,
    viewer: canonical.PartyId,
    role: canonical.Role = canonical.Role.EMSP,
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    after: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Page[canonical.Cdr]:
    """This function will page through the CDRs that `viewer` pays or, for role CPO, that it wrote."""
    party = directory.current().party(viewer)
    return read_page(
        crawl=Crawl(
            table="roaming_cdr",
            columns="o.body",
            visible=OF_OPERATOR if role is canonical.Role.CPO else OF_PROVIDER,
            params=[party.id if party else 0],
            first_stored="received_at",
        ),
        read=_read,
        date_from=date_from,
        date_to=date_to,
        after=after,
        offset=offset,
        limit=limit,
    )


def _read(row: Sequence[Any]) -> canonical.Cdr:
    return canonical.decode(row[0], canonical.Cdr)
