"""Many public locations of one operator in a few statements: a full load of OICP touches thousands at once (oicp §1.4)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
from django.db import connection, transaction

from roaming import canonical
from roaming.deliveries.enqueue import Notice, enqueue_all
from roaming.locations.receive import degrees
from roaming.objects.announce import find_parties
from roaming.objects.digests import content_digest
from roaming.objects.locks import read_all_locked
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.revisions import Stored, judge_put
from roaming.routing.sides import Side

READ = """
SELECT location_key, digest, last_updated FROM roaming_location
WHERE owner_id = %(owner)s AND location_key = ANY(%(keys)s) AND audience_id IS NULL
"""

WRITE = """
INSERT INTO roaming_location
    (owner_id, location_id, location_key, publish, name, city, country, latitude, longitude, evse_uids, document, digest, last_updated)
SELECT %s, location_id, upper(location_id), publish, name, city, country, latitude, longitude, evse_uids, body::jsonb, digest, last_updated
FROM json_to_recordset(%s::json) AS given (
    location_id text, publish boolean, name text, city text, country text, latitude numeric, longitude numeric, evse_uids text[], body text,
    digest bytea, last_updated timestamptz)
ON CONFLICT (owner_id, location_key, (coalesce(audience_id, 0))) DO UPDATE SET
    location_id = excluded.location_id, publish = excluded.publish, name = excluded.name, city = excluded.city,
    country = excluded.country, latitude = excluded.latitude, longitude = excluded.longitude, evse_uids = excluded.evse_uids,
    document = excluded.document, digest = excluded.digest, last_updated = excluded.last_updated,
    field_stamps = NULL,
    withdrawn_at = CASE WHEN excluded.publish THEN NULL WHEN roaming_location.publish THEN now() ELSE roaming_location.withdrawn_at END
RETURNING id, location_key
"""
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@transaction.atomic
def put_locations(
    *,
    owner: canonical.PartyId,
    locations: Sequence[canonical.Location],
    at: datetime,
    correlation_id: str,
    apart: Mapping[str, Sequence[PartyEntry]] = MappingProxyType({}),
) -> int:
    """This function will do for many what `put_location` does for one, for every entitled provider, and return how many changed.

    `apart` names, by location id in upper case, who has a copy of its own: they are not told this one, which might overtake theirs.
    It raises UnknownParty and StampInFuture, and then stored none.
    """
    table = directory.current()
    parties = find_parties(directory=table, owner=owner, role=canonical.Role.CPO, audience=None, module="locations", on=at.date())
    keys = sorted({location.id.upper() for location in locations})
    found = read_all_locked(
        keys=[f"location:{parties.owner.id}:{key}:0" for key in keys], sql=READ, params={"owner": parties.owner.id, "keys": keys}
    )
    held = {key: Stored(digest=bytes(digest), last_updated=stamp) for key, digest, stamp in found}
    rows = []
    for location in locations:
        digest = content_digest(location)
        stored = held.get(location.id.upper())
        if judge_put(stored=stored, digest=digest, last_updated=location.last_updated, at=at).applies or stored is None:
            rows.append(_row(location, digest))
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [parties.owner.id, _ENCODER.encode(rows).decode()])
        written = cursor.fetchall()
    partners = table.partners_of(owner, canonical.Role.CPO, module="locations", on=at.date())
    partners = [one for one in partners if one.key != owner]
    everybody = [row for row, key in written if key not in apart]
    notices = _notices(everybody, partners, correlation_id)
    for row, key in written:
        if key in apart:
            notices += _notices([row], [one for one in partners if one not in apart[key]], correlation_id)
    enqueue_all(notices=notices)
    return len(written)


def _row(location: canonical.Location, digest: bytes) -> dict[str, Any]:
    return {
        "location_id": location.id,
        "publish": location.publish,
        "name": location.name or "",
        "city": location.city,
        "country": location.country,
        "latitude": degrees(location.coordinates.latitude, 90),
        "longitude": degrees(location.coordinates.longitude, 180),
        "evse_uids": [evse.uid.upper() for evse in location.evses],
        "body": canonical.encode(location).decode(),
        "digest": "\\x" + digest.hex(),
        "last_updated": location.last_updated,
    }


def _notices(rows: Sequence[int], partners: Sequence[PartyEntry], correlation_id: str) -> list[Notice]:
    by_role: dict[canonical.Role, list[PartyEntry]] = defaultdict(list)
    for partner in partners:
        by_role[next(role for role in Side.PROVIDER.roles if role in partner.roles)].append(partner)
    return [
        Notice(
            receivers=group,
            receiver_role=role,
            module="locations",
            verb="put",
            object_type="location",
            object_row=row,
            sender=None,
            correlation_id=correlation_id,
        )
        for row in rows
        for role, group in by_role.items()
    ]
