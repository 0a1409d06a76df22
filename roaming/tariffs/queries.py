"""Reads of tariffs: one for its owner, the version in force at an instant, pages for providers that pull."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from roaming import canonical
from roaming.objects.pages import Crawl, Page, read_page
from roaming.parties import directory

# Of a public and a private copy the viewer sees the private one (the same object may differ per receiver, ocpi §2.2).
VISIBLE = """
o.deleted_at IS NULL AND o.owner_id = ANY(%s) AND (o.audience_id = %s OR o.audience_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM roaming_tariff mine
    WHERE mine.owner_id = o.owner_id AND mine.tariff_key = o.tariff_key AND mine.audience_id = %s AND mine.deleted_at IS NULL))
"""

FIND_OWN = """
SELECT document::text FROM roaming_tariff
WHERE owner_id = %s AND tariff_key = %s AND coalesce(audience_id, 0) = %s AND deleted_at IS NULL
"""

# Newest first. Deleted tariffs count: what was in force when the car charged stays what it was.
REVISIONS = """
SELECT r.document::text FROM roaming_tariffrevision r JOIN roaming_tariff t ON t.id = r.tariff_id
WHERE t.owner_id = %s AND t.tariff_key = %s AND (t.audience_id IS NULL OR t.audience_id = %s) AND r.last_updated <= %s
ORDER BY t.audience_id NULLS LAST, r.last_updated DESC, r.id DESC
"""


def find_own_tariff(*, owner: canonical.PartyId, tariff_id: str, audience: canonical.PartyId | None = None) -> canonical.Tariff | None:
    """This function will return what the operator itself stored for `audience` (None: for everybody); None too for a deleted one."""
    table = directory.current()
    party, private_to = table.party(owner), table.party(audience) if audience else None
    if party is None or (audience is not None and private_to is None):
        return None
    with connection.cursor() as cursor:
        cursor.execute(FIND_OWN, [party.id, tariff_id.upper(), private_to.id if private_to else 0])
        row = cursor.fetchone()
    return _read(row) if row else None


def find_tariff_in_force(*, owner: canonical.PartyId, tariff_id: str, provider: canonical.PartyId, at: datetime) -> canonical.Tariff | None:
    """This function will return the version of a tariff that held for `provider` at the instant `at`, or None.

    A version counts from its `last_updated` on and inside its own dates, not by when the hub received it; what was addressed to
    the provider alone goes before what was told to everybody.
    """
    table = directory.current()
    party, private_to = table.party(owner), table.party(provider)
    if party is None or private_to is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(REVISIONS, [party.id, tariff_id.upper(), private_to.id, at])
        rows = cursor.fetchall()
    return next((tariff for tariff in map(_read, rows) if _is_in_force(tariff, at)), None)


def list_tariffs(
    *,
    viewer: canonical.PartyId,
    at: datetime,
    role: canonical.Role = canonical.Role.EMSP,
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    after: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Page[canonical.Tariff]:
    """This function will page through the tariffs that the provider `viewer` may know by agreement: public ones and its private copies."""
    table = directory.current()
    party = table.party(viewer)
    owners = [partner.id for partner in table.partners_of(viewer, role, module="tariffs", on=at.date())]
    row = party.id if party else 0
    return read_page(
        crawl=Crawl(table="roaming_tariff", columns="o.document::text", visible=VISIBLE, params=[owners, row, row]),
        read=_read,
        date_from=date_from,
        date_to=date_to,
        after=after,
        offset=offset,
        limit=limit,
    )


def list_own_tariffs(*, owner: canonical.PartyId) -> list[canonical.Tariff]:
    """This function will list every tariff that the operator stores, public and private ones, by id."""
    party = directory.current().party(owner)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT document::text FROM roaming_tariff WHERE owner_id = %s AND deleted_at IS NULL ORDER BY tariff_key, id",
            [party.id if party else 0],
        )
        return [_read(row) for row in cursor.fetchall()]


def _is_in_force(tariff: canonical.Tariff, at: datetime) -> bool:
    return (tariff.start_date_time is None or tariff.start_date_time <= at) and (tariff.end_date_time is None or at < tariff.end_date_time)


def _read(row: Sequence[Any]) -> canonical.Tariff:
    return canonical.decode(row[0].encode(), canonical.Tariff)
