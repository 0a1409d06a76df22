"""PUT and DELETE of tariffs (OCPI 2.2.1, mod_tariffs §Receiver Interface)."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from roaming import canonical
from roaming.deliveries.enqueue import Verb
from roaming.objects.announce import Parties, announce, find_parties
from roaming.objects.digests import content_digest
from roaming.objects.locks import execute_returning, read_locked
from roaming.objects.patches import UnknownObject
from roaming.parties import directory
from roaming.parties.directory import Directory
from roaming.revisions import Receipt, Stored, Verdict, judge_put

READ = """
SELECT id, digest, last_updated, deleted_at, tariff_id FROM roaming_tariff
WHERE owner_id = %(owner)s AND tariff_key = %(tariff_key)s AND coalesce(audience_id, 0) = %(audience)s
"""

# State and revision in one statement: no current tariff without the version a CDR may later be priced with.
WRITE = """
WITH tariff AS (
    INSERT INTO roaming_tariff (owner_id, tariff_id, tariff_key, audience_id, currency, document, digest, last_updated, turns_at)
    VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s)
    ON CONFLICT (owner_id, tariff_key, (coalesce(audience_id, 0))) DO UPDATE SET
        tariff_id = excluded.tariff_id, currency = excluded.currency, document = excluded.document, digest = excluded.digest,
        last_updated = excluded.last_updated, deleted_at = NULL, turns_at = excluded.turns_at
    RETURNING id, document, last_updated
), revision AS (
    INSERT INTO roaming_tariffrevision (tariff_id, document, last_updated) SELECT id, document, last_updated FROM tariff
)
SELECT id FROM tariff
"""

# The tombstone keeps its stamp: an older PUT that comes late does not revive the tariff, a newer one does (reliability §4).
BURY = "UPDATE roaming_tariff SET deleted_at = %s, turns_at = NULL WHERE id = %s"


@transaction.atomic
def put_tariff(
    *, tariff: canonical.Tariff, audience: canonical.PartyId | None, at: datetime, correlation_id: str, deliver: bool = True
) -> Receipt:
    """This function will store a tariff and its revision for `audience` (None: for every entitled provider) and queue it for those.

    `deliver` False stores only: the caller has forwarded it already. It raises UnknownParty, NoAgreement and StampInFuture.
    """
    table = directory.current()
    parties = _parties(table, tariff.owner, audience, at)
    found = _find(parties, tariff.id)
    digest = content_digest(tariff)
    stored = Stored(digest=bytes(found[1]), last_updated=found[2]) if found else None
    verdict = judge_put(stored=stored, digest=digest, last_updated=tariff.last_updated, at=at)
    if found is not None and found[3] is not None and tariff.last_updated <= found[2]:
        return Receipt(verdict=Verdict.STALE, row=found[0])
    if found is not None and not verdict.applies:
        return Receipt(verdict=verdict, row=found[0])
    row: int = execute_returning(
        sql=WRITE,
        params=[
            parties.owner.id,
            tariff.id,
            tariff.id.upper(),
            parties.audience_row,
            tariff.currency,
            canonical.encode(tariff).decode(),
            digest,
            tariff.last_updated,
            next_turn(tariff, at=at),
        ],
    )[0]
    if deliver:
        _announce(table, parties, row, verb="put", payload=None, at=at, correlation_id=correlation_id)
    return Receipt(verdict=verdict, row=row)


@transaction.atomic
def delete_tariff(
    *,
    owner: canonical.PartyId,
    tariff_id: str,
    audience: canonical.PartyId | None,
    at: datetime,
    correlation_id: str,
    deliver: bool = True,
) -> Receipt:
    """This function will bury a tariff and queue the DELETE; a second one changes nothing. It raises UnknownObject, and as `put_tariff`."""
    table = directory.current()
    parties = _parties(table, owner, audience, at)
    found = _find(parties, tariff_id)
    if found is None:
        raise UnknownObject("the tariff is not known")
    row: int = found[0]
    if found[3] is not None:
        return Receipt(verdict=Verdict.SAME, row=row)
    with connection.cursor() as cursor:
        cursor.execute(BURY, [at, row])
    if deliver:
        tombstone = {"id": found[4], "country_code": owner.country_code, "party_id": owner.party_id}
        _announce(table, parties, row, verb="delete", payload=tombstone, at=at, correlation_id=correlation_id)
    return Receipt(verdict=Verdict.REPLACED, row=row)


def next_turn(tariff: canonical.Tariff, *, at: datetime) -> datetime | None:
    """This function will return when a tariff next becomes valid or ends, or None where neither lies ahead."""
    return min((turn for turn in (tariff.start_date_time, tariff.end_date_time) if turn is not None and turn > at), default=None)


def _parties(table: Directory, owner: canonical.PartyId, audience: canonical.PartyId | None, at: datetime) -> Parties:
    return find_parties(directory=table, owner=owner, role=canonical.Role.CPO, audience=audience, module="tariffs", on=at.date())


def _find(parties: Parties, tariff_id: str) -> tuple[Any, ...] | None:
    place = {"owner": parties.owner.id, "tariff_key": tariff_id.upper(), "audience": parties.audience_row or 0}
    return read_locked(keys=[f"tariff:{':'.join(map(str, place.values()))}"], sql=READ, params=place)


def _announce(
    table: Directory, parties: Parties, row: int, *, verb: Verb, payload: dict[str, Any] | None, at: datetime, correlation_id: str
) -> None:
    announce(
        directory=table,
        parties=parties,
        module="tariffs",
        verb=verb,
        object_type="tariff",
        object_row=row,
        payload=payload,
        on=at.date(),
        correlation_id=correlation_id,
    )
