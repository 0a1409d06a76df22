"""Ids under which the hub shows objects of many owners as its own: the owner's name in front, or a digest where that is too long.

OCPI 2.1.1 knows no hubs: to a partner that takes only what the other side of its connection owns, two operators' location 1 would be
one location (ocpi §3.7, shape A2). The same object has the same id for ever, whoever asks and whenever.
"""

import base64
import hashlib
import re
from collections.abc import Iterable

from django.db import connection

from roaming import canonical
from roaming.parties import directory

LONGEST = 36
_NAMED = re.compile(r"([A-Z]{2})([A-Z0-9]{3})-(.+)", re.IGNORECASE)
_DIGESTED = re.compile(r"[A-Z]{2}[A-Z0-9]{3}_[A-Z2-7]{26}", re.IGNORECASE)
_REMEMBER = """
INSERT INTO roaming_mappedid (mapped_id, owner_id, object_id)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[]) ON CONFLICT (mapped_id) DO NOTHING
"""


def map_id(*, owner: canonical.PartyId, object_id: str) -> str:
    """This function will return the id under which the hub shows an object: `DEALF-LOC-1`, or `DEALF_` and 26 letters of a digest."""
    prefix = f"{owner.country_code}{owner.party_id}"
    if len(prefix) + 1 + len(object_id) <= LONGEST:
        return f"{prefix}-{object_id}"
    digest = hashlib.sha256(f"{prefix}/{object_id.upper()}".encode()).digest()
    return f"{prefix}_{base64.b32encode(digest)[:26].decode()}"


def remember_ids(*, owner: canonical.PartyId, object_ids: Iterable[str]) -> None:
    """This function will keep what those mapped ids stand for that do not say it themselves."""
    party = directory.current().party(owner)
    told = {map_id(owner=owner, object_id=object_id): object_id for object_id in object_ids}
    long = {mapped: object_id for mapped, object_id in sorted(told.items()) if _DIGESTED.fullmatch(mapped)}
    if party is None or not long:
        return
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, [list(long), [party.id] * len(long), list(long.values())])


def find_mapped(*, mapped_id: str) -> tuple[canonical.PartyId, str] | None:
    """This function will return the owner and the id that a mapped id stands for, or None where the hub gave out no such id."""
    if _DIGESTED.fullmatch(mapped_id):
        with connection.cursor() as cursor:
            cursor.execute("SELECT owner_id, object_id FROM roaming_mappedid WHERE mapped_id = %s", [mapped_id.upper()])
            found = cursor.fetchone()
        party = directory.current().party_by_row(found[0]) if found else None
        return (party.key, found[1]) if party else None
    named = _NAMED.fullmatch(mapped_id)
    if named is None:
        return None
    owner = canonical.PartyId(named[1].upper(), named[2].upper())
    return (owner, named[3]) if directory.current().party(owner) else None
