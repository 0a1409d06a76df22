"""PUT and PATCH of sessions (OCPI 2.2.1, mod_sessions §Receiver Interface): keep the state, seal a revision, queue it for the provider."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.deliveries.enqueue import Verb, enqueue
from roaming.objects.announce import UnknownParty, find_provider_of, provider_role
from roaming.objects.digests import content_digest
from roaming.objects.limits import number_that_fits, text_that_fits
from roaming.objects.locks import execute_returning, read_locked
from roaming.objects.patches import Patch, UnknownObject, read_merged, read_patch
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.revisions import Receipt, Stored, Verdict, append_periods, judge_put, merge_patch

_OVER = ("COMPLETED", "INVALID")

# Whether a CDR was accepted matters only to a session that is over, so the look into the CDRs costs running sessions nothing.
# It is asked here by SQL and not through the slice of CDRs, which stands below this one.
READ = """
SELECT s.id, s.digest, s.last_updated, s.document::text, s.recent_patches,
    CASE WHEN s.status IN ('COMPLETED', 'INVALID') THEN EXISTS (
        SELECT 1 FROM roaming_cdr c
        WHERE c.owner_id = s.owner_id AND c.session_key = s.session_key AND NOT c.is_credit
            AND NOT EXISTS (SELECT 1 FROM roaming_cdr credit WHERE credit.credit_of_id = c.id))
    ELSE FALSE END
FROM roaming_session s
WHERE s.owner_id = %(owner)s AND s.session_key = %(session_key)s
"""

# State and sealed revision in one statement: there is no state that was not sealed.
WRITE = """
WITH state AS (
    INSERT INTO roaming_session
        (owner_id, session_id, session_key, provider_id, status, started_at, ended_at, energy_kwh, currency, token_uid, contract_id,
         location_id, evse_uid, authorization_reference, document, digest, revision, last_updated, recent_patches)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 1, %s, %s)
    ON CONFLICT (owner_id, session_key) DO UPDATE SET
        session_id = excluded.session_id, status = excluded.status, started_at = excluded.started_at, ended_at = excluded.ended_at,
        energy_kwh = excluded.energy_kwh, currency = excluded.currency, token_uid = excluded.token_uid,
        contract_id = excluded.contract_id, location_id = excluded.location_id, evse_uid = excluded.evse_uid,
        authorization_reference = excluded.authorization_reference, document = excluded.document, digest = excluded.digest,
        revision = roaming_session.revision + 1, last_updated = excluded.last_updated, recent_patches = excluded.recent_patches
    RETURNING id, revision
), sealed AS (
    INSERT INTO roaming_sessionrevision (session_id, number, body, seal) SELECT id, revision, %s, %s FROM state
)
SELECT id FROM state
"""


class SessionIsOver(Exception):
    """A session that is COMPLETED or INVALID does not run again."""


class SessionIsBilled(Exception):
    """The session's CDR was accepted: what it was billed from is not corrected any more."""


class ProviderChanged(Exception):
    """A later state names the token of another provider."""


class WrongReceiver(Exception):
    """The session is addressed to a party that is not its token's provider."""


class _Held(msgspec.Struct, frozen=True):
    """A session as it stands."""

    row: int
    stored: Stored
    session: canonical.Session
    recent_patches: list[bytes] | None
    is_billed: bool


@transaction.atomic
def put_session(
    *,
    session: canonical.Session,
    at: datetime,
    correlation_id: str,
    receiver: canonical.PartyId | None = None,
    deliver: bool = True,
) -> Receipt:
    """This function will keep a session's state and queue it for the token's provider; `receiver` is whom it was addressed to, if anybody.

    `deliver` False stores only: the caller has forwarded it already. It raises UnknownProvider, NoAgreement, WrongReceiver,
    StampInFuture, SessionIsOver, SessionIsBilled, ProviderChanged and DoesNotFit.
    """
    operator, provider = _find_parties(session, receiver)
    held = _read(operator, session.id)
    digest = content_digest(session)
    verdict = judge_put(stored=held.stored if held else None, digest=digest, last_updated=session.last_updated, at=at)
    if held is not None:
        if not verdict.applies:
            return Receipt(verdict=verdict, row=held.row)
        _refuse_what_cannot_follow(held, session)
    row = _write(operator, provider, session, digest, recent=held.recent_patches if held else None)
    if deliver:
        _deliver(operator, provider, row, verb="put", payload=None, correlation_id=correlation_id)
    return Receipt(verdict=verdict, row=row)


@transaction.atomic
def patch_session(
    *,
    owner: canonical.PartyId,
    session_id: str,
    changes: dict[str, Any],
    at: datetime,
    correlation_id: str,
    receiver: canonical.PartyId | None = None,
    deliver: bool = True,
) -> Receipt:
    """This function will merge `changes` (canonical names) into a session; its charging periods are appended, each once.

    From a PATCH older than the state only unseen periods are taken (reliability §4). It raises UnknownObject, PatchWithoutStamp,
    PatchBreaksObject, ContradictingPeriod, and what `put_session` raises.
    """
    patch = read_patch(changes=changes)
    operator = directory.current().party(owner)
    if operator is None:
        raise UnknownParty(f"{owner} is not a party of this hub")
    held = _read(operator, session_id)
    if held is None:
        raise UnknownObject("the session is not known")
    if patch.was_applied(held.recent_patches):
        return Receipt(verdict=Verdict.SAME, row=held.row)
    is_late = patch.last_updated < held.stored.last_updated
    merged = _merge(held.session, patch, is_late=is_late)
    digest = content_digest(merged)
    if digest == held.stored.digest:
        return Receipt(verdict=Verdict.STALE if is_late else Verdict.SAME, row=held.row)
    verdict = judge_put(stored=held.stored, digest=digest, last_updated=merged.last_updated, at=at)
    _refuse_what_cannot_follow(held, merged)
    _, provider = _find_parties(merged, receiver)
    row = _write(operator, provider, merged, digest, recent=patch.remember(held.recent_patches))
    if deliver:
        # A late PATCH left only some of its periods behind: what the provider must hear is the state.
        _deliver(
            operator,
            provider,
            row,
            verb="put" if is_late else "patch",
            payload=None if is_late else patch.changes,
            correlation_id=correlation_id,
        )
    return Receipt(verdict=verdict, row=row)


def _find_parties(session: canonical.Session, receiver: canonical.PartyId | None) -> tuple[PartyEntry, PartyEntry]:
    table = directory.current()
    operator = table.party(session.owner)
    if operator is None:
        raise UnknownParty(f"{session.owner} is not a party of this hub")
    if receiver is not None and receiver != session.cdr_token.owner:
        raise WrongReceiver(f"the session belongs to {session.cdr_token.owner}, not to {receiver}")
    provider = find_provider_of(
        directory=table, operator=session.owner, token=session.cdr_token, module="sessions", on=session.start_date_time.date()
    )
    return operator, provider


def _read(operator: PartyEntry, session_id: str) -> _Held | None:
    place = {"owner": operator.id, "session_key": session_id.upper()}
    found = read_locked(keys=[f"session:{place['owner']}:{place['session_key']}"], sql=READ, params=place)
    if found is None:
        return None
    return _Held(
        row=found[0],
        stored=Stored(digest=bytes(found[1]), last_updated=found[2]),
        session=canonical.decode(found[3].encode(), canonical.Session),
        recent_patches=found[4],
        is_billed=found[5],
    )


def _merge(session: canonical.Session, patch: Patch, *, is_late: bool) -> canonical.Session:
    changes = dict(patch.changes)
    added = changes.pop("charging_periods", None) or ()
    document = canonical.to_builtins(session)
    merged = session if is_late else read_merged(merge_patch(document=document, changes=changes), canonical.Session)
    if not added:
        return merged
    periods = read_merged({**document, "charging_periods": added}, canonical.Session).charging_periods
    return msgspec.structs.replace(merged, charging_periods=append_periods(stored=session.charging_periods, added=periods))


def _refuse_what_cannot_follow(held: _Held, session: canonical.Session) -> None:
    if held.session.status in _OVER and session.status not in _OVER:
        raise SessionIsOver(f"status: the session is {held.session.status}, it cannot become {session.status}")
    if held.is_billed:
        raise SessionIsBilled("the session's CDR was accepted: send a credit CDR before correcting the session")
    if session.cdr_token.owner != held.session.cdr_token.owner:
        raise ProviderChanged(f"cdr_token: the session belongs to {held.session.cdr_token.owner}")


def _write(operator: PartyEntry, provider: PartyEntry, session: canonical.Session, digest: bytes, *, recent: list[bytes] | None) -> int:
    body = canonical.encode(session)
    row: int = execute_returning(
        sql=WRITE,
        params=[
            operator.id,
            text_that_fits(session.id, longest=39, field="id"),
            session.id.upper(),
            provider.id,
            text_that_fits(session.status, longest=12, field="status"),
            session.start_date_time,
            session.end_date_time,
            number_that_fits(session.kwh, digits=8, field="kwh"),
            text_that_fits(session.currency, longest=3, field="currency"),
            text_that_fits(session.cdr_token.uid, longest=36, field="cdr_token.uid"),
            text_that_fits(session.cdr_token.contract_id, longest=36, field="cdr_token.contract_id"),
            text_that_fits(session.location_id, longest=39, field="location_id"),
            text_that_fits(session.evse_uid, longest=39, field="evse_uid"),
            text_that_fits(session.authorization_reference or "", longest=64, field="authorization_reference"),
            body.decode(),
            digest,
            session.last_updated,
            recent,
            body,
            hashlib.sha256(body).digest(),
        ],
    )[0]
    return row


def _deliver(
    operator: PartyEntry, provider: PartyEntry, row: int, *, verb: Verb, payload: dict[str, Any] | None, correlation_id: str
) -> None:
    # Sessions are never broadcast: they say where one driver is (OCPI 2.2.1, transport §Broadcast Push; ocpi §2.3).
    enqueue(
        receivers=[provider],
        receiver_role=provider_role(provider),
        module="sessions",
        verb=verb,
        object_type="session",
        object_row=row,
        payload=payload,
        sender=operator.key,
        correlation_id=correlation_id,
    )
