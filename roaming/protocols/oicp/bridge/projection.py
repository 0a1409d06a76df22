"""OCPI operators in OICP's data: their locations are written as EVSE records when somebody looks, and only those that changed.

A record is a version like a pushed one, so a delta tells the changes of OCPI operators too, with their tombstones. Nothing hooks into
the writes of locations: the digest of each is compared, in one statement, with the one that was written last.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection, transaction

from roaming import canonical
from roaming.locations.evse_records import EvseRow, StatusRow, put_statuses, write_evse_records
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.bridge.crossings import TO_OICP, note_crossing
from roaming.protocols.oicp.bridge.evse_records import Defaults, NotPublishable, read_defaults, write_record
from roaming.protocols.oicp.bridge.vocabulary import STATUS_OF_OCPI
from roaming.protocols.oicp.identifiers import evse_key
from roaming.protocols.wire.loss import LossReport
from roaming.routing.sides import Side

# Only what is for everybody: a location that was told to one provider alone is not in OICP's one data set.
_CHANGED = """
SELECT l.id, l.owner_id, l.document::text, l.digest FROM roaming_location l
LEFT JOIN roaming_evseprojection p ON p.location_row = l.id
WHERE l.owner_id = ANY(%s) AND l.audience_id IS NULL AND p.digest IS DISTINCT FROM l.digest
ORDER BY l.id LIMIT %s
"""
_NOTE = """
INSERT INTO roaming_evseprojection (location_row, owner_id, digest, problems, at) VALUES (%s, %s, %s, %s::jsonb, %s)
ON CONFLICT (location_row) DO UPDATE SET digest = excluded.digest, problems = excluded.problems, at = excluded.at
"""
_AT_ONCE = 500
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


def refresh(*, owners: Sequence[PartyEntry], at: datetime) -> int:
    """This function will write anew what changed of the OCPI operators among `owners`, and return how many locations that were."""
    table = directory.current()
    ocpi = {
        entry.id: entry
        for entry in owners
        if (platform := table.platform_on_side(entry.key, Side.OPERATOR)) is not None and platform.protocol != "oicp"
    }
    if not ocpi:
        return 0
    count = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_CHANGED, [list(ocpi), _AT_ONCE])
            rows = cursor.fetchall()
        for row, owner, document, digest in rows:
            entry = ocpi[owner]
            host = table.platform_on_side(entry.key, Side.OPERATOR)
            defaults = read_defaults(host.profile) if host else Defaults()
            _write(row, entry, canonical.decode(document.encode(), canonical.Location), bytes(digest), defaults, at)
        count += len(rows)
        if len(rows) < _AT_ONCE:
            return count


@transaction.atomic
def _write(row: int, owner: PartyEntry, location: canonical.Location, digest: bytes, defaults: Defaults, at: datetime) -> None:
    keys = frozenset({f"{owner.key.country_code}{owner.key.party_id}"})
    told_elsewhere = _told_elsewhere(owner, row, location)
    records: dict[str, EvseRow] = {}
    statuses: list[StatusRow] = []
    problems: list[dict[str, object]] = []
    for evse in location.evses:
        report = LossReport()
        try:
            document = write_record(location, evse, owner_keys=keys, defaults=defaults, at=at, report=report)
        except NotPublishable as reason:
            problems.append({"location": location.id, "evse": evse.uid, "problem": str(reason)})
            continue
        made = _row(row, owner, location, evse, document)
        if made.evse_key in told_elsewhere:
            problems.append({"location": location.id, "evse": evse.uid, "problem": "evse_id: another location has it too"})
            continue
        note_crossing(report, owner=owner.key, module="locations", version=TO_OICP, object_id=location.id, at=at)
        records[made.evse_key] = made
        statuses.append(StatusRow(made.evse_key, made.evse_id, STATUS_OF_OCPI.get(evse.status, "Unknown")))
    write_evse_records(owner=owner.id, location_row=row, rows=list(records.values()), at=at)
    put_statuses(owner=owner.id, statuses={one.evse_key: one for one in statuses}.values(), at=at)
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [row, owner.id, digest, msgspec.json.encode(problems).decode(), at])


def _told_elsewhere(owner: PartyEntry, row: int, location: canonical.Location) -> set[str]:
    keys = [evse_key(evse.evse_id) for evse in location.evses if evse.evse_id]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT evse_key FROM roaming_evserecord"
            " WHERE owner_id = %s AND evse_key = ANY(%s) AND valid_to IS NULL AND location_row IS DISTINCT FROM %s",
            [owner.id, keys, row],
        )
        return {key for (key,) in cursor.fetchall()}


def _row(row: int, owner: PartyEntry, location: canonical.Location, evse: canonical.Evse, document: dict[str, object]) -> EvseRow:
    evse_id = str(document["EvseID"])
    # The offset of the clock changes twice a year by itself: that alone is no new version.
    digest = hashlib.sha256(_ENCODER.encode({**document, "Address": {**document["Address"], "TimeZone": ""}})).digest()  # type: ignore[dict-item]
    return EvseRow(
        owner_id=owner.id,
        evse_key=evse_key(evse_id),
        evse_id=evse_id,
        operator_name=(location.operator.name if location.operator else owner.name or str(owner.key))[:100],
        document=document,
        digest=digest,
        country=location.country,
        latitude=float(location.coordinates.latitude),
        longitude=float(location.coordinates.longitude),
        is_compatible=True,
        location_id=location.id,
        evse_uid=evse.uid,
        location_row=row,
    )
