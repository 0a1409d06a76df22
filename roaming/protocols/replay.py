"""Playing a message again by hand: what left leaves once more, what came in goes through its door once more.

Safe to do twice: doors know repeats, receivers are told the state as it is now. What a trace does not keep cannot be played from it:
bodies that hold a driver's secret were masked, long ones cut. Their effect is in the outbox, and that is played instead.
"""

import io
import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.urls import Resolver404, resolve

from roaming.audit.write import write_audit
from roaming.deliveries.models import Delivery
from roaming.deliveries.resume import retry_deliveries
from roaming.exchanges.masking import LONGEST_BODY, MASK
from roaming.exchanges.models import Exchange
from roaming.parties import directory
from roaming.parties.snapshot import Caller

# A command is an act and not a state: started twice, a car charges twice.
_NEVER_AGAIN = frozenset({"commands", "chargingprofiles", "credentials", "versions"})
_WRITES = frozenset({"PUT", "PATCH", "POST", "DELETE"})
# What stands whole in the trace. Sessions, CDRs and tokens name drivers.
_KEPT_WHOLE = frozenset({"locations", "tariffs"})


class UnknownExchange(Exception):
    """There is no exchange of this number, or it is older than the trace."""


class CannotReplay(Exception):
    """Nothing of this message can or may be played again; the message says why."""


class Replayed(NamedTuple):
    """What was done: deliveries that are due again, or the door's answer (HTTP status and protocol status)."""

    deliveries: int
    http: int | None = None
    status: int | None = None


def replay_message(*, exchange_id: int, by: str, reason: str, at: datetime) -> Replayed:
    """This function will play one exchange again and keep who did it, and why, in the audit trail.

    It raises UnknownExchange or CannotReplay, and then nothing happened.
    """
    row = Exchange.objects.filter(id=exchange_id).first()
    if row is None:
        raise UnknownExchange(f"there is no exchange {exchange_id}; the trace is kept 30 days")
    if row.module in _NEVER_AGAIN or row.method not in _WRITES or row.path.rstrip("/").endswith("/authorize"):
        raise CannotReplay(f"{row.method} {row.module or row.path}: only pushes of objects are played again")
    if row.direction == "in" and _is_whole(row):
        http, status = _through_its_door(row)
        done = Replayed(0, http, status)
        write_audit(action="replayed", by=by, subject=row, after=done._asdict(), reason=reason)
        return done
    with transaction.atomic():
        done = Replayed(_send_again(row, at))
        if not done.deliveries:
            raise CannotReplay("the trace does not hold this message whole, and the outbox nothing of it: ask the partner to send it again")
        write_audit(action="replayed", by=by, subject=row, after=done._asdict(), reason=reason)
    return done


def _is_whole(row: Exchange) -> bool:
    texts = (row.path, row.request_body)
    return row.module in _KEPT_WHOLE and len(row.request_body) < LONGEST_BODY and not any(MASK in text for text in texts)


def _send_again(row: Exchange, at: datetime) -> int:
    if not row.correlation_id:
        return 0
    found = Delivery.objects.filter(correlation_id=row.correlation_id, module=row.module)
    if row.direction == "out":
        found = found.filter(platform_id=row.platform_id or 0)
    delivered = list(found.filter(state=Delivery.State.DELIVERED))
    count = retry_deliveries(deliveries=found, at=at)
    # What was delivered stays so: a new row tells the receiver the state as it is now.
    for done in delivered:
        Delivery.objects.create(
            platform_id=done.platform_id,
            receiver_id=done.receiver_id,
            receiver_role=done.receiver_role,
            sender_id=done.sender_id,
            module=done.module,
            verb="put" if done.verb == "patch" else done.verb,
            object_type=done.object_type,
            object_row=done.object_row,
            object_path=done.object_path,
            payload=None if done.verb == "patch" else done.payload,
            correlation_id=done.correlation_id,
        )
    return count + len(delivered)


def _through_its_door(row: Exchange) -> tuple[int, int | None]:
    known = directory.current()
    platform = known.platform(row.platform_id or 0)
    if platform is None or platform.protocol != "ocpi" or not platform.is_registered:
        raise CannotReplay("the platform that sent it is not connected by OCPI any more")
    path, _, query = row.path.partition("?")
    try:
        door = resolve(path)
    except Resolver404:
        raise CannotReplay(f"the hub has no door {path} any more") from None
    body = row.request_body.encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": row.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "HTTP_X_REQUEST_ID": str(uuid.uuid4()),
        "HTTP_X_CORRELATION_ID": row.correlation_id,
    }
    for end, party in (("FROM", row.sender), ("TO", row.receiver)):
        if party:
            environ[f"HTTP_OCPI_{end}_COUNTRY_CODE"], _, environ[f"HTTP_OCPI_{end}_PARTY_ID"] = party.partition("-")
    request = WSGIRequest(environ)
    # The door takes this instead of a token. Nothing that comes over the network can set it.
    request.replayed_as = Caller(  # type: ignore[attr-defined]
        platform=platform, credential_id=0, kind="C", encoding="raw", is_first_use=False
    )
    view: Callable[..., Any] = door.func
    answer = view(request, *door.args, **door.kwargs)
    return answer.status_code, json.loads(answer.content).get("status_code")
