"""One request of OICP that the lane answers itself: who calls, by its certificate, and what every answer carries (oicp §5.0).

`enter` does what `roaming.protocols.oicp.endpoints.door` does first, with the same functions. Where it finds anything that is not
the plain case it returns None, and Django says what is wrong.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from urllib.parse import unquote
from uuid import uuid4

from asgiref.typing import HTTPScope

from hub.lane import metrics
from roaming.canonical import PartyId
from roaming.exchanges.record import ExchangeEntry, is_flooded, record
from roaming.parties import directory
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry
from roaming.protocols.oicp.authentication import CERTIFICATE, FINGERPRINT, SECRET, authenticate, resolve
from roaming.protocols.oicp.refusals import OicpRefusal
from roaming.routing.sides import Side

CONTENT_TYPE = b"application/json; charset=utf-8"
_IDENTITY = {name.removeprefix("HTTP_").replace("_", "-").lower().encode(): name for name in (SECRET, FINGERPRINT, CERTIFICATE)}
_OF_BODY = {b"content-encoding": "content-encoding", b"content-type": "content-type"}


@dataclass(slots=True)
class OicpVisit:
    """A request whose caller is known; `body` comes when it is read, `fault` names what was refused."""

    scope: HTTPScope
    at: datetime
    started: float
    headers: dict[str, str]
    directory: Directory
    stamp: object  # of the directory
    caller: PlatformEntry
    party: PartyId
    operator: PartyEntry
    body: bytes = b""
    fault: str = ""

    def answer_headers(self) -> list[tuple[bytes, bytes]]:
        """This function will return the headers that every answer carries, as bytes of the wire."""
        return [(b"content-type", CONTENT_TYPE), (b"process-id", str(uuid4()).encode("ascii")), (b"cache-control", b"no-store")]


def enter(*, scope: HTTPScope, path: re.Pattern[bytes], side: Side) -> OicpVisit | None:
    """This function will let a partner in, or return None."""
    match = path.fullmatch(scope["raw_path"])
    assert match is not None, "the lane asks only the door whose path it is"
    identity, headers = _read_headers(scope)
    at, started = datetime.now(UTC), monotonic()
    stamp = directory.latest_stamp()  # first: where a new table comes in between, it is compared once more
    table = directory.latest()
    try:
        caller = authenticate(meta=identity, directory=table, at=at)
        named = unquote(match[1].decode("ascii", "replace")).replace(" ", "+")
        party = resolve(text=named, side=side, caller=caller, directory=table)
    except OicpRefusal:
        return None
    entry = table.party(party)
    if entry is None:
        return None
    return OicpVisit(
        scope=scope,
        at=at,
        started=started,
        headers=headers,
        directory=table,
        stamp=stamp,
        caller=caller,
        party=party,
        operator=entry,
    )


def keep_exchange(*, visit: OicpVisit, http: int, answer: bytes) -> None:
    """This function will keep the exchange, without I/O, or leave a success of a flood out."""
    if not visit.fault and is_flooded():
        metrics.EXCHANGES_LEFT_OUT.inc()
        return
    record(
        ExchangeEntry(
            at=visit.at,
            direction="in",
            platform_id=visit.caller.id,
            method=visit.scope["method"],
            path=visit.scope["raw_path"].decode("ascii", "replace"),
            headers={},
            request_body=visit.body or None,
            response_body=answer,
            http_status=http,
            duration_ms=round((monotonic() - visit.started) * 1000),
            error=visit.fault,
        )
    )


def _read_headers(scope: HTTPScope) -> tuple[dict[str, str], dict[str, str]]:
    """This function will return the proxy's headers under their names in WSGI, and those of the body; duplicates joined by a comma."""
    identity: dict[str, str] = {}
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        if (key := _IDENTITY.get(name)) is not None:
            into = identity
        elif (key := _OF_BODY.get(name)) is not None:
            into = headers
        else:
            continue
        text = value.decode("latin-1")
        into[key] = f"{into[key]},{text}" if key in into else text
    return identity, headers
