"""PUT and PATCH of sessions (OCPI 2.2.1, mod_sessions §Receiver Interface): keep the state, seal a revision, queue it for the provider."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.deliveries.enqueue import Notice, Verb, enqueue_all
from roaming.objects.announce import NoAgreement, UnknownParty, find_provider_of, provider_role
from roaming.objects.digests import content_digest
from roaming.objects.limits import DoesNotFit
from roaming.objects.locks import read_all_locked
from roaming.objects.patches import UnknownObject, read_merged, read_patch
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.revisions import (
    Receipt,
    StampInFuture,
    Stamps,
    Stored,
    Verdict,
    append_periods,
    fields_to_apply,
    judge_put,
    merge_patch,
    note_fields,
)
from roaming.sessions.beneath import lay_beneath, period_names
from roaming.sessions.models import Session
from roaming.sessions.rows import Row, row_of, write_rows

_OVER = ("COMPLETED", "INVALID")

# Whether a CDR was accepted matters only to a session that is over, so the look into the CDRs costs running sessions nothing.
# It is asked here by SQL and not through the slice of CDRs, which stands below this one.
READ = """
SELECT s.owner_id, s.session_key, s.id, s.digest, s.last_updated, s.document::text, s.recent_patches, s.field_stamps::text,
    CASE WHEN s.status IN ('COMPLETED', 'INVALID') THEN EXISTS (
        SELECT 1 FROM roaming_cdr c
        WHERE c.owner_id = s.owner_id AND c.session_key = s.session_key AND NOT c.is_credit
            AND NOT EXISTS (SELECT 1 FROM roaming_cdr credit WHERE credit.credit_of_id = c.id))
    ELSE FALSE END
FROM unnest(%(owners)s::bigint[], %(session_keys)s::text[]) AS place (owner_id, session_key)
JOIN roaming_session s USING (owner_id, session_key)
"""


class SessionIsOver(Exception):
    """A session that is COMPLETED or INVALID does not run again."""


class SessionIsBilled(Exception):
    """The session's CDR was accepted: what it was billed from is not corrected any more."""


class ProviderChanged(Exception):
    """A later state names the token of another provider."""


class WrongReceiver(Exception):
    """The session is addressed to a party that is not its token's provider."""


# What a session may be refused for by itself, without harm to those that came with it.
REFUSALS = (UnknownParty, NoAgreement, WrongReceiver, StampInFuture, SessionIsOver, SessionIsBilled, ProviderChanged, DoesNotFit)


class _Held(msgspec.Struct, frozen=True):
    """A session as it stands."""

    row: int
    stored: Stored
    session: canonical.Session
    recent_patches: list[bytes] | None
    field_stamps: Stamps | None
    is_billed: bool


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it came, and whom it was addressed to, if anybody. `deliver` False: the caller has forwarded it already."""

    session: canonical.Session
    correlation_id: str
    receiver: canonical.PartyId | None = None
    deliver: bool = True


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
    arrival = Arrival(session=session, correlation_id=correlation_id, receiver=receiver, deliver=deliver)
    (outcome,) = put_sessions(arrivals=[arrival], at=at)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@transaction.atomic
def put_sessions(*, arrivals: Sequence[Arrival], at: datetime) -> list[Receipt | Exception]:
    """This function will do what `put_session` does for many, in their order and in one transaction, with one commit for all.

    Each is judged by itself: where one is refused, its refusal stands in its place and the others are kept.
    """
    outcomes: dict[int, Receipt | Exception] = {}
    waiting = list(enumerate(arrivals))
    while waiting:
        # A session that comes twice is judged the second time against what the first left.
        wave, waiting = _first_of_each(waiting)
        outcomes |= _put_wave(wave, at)
    return [outcomes[number] for number in range(len(arrivals))]


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

    From a PATCH older than the state are taken unseen periods, and fields that nothing newer has set (reliability §4). It raises
    UnknownObject, PatchWithoutStamp, PatchBreaksObject, ContradictingPeriod, and what `put_session` raises.
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
    rest = held.stored.last_updated
    changes = dict(patch.changes)
    periods = changes.pop("charging_periods", None) or ()
    if is_late:
        changes = fields_to_apply(changes=changes, at=patch.last_updated, stamps=held.field_stamps, rest=rest)
    merged = _merge(held.session, changes, periods)
    digest = content_digest(merged)
    added = period_names(periods)
    stamps = note_fields(changes=changes, at=patch.last_updated, stamps=held.field_stamps, rest=rest, also=added)
    if digest == held.stored.digest:
        if is_late and (changes or added):
            _keep_stamps(held.row, stamps)
        return Receipt(verdict=Verdict.STALE if is_late else Verdict.SAME, row=held.row)
    verdict = judge_put(stored=held.stored, digest=digest, last_updated=merged.last_updated, at=at)
    _refuse_what_cannot_follow(held, merged)
    _, provider = _find_parties(merged, receiver)
    row = _write(operator, provider, merged, digest, recent=patch.remember(held.recent_patches), stamps=stamps)
    if deliver:
        # A late PATCH left only a part of itself behind: what the provider must hear is the state.
        notice = _notice(
            operator,
            provider,
            row,
            verb="put" if is_late else "patch",
            payload=None if is_late else patch.changes,
            correlation_id=correlation_id,
        )
        enqueue_all(notices=[notice])
    return Receipt(verdict=verdict, row=row)


def _first_of_each(waiting: list[tuple[int, Arrival]]) -> tuple[list[tuple[int, Arrival]], list[tuple[int, Arrival]]]:
    wave: dict[tuple[canonical.PartyId, str], tuple[int, Arrival]] = {}
    later = [item for item in waiting if wave.setdefault((item[1].session.owner, item[1].session.id.upper()), item) is not item]
    return list(wave.values()), later


def _put_wave(wave: Sequence[tuple[int, Arrival]], at: datetime) -> dict[int, Receipt | Exception]:
    outcomes: dict[int, Receipt | Exception] = {}
    parties: dict[int, tuple[PartyEntry, PartyEntry]] = {}
    for number, arrival in wave:
        try:
            parties[number] = _find_parties(arrival.session, arrival.receiver)
        except REFUSALS as refusal:
            outcomes[number] = refusal
    known = _read_all([(parties[number][0].id, arrival.session.id.upper()) for number, arrival in wave if number in parties])
    rows: list[Row] = []
    accepted: list[tuple[int, Arrival, Verdict]] = []
    for number, arrival in wave:
        if number not in parties:
            continue
        session, (operator, provider) = arrival.session, parties[number]
        held = known.get((operator.id, session.id.upper()))
        try:
            judged = _judge(session, held, at)
            if held is not None and not judged.verdict.applies:
                outcomes[number] = Receipt(verdict=judged.verdict, row=held.row)
                continue
            if held is not None:
                _refuse_what_cannot_follow(held, judged.session)
            recent = held.recent_patches if held else None
            rows.append(row_of(operator, provider, judged.session, judged.digest, recent=recent, stamps=judged.stamps))
            accepted.append((number, arrival, judged.verdict))
        except REFUSALS as refusal:
            outcomes[number] = refusal
    written = write_rows(rows)
    notices = []
    for number, arrival, verdict in accepted:
        operator, provider = parties[number]
        row = written[operator.id, arrival.session.id.upper()]
        outcomes[number] = Receipt(verdict=verdict, row=row)
        if arrival.deliver:
            notices.append(_notice(operator, provider, row, verb="put", payload=None, correlation_id=arrival.correlation_id))
    enqueue_all(notices=notices)
    return outcomes


class _Judged(NamedTuple):
    """What a PUT leaves: the state to keep, and the stamps of what newer PATCHes have set in it."""

    verdict: Verdict
    session: canonical.Session
    digest: bytes
    stamps: Stamps | None = None


def _judge(session: canonical.Session, held: _Held | None, at: datetime) -> _Judged:
    digest = content_digest(session)
    verdict = judge_put(stored=held.stored if held else None, digest=digest, last_updated=session.last_updated, at=at)
    if held is None or verdict is not Verdict.STALE:
        return _Judged(verdict, session, digest)
    # Late: what nothing newer has set still counts (reliability §7 case 59).
    laid = None if held.is_billed else lay_beneath(put=session, stored=held.session, stamps=held.field_stamps)
    if laid is None:
        return _Judged(verdict, session, digest)
    merged, stamps = laid
    digest = content_digest(merged)
    if digest == held.stored.digest:
        _keep_stamps(held.row, stamps)
        return _Judged(verdict, merged, digest)
    return _Judged(Verdict.REPLACED, merged, digest, stamps)


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
    place = (operator.id, session_id.upper())
    return _read_all([place]).get(place)


def _read_all(places: Sequence[tuple[int, str]]) -> dict[tuple[int, str], _Held]:
    """This function will lock the sessions in one order, as everybody does, and return those that are held."""
    if not places:
        return {}
    places = sorted(places)
    found = read_all_locked(
        keys=[f"session:{owner}:{session_key}" for owner, session_key in places],
        sql=READ,
        params={"owners": [owner for owner, _ in places], "session_keys": [session_key for _, session_key in places]},
    )
    return {
        (owner, session_key): _Held(
            row=row,
            stored=Stored(digest=bytes(digest), last_updated=last_updated),
            session=canonical.decode(document.encode(), canonical.Session),
            recent_patches=recent_patches,
            field_stamps=json.loads(stamps) if stamps else None,
            is_billed=is_billed,
        )
        for owner, session_key, row, digest, last_updated, document, recent_patches, stamps, is_billed in found
    }


def _merge(session: canonical.Session, changes: dict[str, Any], added: Sequence[Any]) -> canonical.Session:
    document = canonical.to_builtins(session)
    merged = read_merged(merge_patch(document=document, changes=changes), canonical.Session) if changes else session
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


def _write(
    operator: PartyEntry, provider: PartyEntry, session: canonical.Session, digest: bytes, *, recent: list[bytes], stamps: Stamps
) -> int:
    (row,) = write_rows([row_of(operator, provider, session, digest, recent=recent, stamps=stamps)]).values()
    return row


def _keep_stamps(row: int, stamps: Stamps) -> None:
    """This function will keep the stamps alone: the message set what was there, and what is older must still not come after it."""
    Session.objects.filter(id=row).update(field_stamps=stamps)


def _notice(
    operator: PartyEntry, provider: PartyEntry, row: int, *, verb: Verb, payload: dict[str, Any] | None, correlation_id: str
) -> Notice:
    # Sessions are never broadcast: they say where one driver is (OCPI 2.2.1, transport §Broadcast Push; ocpi §2.3).
    return Notice(
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
