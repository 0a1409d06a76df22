"""PUT and PATCH of tokens (OCPI 2.2.1, mod_tokens §Receiver Interface)."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.deliveries.enqueue import Verb
from roaming.objects.announce import Parties, announce, find_parties
from roaming.objects.digests import content_digest
from roaming.objects.locks import execute_returning, read_locked
from roaming.objects.patches import UnknownObject, read_merged, read_patch
from roaming.parties import directory
from roaming.parties.directory import Directory
from roaming.revisions import (
    Receipt,
    Stamps,
    Stored,
    Verdict,
    fields_to_apply,
    is_older_than_all,
    judge_put,
    merge_patch,
    note_fields,
    note_put_beneath,
    put_beneath,
)

READ = """
SELECT id, digest, last_updated, document::text, recent_patches, field_stamps::text FROM roaming_token
WHERE owner_id = %(owner)s AND uid_key = %(uid_key)s AND type = %(type)s AND coalesce(audience_id, 0) = %(audience)s
"""

# One statement for the first time and for every later one; `created_at` stays, it orders the crawl of pullers.
WRITE = """
INSERT INTO roaming_token
    (owner_id, uid, uid_key, type, audience_id, contract_id, valid, whitelist, document, digest, last_updated, recent_patches,
     field_stamps)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s::jsonb)
ON CONFLICT (owner_id, uid_key, type, (coalesce(audience_id, 0))) DO UPDATE SET
    uid = excluded.uid, contract_id = excluded.contract_id, valid = excluded.valid, whitelist = excluded.whitelist,
    document = excluded.document, digest = excluded.digest, last_updated = excluded.last_updated,
    recent_patches = excluded.recent_patches, field_stamps = excluded.field_stamps
RETURNING id
"""


class _Held(msgspec.Struct, frozen=True):
    """A token as it stands."""

    row: int
    stored: Stored
    document: dict[str, Any]
    recent_patches: list[bytes] | None
    field_stamps: Stamps | None


@transaction.atomic
def put_token(
    *, token: canonical.Token, audience: canonical.PartyId | None, at: datetime, correlation_id: str, deliver: bool = True
) -> Receipt:
    """This function will store a token for `audience` (None: for every entitled operator) and queue it for those operators.

    `deliver` False stores only: the caller has forwarded it already. It raises UnknownParty, NoAgreement and StampInFuture.
    """
    table = directory.current()
    parties = _parties(table, token.owner, audience, at)
    found = _find(parties, token.uid, token.type)
    digest = content_digest(token)
    verdict = judge_put(stored=found.stored if found else None, digest=digest, last_updated=token.last_updated, at=at)
    stamps: Stamps | None = None
    if found is not None and verdict is Verdict.STALE:
        known, rest = found.field_stamps, found.stored.last_updated
        if is_older_than_all(at=token.last_updated, stamps=known, rest=rest):
            return Receipt(verdict=verdict, row=found.row)
        # Late: what nothing newer has set still counts (reliability §7 case 59).
        document = put_beneath(stored=found.document, put=canonical.to_builtins(token), at=token.last_updated, stamps=known)
        token, stamps = (
            msgspec.structs.replace(canonical.from_builtins(document, canonical.Token), last_updated=rest),
            note_put_beneath(at=token.last_updated, stamps=known),
        )
        digest = content_digest(token)
        verdict = Verdict.STALE if digest == found.stored.digest else Verdict.REPLACED
    elif found is not None and not verdict.applies:
        return Receipt(verdict=verdict, row=found.row)
    row = _write(token, parties, digest, recent=found.recent_patches if found else None, stamps=stamps)
    if deliver and verdict.applies:
        _announce(table, parties, row, verb="put", payload=None, at=at, correlation_id=correlation_id)
    return Receipt(verdict=verdict, row=row)


@transaction.atomic
def patch_token(
    *,
    owner: canonical.PartyId,
    uid: str,
    type: str,
    changes: dict[str, Any],
    audience: canonical.PartyId | None,
    at: datetime,
    correlation_id: str,
    deliver: bool = True,
) -> Receipt:
    """This function will merge `changes` (canonical names) into a stored token and queue them.

    It raises UnknownObject, PatchWithoutStamp, PatchBreaksObject, and what `put_token` raises.
    """
    patch = read_patch(changes=changes)
    table = directory.current()
    parties = _parties(table, owner, audience, at)
    found = _find(parties, uid, type)
    if found is None:
        raise UnknownObject("the token is not known")
    if patch.was_applied(found.recent_patches):
        return Receipt(verdict=Verdict.SAME, row=found.row)
    known, rest, changes = found.field_stamps, found.stored.last_updated, patch.changes
    is_late = patch.last_updated < rest
    if is_late:
        changes = fields_to_apply(changes=changes, at=patch.last_updated, stamps=known, rest=rest)
    merged = read_merged(merge_patch(document=found.document, changes=changes), canonical.Token)
    digest = content_digest(merged)
    verdict = judge_put(stored=found.stored, digest=digest, last_updated=merged.last_updated, at=at)
    if not verdict.applies and not (is_late and changes):
        return Receipt(verdict=Verdict.STALE if is_late else verdict, row=found.row)
    stamps = note_fields(changes=changes, at=patch.last_updated, stamps=known, rest=rest)
    row = _write(merged, parties, digest, recent=patch.remember(found.recent_patches), stamps=stamps)
    if not verdict.applies:  # it set what was there: whatever is older than it must still not come after it
        return Receipt(verdict=Verdict.STALE, row=row)
    if deliver:  # a late one left only a part of itself behind: what receivers must hear is the state
        verb: Verb = "put" if is_late else "patch"
        payload = None if is_late else patch.changes
        _announce(table, parties, row, verb=verb, payload=payload, at=at, correlation_id=correlation_id)
    return Receipt(verdict=verdict, row=row)


def _parties(table: Directory, owner: canonical.PartyId, audience: canonical.PartyId | None, at: datetime) -> Parties:
    return find_parties(directory=table, owner=owner, role=canonical.Role.EMSP, audience=audience, module="tokens", on=at.date())


def _find(parties: Parties, uid: str, type: str) -> _Held | None:
    place = {"owner": parties.owner.id, "uid_key": uid.upper(), "type": type, "audience": parties.audience_row or 0}
    found = read_locked(keys=[f"token:{':'.join(map(str, place.values()))}"], sql=READ, params=place)
    if found is None:
        return None
    row, digest, last_updated, document, recent, stamps = found
    return _Held(
        row=row,
        stored=Stored(digest=bytes(digest), last_updated=last_updated),
        document=msgspec.json.decode(document),
        recent_patches=recent,
        field_stamps=msgspec.json.decode(stamps) if stamps else None,
    )


def _write(token: canonical.Token, parties: Parties, digest: bytes, *, recent: list[bytes] | None, stamps: Stamps | None) -> int:
    document = canonical.encode(token).decode()
    row: int = execute_returning(
        sql=WRITE,
        params=[
            parties.owner.id,
            token.uid,
            token.uid.upper(),
            token.type,
            parties.audience_row,
            token.contract_id,
            token.valid,
            token.whitelist.value,
            document,
            digest,
            token.last_updated,
            recent,
            msgspec.json.encode(stamps).decode() if stamps else None,
        ],
    )[0]
    return row


def _announce(
    table: Directory, parties: Parties, row: int, *, verb: Verb, payload: dict[str, Any] | None, at: datetime, correlation_id: str
) -> None:
    announce(
        directory=table,
        parties=parties,
        module="tokens",
        verb=verb,
        object_type="token",
        object_row=row,
        payload=payload,
        on=at.date(),
        correlation_id=correlation_id,
    )
