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
from roaming.revisions import Receipt, Stored, Verdict, judge_put, merge_patch

READ = """
SELECT id, digest, last_updated, document::text, recent_patches FROM roaming_token
WHERE owner_id = %(owner)s AND uid_key = %(uid_key)s AND type = %(type)s AND coalesce(audience_id, 0) = %(audience)s
"""

# One statement for the first time and for every later one; `created_at` stays, it orders the crawl of pullers.
WRITE = """
INSERT INTO roaming_token
    (owner_id, uid, uid_key, type, audience_id, contract_id, valid, whitelist, document, digest, last_updated, recent_patches)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s)
ON CONFLICT (owner_id, uid_key, type, (coalesce(audience_id, 0))) DO UPDATE SET
    uid = excluded.uid, contract_id = excluded.contract_id, valid = excluded.valid, whitelist = excluded.whitelist,
    document = excluded.document, digest = excluded.digest, last_updated = excluded.last_updated,
    recent_patches = excluded.recent_patches
RETURNING id
"""


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
    stored = Stored(digest=bytes(found[1]), last_updated=found[2]) if found else None
    verdict = judge_put(stored=stored, digest=digest, last_updated=token.last_updated, at=at)
    if found is not None and not verdict.applies:
        return Receipt(verdict=verdict, row=found[0])
    row = _write(token, parties, digest, recent=found[4] if found else None)
    if deliver:
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
    if patch.was_applied(found[4]):
        return Receipt(verdict=Verdict.SAME, row=found[0])
    merged = read_merged(merge_patch(document=msgspec.json.decode(found[3]), changes=patch.changes), canonical.Token)
    digest = content_digest(merged)
    stored = Stored(digest=bytes(found[1]), last_updated=found[2])
    verdict = judge_put(stored=stored, digest=digest, last_updated=patch.last_updated, at=at)
    if not verdict.applies:
        return Receipt(verdict=verdict, row=found[0])
    row = _write(merged, parties, digest, recent=patch.remember(found[4]))
    if deliver:
        _announce(table, parties, row, verb="patch", payload=patch.changes, at=at, correlation_id=correlation_id)
    return Receipt(verdict=verdict, row=row)


def _parties(table: Directory, owner: canonical.PartyId, audience: canonical.PartyId | None, at: datetime) -> Parties:
    return find_parties(directory=table, owner=owner, role=canonical.Role.EMSP, audience=audience, module="tokens", on=at.date())


def _find(parties: Parties, uid: str, type: str) -> tuple[Any, ...] | None:
    place = {"owner": parties.owner.id, "uid_key": uid.upper(), "type": type, "audience": parties.audience_row or 0}
    return read_locked(keys=[f"token:{':'.join(map(str, place.values()))}"], sql=READ, params=place)


def _write(token: canonical.Token, parties: Parties, digest: bytes, *, recent: list[bytes] | None) -> int:
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
