"""Sessions whose id the hub mints: opened by a question, refused or authorised by its answer, closed by one CDR (oicp §5.5)."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from roaming.sessions.models import HubSession

AUTHORIZE, REMOTE, RESERVATION = "authorize", "remote", "reservation"
# How long the repeat of a question is answered from the first one (the usual reader gives up after 10 s and asks again).
RETRY = timedelta(seconds=60)
# Answers to OCPI operators on behalf of OICP providers mint an id too; the row of the authorisation is its durable record.
_FROM_AUTHORIZATION = """
INSERT INTO roaming_hubsession
    (session_id, operator_id, provider_id, kind, state, evse_id, token_uid, token_type, contract_id, group_id, is_offline,
     operator_session_id, provider_session_id, reference, stop_identifications, product_id, created_at)
SELECT lower(a.reference), a.operator_id, a.provider_id, 'authorize', 'open', '', a.token_uid, a.token_type, a.contract_id, '', FALSE,
    '', '', '', '[]'::jsonb, '', a.at
FROM roaming_authorization a
WHERE a.reference IN (%s, %s) AND a.outcome = 'ALLOWED' AND a.operator_id IS NOT NULL AND a.provider_id IS NOT NULL
ORDER BY a.at DESC LIMIT 1
ON CONFLICT (session_id) DO NOTHING
"""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session when it is opened."""

    operator: int
    provider: int | None
    kind: str
    evse_id: str = ""
    token_uid: str = ""
    token_type: str = ""
    contract_id: str = ""
    operator_session_id: str = ""
    provider_session_id: str = ""
    product_id: str = ""
    request_digest: bytes = b""
    place: dict[str, Any] | None = None


def mint_session_id() -> str:
    """This function will make a session id: a GUID of chance."""
    return str(uuid.uuid4())


def open_hub_session(*, session_id: str, opening: Opening, at: datetime) -> HubSession:
    """This function will write down a session before anybody is asked about it."""
    session = HubSession(
        session_id=session_id.lower(),
        operator_id=opening.operator,
        provider_id=opening.provider,
        kind=opening.kind,
        evse_id=opening.evse_id,
        token_uid=opening.token_uid[:64],
        token_type=opening.token_type,
        contract_id=opening.contract_id,
        operator_session_id=opening.operator_session_id,
        provider_session_id=opening.provider_session_id,
        product_id=opening.product_id,
        request_digest=opening.request_digest,
        place=opening.place,
        created_at=at,
    )
    session.save(force_insert=True)
    return session


def confirm_hub_session(session: HubSession, **known: Any) -> None:
    """This function will mark a session as authorised, with what its answer told (columns by name)."""
    _set(session, state=HubSession.State.OPEN, **known)


def refuse_hub_session(session: HubSession, **known: Any) -> None:
    """This function will mark a session as refused: its id is of no use any more."""
    _set(session, state=HubSession.State.REFUSED, **known)


def take_forgotten(*, before: datetime, most: int) -> list[HubSession]:
    """This function will refuse sessions that were opened before `before` and whose question never ended; it returns them.

    A call ends with its deadline: the process that asked is gone. To be called in a transaction; two callers take different ones.
    """
    rows = HubSession.objects.select_for_update(skip_locked=True).filter(state=HubSession.State.ASKING, created_at__lt=before)
    forgotten = list(rows.order_by("created_at")[:most])
    HubSession.objects.filter(id__in=[session.id for session in forgotten]).update(state=HubSession.State.REFUSED)
    return forgotten


def note_reference(session: HubSession, *, reference: str) -> None:
    """This function will keep the provider's own reference: it returns in the session and the CDR."""
    _set(session, reference=reference[:64])


def find_reservation(*, provider_session_id: str) -> HubSession | None:
    """This function will return the latest open reservation that an OCPI provider knows by that id, or None."""
    return (
        HubSession.objects.filter(kind=RESERVATION, provider_session_id=provider_session_id, state=HubSession.State.OPEN)
        .order_by("-id")
        .first()
    )


def note_progress(session: HubSession, *, at: datetime) -> None:
    """This function will keep when the latest progress was told."""
    _set(session, progress_at=at)


def close_hub_session(*, session_id: str, at: datetime) -> bool:
    """This function will close a session with its CDR, once; it says whether it was open until now."""
    return bool(
        HubSession.objects.filter(session_id=session_id.lower(), state=HubSession.State.OPEN).update(
            state=HubSession.State.CLOSED, closed_at=at
        )
    )


def find_hub_session(session_id: str, *, for_update: bool = False) -> HubSession | None:
    """This function will return the session of that id, or None; `for_update` locks it until the transaction ends."""
    rows = HubSession.objects.select_for_update() if for_update else HubSession.objects
    found = rows.filter(session_id=session_id.lower()).first()
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute(_FROM_AUTHORIZATION, [session_id, session_id.lower()])
            if not cursor.rowcount:
                return None
        found = rows.filter(session_id=session_id.lower()).first()
    return found


def find_retried(*, operator: int, operator_session_id: str, digest: bytes, at: datetime) -> HubSession | None:
    """This function will return the session that the same question opened a moment ago, if it was answered."""
    if not operator_session_id:
        return None
    return (
        HubSession.objects.filter(
            operator_id=operator, operator_session_id=operator_session_id, created_at__gt=at - RETRY, request_digest=digest
        )
        .exclude(answer=None)
        .order_by("-id")
        .first()
    )


def _set(session: HubSession, **values: Any) -> None:
    changes: Mapping[str, Any] = values
    for name, value in changes.items():
        setattr(session, name, value)
    HubSession.objects.filter(id=session.id).update(**changes)
