"""What an OICP push changes for OCPI providers: the locations it touches, written anew and queued, in the push's own transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
from django.db import connection, transaction

from roaming import canonical
from roaming.locations.put_many import put_locations
from roaming.locations.queries import find_own_locations
from roaming.locations.receive import patch_location
from roaming.objects.patches import UnknownObject
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.bridge.copies import Copies, Holders, find_holders, put_statuses, with_statuses
from roaming.protocols.oicp.bridge.crossings import TO_OCPI, note_crossing
from roaming.protocols.oicp.bridge.locations import removed, write_location
from roaming.protocols.oicp.bridge.vocabulary import STATUS_OF_OICP
from roaming.protocols.oicp.pricing import exact
from roaming.protocols.oicp.v2_3.evse_data import EVSE_DATA_RECORD, EvseDataRecord
from roaming.protocols.wire.loss import LossReport
from roaming.protocols.wire.shapes import BadFields
from roaming.tariffs.pricing_data import find_public_prices

_OF_LOCATIONS = """
SELECT r.location_id, r.operator_name, r.document::text, coalesce(s.status, 'Unknown'), r.evse_key FROM roaming_evserecord r
LEFT JOIN roaming_evsestatus s ON s.owner_id = r.owner_id AND s.evse_key = r.evse_key
WHERE r.owner_id = %s AND r.valid_to IS NULL AND r.location_row IS NULL AND r.location_id = ANY(%s) ORDER BY r.id
"""
# Above so many statuses the locations are told whole: one write and one delivery each instead of one per EVSE.
_MOST_PATCHES = 25
_PLACES = """
SELECT evse_key, location_id, evse_uid FROM roaming_evserecord
WHERE owner_id = %s AND valid_to IS NULL AND location_row IS NULL AND evse_key = ANY(%s)
"""


def locations_of(*, owner: PartyEntry, evse_keys: Sequence[str], at: datetime) -> set[str]:
    """This function will return the locations in which EVSEs of those keys stand, or stood until this very push."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT location_id FROM roaming_evserecord WHERE owner_id = %s AND evse_key = ANY(%s)"
            " AND (valid_to IS NULL OR valid_to >= %s) AND location_id <> ''",
            [owner.id, list(evse_keys), at],
        )
        return {location_id for (location_id,) in cursor.fetchall()}


def publish(
    *,
    owner: PartyEntry,
    location_ids: Sequence[str],
    at: datetime,
    correlation_id: str,
    pushed: Mapping[str, EvseDataRecord] = MappingProxyType({}),
) -> int:
    """This function will write the named locations anew from the current records; what is gone stays as REMOVED (oicp §6.1, last rows).

    `pushed` are records that the caller has read already, by key: reading a full load twice is a quarter of its time.
    """
    _take_turns(owner)
    grouped: dict[str, list[tuple[EvseDataRecord, str, str, str]]] = {location_id: [] for location_id in location_ids}
    with connection.cursor() as cursor:
        cursor.execute(_OF_LOCATIONS, [owner.id, list(location_ids)])
        for location_id, name, document, status, key in cursor.fetchall():
            record = pushed.get(key) or _read(document)
            if record is not None:
                grouped[location_id].append((record, name, status, key))
    former = find_own_locations(owner=owner.key, location_ids=list(grouped))
    keys = [key for found in grouped.values() for *_, key in found]
    prices = find_public_prices(owner=owner.id, evse_keys=keys)
    written = [_write(owner, found, former.get(location_id.upper()), prices, at) for location_id, found in grouped.items()]
    locations = [location for location in written if location]
    copies = Copies(owner=owner, locations=locations, evse_keys=keys, at=at)
    put_locations(owner=owner.key, locations=locations, at=at, correlation_id=correlation_id, apart=copies.holders)
    copies.put(correlation_id=correlation_id)
    return len(grouped)


@transaction.atomic
def publish_statuses(*, owner: PartyEntry, statuses: Mapping[str, str], at: datetime, correlation_id: str) -> None:
    """This function will pass on what changed of statuses, by key: a few as changes of their EVSEs, many as their locations anew."""
    _take_turns(owner)
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [owner.id, list(statuses)])
        rows = cursor.fetchall()
    holders = find_holders(owner=owner, location_ids=[location_id for _, location_id, _ in rows], at=at)
    if len(rows) > _MOST_PATCHES or holders:
        told = {(location_id.upper(), uid.upper()): STATUS_OF_OICP[statuses[key]] for key, location_id, uid in rows}
        _publish_at_once(owner, told, holders, at, correlation_id)
    else:
        _publish_singly(owner, statuses, rows, at, correlation_id)


def _publish_at_once(
    owner: PartyEntry, statuses: Mapping[tuple[str, str], str], holders: Holders, at: datetime, correlation_id: str
) -> None:
    held = find_own_locations(owner=owner.key, location_ids=sorted({place for place, _ in statuses}))
    changed = [with_statuses(location, statuses, at=at) for location in held.values()]
    put_locations(owner=owner.key, locations=changed, at=at, correlation_id=correlation_id, apart=holders)
    put_statuses(owner=owner, holders=holders, statuses=statuses, at=at, correlation_id=correlation_id)


def _publish_singly(
    owner: PartyEntry, statuses: Mapping[str, str], rows: Sequence[tuple[str, str, str]], at: datetime, correlation_id: str
) -> None:
    stamp = msgspec.to_builtins(at)
    for key, location_id, evse_uid in rows:
        changes: dict[str, Any] = {"status": STATUS_OF_OICP[statuses[key]], "last_updated": stamp}
        try:
            patch_location(
                owner=owner.key,
                location_id=location_id,
                evse_uid=evse_uid,
                changes=changes,
                audience=None,
                at=at,
                correlation_id=correlation_id,
            )
        except UnknownObject:
            continue  # an EVSE without a plug that OCPI has is in no location


def _take_turns(owner: PartyEntry) -> None:
    """Wait for whoever else writes this operator's locations: pushes of data and of status may run beside each other (oicp §1.4)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 3))", [f"oicp-publish:{owner.id}"])


def _write(
    owner: PartyEntry,
    found: list[tuple[EvseDataRecord, str, str, str]],
    former: canonical.Location | None,
    prices: Mapping[str, Sequence[str]],
    at: datetime,
) -> canonical.Location | None:
    if found:
        report = LossReport()
        statuses = {key: status for _, _, status, key in found}
        made = write_location(
            [record for record, *_ in found],
            owner=owner.key,
            operator_name=found[0][1],
            statuses=statuses,
            prices=prices,
            at=at,
            report=report,
        )
        note_crossing(report, owner=owner.key, module="locations", version=TO_OCPI, object_id=made.id, at=at)
        made = msgspec.structs.replace(made, evses=tuple(evse for evse in made.evses if evse.connectors))
    elif former is not None:
        made = msgspec.structs.replace(former, evses=(), last_updated=at)
    else:
        return None
    if former is None:
        return made if made.evses else None
    here = {evse.uid for evse in made.evses}
    gone = [evse if evse.status == "REMOVED" else removed(evse, at=at) for evse in former.evses if evse.uid not in here]
    return msgspec.structs.replace(made, evses=(*made.evses, *gone))


def _read(document: str) -> EvseDataRecord | None:
    try:
        return EVSE_DATA_RECORD.read(exact(msgspec.json.decode(document)))
    except BadFields:
        return None
