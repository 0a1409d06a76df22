"""PUT and PATCH of locations, EVSEs and connectors (OCPI 2.2.1, mod_locations §Receiver Interface)."""

import json
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.deliveries.enqueue import Verb
from roaming.locations.beneath import lay_beneath
from roaming.locations.parts import KINDS, OBJECT_TYPES, Part, find_part, name_of, put_part
from roaming.objects.announce import Parties, announce, find_parties
from roaming.objects.digests import content_digest
from roaming.objects.locks import execute_returning, read_locked
from roaming.objects.patches import UnknownObject, read_merged, read_patch
from roaming.parties import directory
from roaming.parties.directory import Directory
from roaming.revisions import Receipt, Stamps, Stored, Verdict, fields_to_apply, is_older_than_all, judge_put, merge_patch, note_fields

READ = """
SELECT id, document::text, recent_patches, field_stamps::text FROM roaming_location
WHERE owner_id = %(owner)s AND location_key = %(location_key)s AND coalesce(audience_id, 0) = %(audience)s
"""

# `created_at` stays as it was: it orders the crawl of pullers.
WRITE = """
INSERT INTO roaming_location
    (owner_id, location_id, location_key, audience_id, publish, name, city, country, latitude, longitude, evse_uids,
     document, digest, last_updated, recent_patches, field_stamps)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s::jsonb)
ON CONFLICT (owner_id, location_key, (coalesce(audience_id, 0))) DO UPDATE SET
    location_id = excluded.location_id, publish = excluded.publish, name = excluded.name, city = excluded.city,
    country = excluded.country, latitude = excluded.latitude, longitude = excluded.longitude, evse_uids = excluded.evse_uids,
    document = excluded.document, digest = excluded.digest, last_updated = excluded.last_updated,
    recent_patches = excluded.recent_patches, field_stamps = excluded.field_stamps,
    withdrawn_at = CASE WHEN excluded.publish THEN NULL WHEN roaming_location.publish THEN now() ELSE roaming_location.withdrawn_at END
RETURNING id
"""


class _Stored(msgspec.Struct, frozen=True):
    """A location as it stands, or its place where there is none yet."""

    parties: Parties
    row: int | None
    location: canonical.Location | None
    recent_patches: list[bytes] | None
    field_stamps: dict[str, Stamps]


@transaction.atomic
def put_location(
    *, location: canonical.Location, audience: canonical.PartyId | None, at: datetime, correlation_id: str, deliver: bool = True
) -> Receipt:
    """This function will store a location for `audience` (None: for every entitled provider) and queue it for those providers.

    `deliver` False stores only: the caller has forwarded it already. It raises UnknownParty, NoAgreement and StampInFuture.
    """
    table = directory.current()
    held = _read(table, location.owner, location.id, audience, at)
    return _put_part(table, held, (), location, at=at, correlation_id=correlation_id, deliver=deliver)


@transaction.atomic
def put_evse(
    *,
    owner: canonical.PartyId,
    location_id: str,
    evse: canonical.Evse,
    audience: canonical.PartyId | None,
    at: datetime,
    correlation_id: str,
    deliver: bool = True,
) -> Receipt:
    """This function will set one EVSE of a stored location. It raises UnknownObject without that location, and as `put_location`."""
    table = directory.current()
    held = _read(table, owner, location_id, audience, at)
    return _put_part(table, held, (evse.uid,), evse, at=at, correlation_id=correlation_id, deliver=deliver)


@transaction.atomic
def put_connector(
    *,
    owner: canonical.PartyId,
    location_id: str,
    evse_uid: str,
    connector: canonical.Connector,
    audience: canonical.PartyId | None,
    at: datetime,
    correlation_id: str,
    deliver: bool = True,
) -> Receipt:
    """This function will set one connector of a stored EVSE. It raises UnknownObject without that EVSE, and as `put_location`."""
    table = directory.current()
    held = _read(table, owner, location_id, audience, at)
    return _put_part(table, held, (evse_uid, connector.id), connector, at=at, correlation_id=correlation_id, deliver=deliver)


@transaction.atomic
def patch_location(
    *,
    owner: canonical.PartyId,
    location_id: str,
    evse_uid: str | None = None,
    connector_id: str | None = None,
    changes: dict[str, Any],
    audience: canonical.PartyId | None,
    at: datetime,
    correlation_id: str,
    deliver: bool = True,
) -> Receipt:
    """This function will merge `changes` (canonical names) into a location, or into the EVSE or connector named.

    It raises UnknownObject, PatchWithoutStamp, PatchBreaksObject, and what `put_location` raises.
    """
    path = tuple(part for part in (evse_uid, connector_id) if part is not None)
    patch = read_patch(path=path, changes=changes)
    table = directory.current()
    held = _read(table, owner, location_id, audience, at)
    part = find_part(held.location, path) if held.location else None
    if held.location is None or held.row is None or part is None:
        raise UnknownObject(f"the {OBJECT_TYPES[len(path)]} is not known")
    if patch.was_applied(held.recent_patches):
        return Receipt(verdict=Verdict.SAME, row=held.row)
    is_late, known = patch.last_updated < part.last_updated, held.field_stamps.get(name_of(path))
    changes = patch.changes
    if is_late:
        changes = fields_to_apply(changes=changes, at=patch.last_updated, stamps=known, rest=part.last_updated)
    merged = read_merged(merge_patch(document=canonical.to_builtins(part), changes=changes), KINDS[len(path)])
    stored = Stored(digest=content_digest(part), last_updated=part.last_updated)
    verdict = judge_put(stored=stored, digest=content_digest(merged), last_updated=merged.last_updated, at=at)
    if not (verdict.applies or (is_late and changes)):
        return Receipt(verdict=Verdict.STALE if is_late else verdict, row=held.row)
    stamps = _parents_noted(held, path)
    stamps[name_of(path)] = note_fields(changes=changes, at=patch.last_updated, stamps=known, rest=part.last_updated)
    row = _write(put_part(held.location, path, merged), held.parties, recent=patch.remember(held.recent_patches), stamps=stamps)
    if not verdict.applies:  # it set what was there: whatever is older than it must still not come after it
        return Receipt(verdict=Verdict.STALE, row=row)
    if deliver and is_late:  # it left only a part of itself behind: what receivers must hear is the state
        _announce(table, held.parties, row, path, verb="put", payload=None, at=at, correlation_id=correlation_id)
    elif deliver:
        _announce(table, held.parties, row, path, verb="patch", payload=patch.changes, at=at, correlation_id=correlation_id)
    return Receipt(verdict=verdict, row=row)


def _parents_noted(held: _Stored, path: tuple[str, ...]) -> dict[str, Stamps]:
    """This function will return the stamps of all parts, those of the parents as they were before a part moves their `last_updated`."""
    stamps = dict(held.field_stamps)
    for depth in range(len(path)):
        parent = find_part(held.location, path[:depth]) if held.location else None
        if parent is not None and name_of(path[:depth]) not in stamps:
            stamps[name_of(path[:depth])] = note_fields(changes={}, at=parent.last_updated, stamps=None, rest=parent.last_updated)
    return stamps


def _put_part(
    table: Directory, held: _Stored, path: tuple[str, ...], part: Part, *, at: datetime, correlation_id: str, deliver: bool
) -> Receipt:
    known = find_part(held.location, path) if held.location else None
    digest = content_digest(part)
    stored = Stored(digest=content_digest(known), last_updated=known.last_updated) if known else None
    verdict = judge_put(stored=stored, digest=digest, last_updated=part.last_updated, at=at)
    if verdict is Verdict.STALE:
        return _put_late(table, held, path, part, at=at, correlation_id=correlation_id, deliver=deliver)
    if held.row is not None and not verdict.applies:
        return Receipt(verdict=verdict, row=held.row)
    whole = part if isinstance(part, canonical.Location) else put_part(_known(held.location), path, part)
    row = _write(whole, held.parties, recent=held.recent_patches, stamps=_stamps_beside(held, path))
    if deliver:
        _announce(table, held.parties, row, path, verb="put", payload=None, at=at, correlation_id=correlation_id)
    return Receipt(verdict=verdict, row=row)


def _put_late(
    table: Directory, held: _Stored, path: tuple[str, ...], part: Part, *, at: datetime, correlation_id: str, deliver: bool
) -> Receipt:
    """This function will take from a PUT that came late what nothing newer has set (reliability §7 case 59)."""
    known = find_part(held.location, path) if held.location else None
    if held.row is None or held.location is None or known is None:
        raise UnknownObject("only what is held can be newer")
    own = held.field_stamps.get(name_of(path))
    if is_older_than_all(at=part.last_updated, stamps=own, rest=known.last_updated):
        return Receipt(verdict=Verdict.STALE, row=held.row)
    merged, below = lay_beneath(put=part, stored=known, path=path, stamps=held.field_stamps, at=part.last_updated)
    stamps = {**_stamps_beside(held, path), **below}
    row = _write(put_part(held.location, path, merged), held.parties, recent=held.recent_patches, stamps=stamps)
    if content_digest(merged) == content_digest(known):
        return Receipt(verdict=Verdict.STALE, row=row)
    if deliver:
        _announce(table, held.parties, row, path, verb="put", payload=None, at=at, correlation_id=correlation_id)
    return Receipt(verdict=Verdict.REPLACED, row=row)


def _stamps_beside(held: _Stored, path: tuple[str, ...]) -> dict[str, Stamps]:
    """This function will return the stamps of all that is no part of `path`: a part that is PUT has no history, nor what is in it."""
    own = name_of(path)
    return {name: known for name, known in _parents_noted(held, path).items() if path and name != own and not name.startswith(f"{own}/")}


def _read(table: Directory, owner: canonical.PartyId, location_id: str, audience: canonical.PartyId | None, at: datetime) -> _Stored:
    parties = find_parties(directory=table, owner=owner, role=canonical.Role.CPO, audience=audience, module="locations", on=at.date())
    place = {"owner": parties.owner.id, "location_key": location_id.upper(), "audience": parties.audience_row or 0}
    found = read_locked(keys=[f"location:{':'.join(map(str, place.values()))}"], sql=READ, params=place)
    if found is None:
        return _Stored(parties=parties, row=None, location=None, recent_patches=None, field_stamps={})
    location = canonical.decode(found[1].encode(), canonical.Location)
    stamps = json.loads(found[3]) if found[3] else {}
    return _Stored(parties=parties, row=found[0], location=location, recent_patches=found[2], field_stamps=stamps)


def _write(location: canonical.Location, parties: Parties, *, recent: list[bytes] | None, stamps: dict[str, Stamps]) -> int:
    row: int = execute_returning(
        sql=WRITE,
        params=[
            parties.owner.id,
            location.id,
            location.id.upper(),
            parties.audience_row,
            location.publish,
            location.name or "",
            location.city,
            location.country,
            degrees(location.coordinates.latitude, 90),
            degrees(location.coordinates.longitude, 180),
            [evse.uid.upper() for evse in location.evses],
            canonical.encode(location).decode(),
            content_digest(location),
            location.last_updated,
            recent,
            json.dumps(stamps) if stamps else None,
        ],
    )[0]
    return row


def _known(location: canonical.Location | None) -> canonical.Location:
    if location is None:
        raise UnknownObject("the location is not known")
    return location


def degrees(text: str, bound: int) -> Decimal | None:
    """This function will read a coordinate for the map; the text itself stays in the document as it was sent."""
    try:
        degrees = Decimal(text)
    except InvalidOperation:
        return None
    return degrees if degrees.is_finite() and abs(degrees) <= bound else None


def _announce(
    table: Directory,
    parties: Parties,
    row: int,
    path: tuple[str, ...],
    *,
    verb: Verb,
    payload: dict[str, Any] | None,
    at: datetime,
    correlation_id: str,
) -> None:
    announce(
        directory=table,
        parties=parties,
        module="locations",
        verb=verb,
        object_type=OBJECT_TYPES[len(path)],
        object_row=row,
        object_path="/".join(path),
        payload=payload,
        on=at.date(),
        correlation_id=correlation_id,
    )
