"""Reads of locations: one for its owner or a viewer, owners for open routing, pages for providers that pull."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from roaming import canonical
from roaming.objects.pages import Crawl, Page, read_page
from roaming.parties import directory
from roaming.parties.directory import PartyEntry

# Of a public and a private copy the viewer sees the private one (the same object may differ per receiver, ocpi §2.2).
VISIBLE = """
o.owner_id = ANY(%s) AND (o.audience_id = %s OR o.audience_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM roaming_location mine
    WHERE mine.owner_id = o.owner_id AND mine.location_key = o.location_key AND mine.audience_id = %s))
"""

FIND_OWN = """
SELECT document::text FROM roaming_location WHERE owner_id = %s AND location_key = %s AND coalesce(audience_id, 0) = %s
"""

FIND_OWNERS = """
SELECT DISTINCT owner_id FROM roaming_location
WHERE location_key = %s AND owner_id = ANY(%s) AND (audience_id IS NULL OR audience_id = %s)
"""


def find_location(
    *, viewer: canonical.PartyId, location_id: str, at: datetime, owner: canonical.PartyId | None = None
) -> canonical.Location | None:
    """This function will return the location as the provider `viewer` may know it.

    None also where two operators use the id and none is named.
    """
    table = directory.current()
    owners = [partner.id for partner in _operators(viewer, at) if owner is None or partner.key == owner]
    party = table.party(viewer)
    row = party.id if party else 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT o.document::text FROM roaming_location o WHERE o.location_key = %s AND {VISIBLE} LIMIT 2",  # noqa: S608  (a constant)
            [location_id.upper(), owners, row, row],
        )
        rows = cursor.fetchall()
    return _read(rows[0]) if len(rows) == 1 else None


def find_own_location(
    *, owner: canonical.PartyId, location_id: str, audience: canonical.PartyId | None = None
) -> canonical.Location | None:
    """This function will return what the operator itself stored for `audience` (None: for everybody), or None."""
    table = directory.current()
    party, private_to = table.party(owner), table.party(audience) if audience else None
    if party is None or (audience is not None and private_to is None):
        return None
    with connection.cursor() as cursor:
        cursor.execute(FIND_OWN, [party.id, location_id.upper(), private_to.id if private_to else 0])
        row = cursor.fetchone()
    return _read(row) if row else None


def find_own_locations(*, owner: canonical.PartyId, location_ids: Sequence[str]) -> dict[str, canonical.Location]:
    """This function will return those of the operator's public locations that are stored, by their id in upper case."""
    party = directory.current().party(owner)
    if party is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT location_key, document::text FROM roaming_location"
            " WHERE owner_id = %s AND location_key = ANY(%s) AND audience_id IS NULL",
            [party.id, [location_id.upper() for location_id in location_ids]],
        )
        return {key: canonical.decode(document.encode(), canonical.Location) for key, document in cursor.fetchall()}


def find_owners_of(*, location_id: str, viewer: canonical.PartyId, at: datetime) -> list[canonical.PartyId]:
    """This function will name the operators that have a location of that id and may roam with the provider `viewer`.

    Ids are unique only inside one operator: more than one answer means that the request must name its receiver (ocpi §2.4).
    """
    table = directory.current()
    party = table.party(viewer)
    with connection.cursor() as cursor:
        cursor.execute(FIND_OWNERS, [location_id.upper(), [partner.id for partner in _operators(viewer, at)], party.id if party else 0])
        rows = cursor.fetchall()
    return sorted(entry.key for entry in (table.party_by_row(row) for (row,) in rows) if entry is not None)


def list_locations(
    *,
    viewer: canonical.PartyId,
    at: datetime,
    role: canonical.Role = canonical.Role.EMSP,
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    after: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Page[canonical.Location]:
    """This function will page through the locations that `viewer` may know by agreement: public ones and its private copies."""
    table = directory.current()
    party = table.party(viewer)
    owners = [partner.id for partner in table.partners_of(viewer, role, module="locations", on=at.date())]
    row = party.id if party else 0
    return read_page(
        crawl=Crawl(table="roaming_location", columns="o.document::text", visible=VISIBLE, params=[owners, row, row]),
        read=_read,
        date_from=date_from,
        date_to=date_to,
        after=after,
        offset=offset,
        limit=limit,
    )


def _operators(viewer: canonical.PartyId, at: datetime) -> list[PartyEntry]:
    return directory.current().partners_of(viewer, canonical.Role.EMSP, module="locations", on=at.date())


def _read(row: Sequence[Any]) -> canonical.Location:
    return canonical.decode(row[0].encode(), canonical.Location)
