"""What the outbox sends to an OCPI receiver: the object as it stands now, in the receiver's version, and what the answer means.

The path keeps the owner's country code and party id, also when the hub itself pushes (OCPI 2.2.1, transport_and_format §Broadcast Push).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from django.utils import timezone

from roaming import canonical
from roaming.cdrs.models import Cdr
from roaming.deliveries.queries import was_told
from roaming.deliveries.reading import once
from roaming.egress.calls import Answer
from roaming.gateways import CannotBeSaid, Outcome, Parcel
from roaming.locations.models import Location
from roaming.locations.parts import Part, find_part
from roaming.parties.models import PartyRole
from roaming.parties.profile import profile_of
from roaming.protocols.ocpi.article import Article, Crossing
from roaming.protocols.ocpi.client import NotAnEnvelope, Refused, Reply, read_reply
from roaming.protocols.ocpi.crossings import note_crossing
from roaming.protocols.ocpi.dialect import Shape, encode
from roaming.protocols.ocpi.kept import read_object
from roaming.protocols.ocpi.kinds import write_instant
from roaming.protocols.ocpi.loss import LossReport
from roaming.protocols.ocpi.manners import Manner
from roaming.protocols.ocpi.versions import Dialect
from roaming.protocols.ocpi.visitors import ClientInfo
from roaming.sessions.models import Session
from roaming.tariffs.models import Tariff
from roaming.tokens.models import Token

R = TypeVar("R", Location, Tariff, Token)
S = TypeVar("S", bound=msgspec.Struct)

# How long the outbox keeps what was delivered (roaming.tasks).
_REMEMBERED = timedelta(days=30)
_MOST_PATIENCE_SECONDS = 3600.0
_MOST_OF_A_NOTE = 200
# The object type of what the hub keeps in a module that it does not read.
KEPT = "kept"
# That of what passes through unread to everybody.
PASSED = "passed_push"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a receiver, still without address and headers."""

    method: str
    path: tuple[str, ...] = ()
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    url: str | None = None  # where the letter goes to an address of its own: a command's result


def write_letter(*, parcel: Parcel, dialect: Dialect) -> Letter | None:
    """This function will write what the receiver must hear now, or return None where the object is gone."""
    by_type = _ANSWERS.get(parcel.object_type) or _UNREAD.get(parcel.object_type)
    return (by_type or _WRITERS[parcel.module])(parcel, dialect)


def goes_to_an_endpoint(parcel: Parcel) -> bool:
    """This function will say whether a parcel goes to the receiver's module; results go to the address that was told for them."""
    return parcel.object_type not in _ANSWERS


def owner_of(letter: Letter, parcel: Parcel) -> canonical.PartyId:
    """This function will return whose object a letter is about."""
    return canonical.PartyId(*letter.path[:2]) if len(letter.path) > 2 else parcel.sender


def restyle(*, letter: Letter, parcel: Parcel, dialect: Dialect, manner: Manner) -> bytes:
    """This function will return the body of a letter as its receiver wants it."""
    owner = owner_of(letter, parcel)
    shape = None if letter.method == "PATCH" or letter.url is not None else _shape_of(letter, parcel, dialect)
    body = letter.body or b""
    return manner.rewrite(body, dialect=dialect, shape=shape, owner=owner, receiver=parcel.receiver.key, module=parcel.module)


def _shape_of(letter: Letter, parcel: Parcel, dialect: Dialect) -> Shape[Any] | None:
    if parcel.module == "locations":
        return (dialect.location, dialect.evse, dialect.connector)[len(letter.path) - 3].shape
    articles: Mapping[str, Article[Any]] = {
        "tariffs": dialect.tariff,
        "tokens": dialect.token,
        "sessions": dialect.session,
        "cdrs": dialect.cdr,
    }
    article = articles.get(parcel.module)
    return article.shape if article else None


def judge(*, parcel: Parcel, answer: Answer) -> Outcome:
    """This function will say what the answer means: delivered, to be sent again, or refused for good (reliability §4)."""
    if answer.status in (408, 429, 503):
        return Outcome("retry", f"HTTP {answer.status}", retry_after_seconds=_retry_after(answer))
    try:
        reply = read_reply(status=answer.status, headers=answer.headers, body=answer.body)
    except Refused as error:
        return Outcome("retry", f"{error}: the partner refuses the hub's token")
    except NotAnEnvelope as garbage:
        return _judge_garbage(parcel, answer, garbage)
    note = f"HTTP {reply.http}, status {reply.code} {reply.message}".strip()[:_MOST_OF_A_NOTE]
    if reply.is_success:
        return Outcome("delivered", note)
    if _knows_no_whole(parcel, reply) or (_puts_kept(parcel) and reply.http == 404):
        return Outcome("retry", note)
    refused = 2000 <= reply.code < 3000 or 400 <= reply.http < 500
    return Outcome("rejected" if refused else "retry", note)


def _judge_garbage(parcel: Parcel, answer: Answer, garbage: NotAnEnvelope) -> Outcome:
    if 200 <= answer.status < 300 and not answer.body.strip():
        return Outcome("delivered", f"HTTP {answer.status} without a body")  # met in the field: taken, and nothing said
    if answer.status in (400, 404, 405, 409, 410, 422):
        retry = answer.status in (404, 405) and _is_part(parcel) and parcel.attempts == 0
        retry = retry or (answer.status == 404 and _puts_kept(parcel))
        return Outcome("retry" if retry else "rejected", f"HTTP {answer.status}")
    return Outcome("retry", str(garbage)[:_MOST_OF_A_NOTE])


def _knows_no_whole(parcel: Parcel, reply: Reply) -> bool:
    # A receiver that never had the object refuses a PATCH of it; the next attempt PUTs the whole (partners §2b, 23).
    return _is_part(parcel) and parcel.attempts == 0 and (reply.http in (404, 405, 501) or 2000 <= reply.code < 3000)


def _is_part(parcel: Parcel) -> bool:
    return parcel.verb == "patch" or parcel.object_type in ("evse", "connector")


def _retry_after(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), _MOST_PATIENCE_SECONDS) if text.isdigit() else None


def _sends_changes(parcel: Parcel) -> bool:
    takes_changes = profile_of(parcel.platform.profile).changes == "patch"
    return takes_changes and parcel.verb == "patch" and not parcel.is_merged and parcel.attempts == 0 and parcel.payload is not None


def _read_once(table: type[R], kind: type[S], parcel: Parcel) -> tuple[R, S] | None:
    """This function will read an object that many receivers hear of, once for all of them."""

    def read() -> tuple[R, S] | None:
        row: Any = table._default_manager.filter(id=parcel.object_row).first()
        return None if row is None else (row, canonical.from_builtins(row.document, kind))

    return once((parcel.module, parcel.object_row), read)


def _write_location(parcel: Parcel, dialect: Dialect) -> Letter | None:
    held = _read_once(Location, canonical.Location, parcel)
    if held is None:
        return None
    row, location = held
    path = _split(location, parcel) if parcel.attempts == 0 else ()
    part = find_part(location, path)
    if part is None:
        return None
    article = article_of(part, dialect)
    place = (location.country_code, location.party_id, location.id, *path)
    if not (location.publish or dialect.routes):
        if row.withdrawn_at is not None and not was_told(parcel, since=row.withdrawn_at):
            return _withdraw(parcel, dialect, location)
        article, part, path = dialect.location, location, ()  # a part of what must not be shown is not shown either: the whole refuses
    if _sends_changes(parcel) and path == place[3:] and (changed := article.write_patch(parcel.payload or {})) is not None:
        return Letter(method="PATCH", path=place, body=encode(changed))
    return Letter(method="PUT", path=place, body=_cross(parcel, dialect, article, part, location.owner))


def _withdraw(parcel: Parcel, dialect: Dialect, location: canonical.Location) -> Letter:
    """This function will tell a version that cannot hide a location to take it down: every EVSE of it is REMOVED.

    OCPI 2.1.1 has neither `publish` nor a DELETE of locations; one without a valid EVSE counts as expired (mod_locations §Status).
    """
    report = LossReport()
    report.changed("publish", "false", "every EVSE is told as REMOVED")
    removed = [msgspec.structs.replace(evse, status="REMOVED") for evse in location.evses]
    evses = [body for evse in removed if (body := dialect.evse.cross(evse).body) is not None]
    body = {"evses": evses, "last_updated": write_instant(location.last_updated)}
    note_crossing(
        crossing=Crossing(body, report),
        message=location,
        owner=location.owner,
        receiver=parcel.receiver.key,
        module=parcel.module,
        version=dialect.number,
        at=timezone.now(),
    )
    return Letter(method="PATCH", path=(location.country_code, location.party_id, location.id), body=encode(body))


def _cross(parcel: Parcel, dialect: Dialect, article: Article[Any], message: Any, owner: canonical.PartyId) -> bytes:
    crossing = article.cross(message)
    note_crossing(
        crossing=crossing,
        message=message,
        owner=owner,
        receiver=parcel.receiver.key,
        module=parcel.module,
        version=dialect.number,
        at=timezone.now(),
    )
    if crossing.body is None:
        raise CannotBeSaid(f"OCPI {dialect.number} cannot say it: {crossing.reasons}")
    return encode(crossing.body)


def _split(location: canonical.Location, parcel: Parcel) -> tuple[str, ...]:
    if parcel.object_type == "location" or not parcel.object_path:
        return ()
    if parcel.object_type == "evse":
        return (parcel.object_path,)
    # `uid/id` of a connector: either may hold a slash itself, so the split that exists counts.
    parts = parcel.object_path.split("/")
    splits = [("/".join(parts[:at]), "/".join(parts[at:])) for at in range(1, len(parts))]
    return next((split for split in splits if find_part(location, split) is not None), splits[0] if splits else ())


def article_of(part: Part, dialect: Dialect) -> Article[Any]:
    """This function will return the article of a location, an EVSE or a connector."""
    if isinstance(part, canonical.Location):
        return dialect.location
    return dialect.evse if isinstance(part, canonical.Evse) else dialect.connector


def _write_tariff(parcel: Parcel, dialect: Dialect) -> Letter | None:
    held = _read_once(Tariff, canonical.Tariff, parcel)
    if held is None:
        return None
    row, tariff = held
    path = (tariff.country_code, tariff.party_id, tariff.id)
    if row.deleted_at is not None:  # whatever was queued before: the current state is that it is gone
        return Letter(method="DELETE", path=path)
    if dialect.routes and parcel.payload is not None and parcel.payload.get("turned"):
        return None  # a version with dates of validity knew them all along
    if not dialect.routes:
        now = timezone.now()
        if tariff.end_date_time is not None and now >= tariff.end_date_time:
            return Letter(method="DELETE", path=path)
        if tariff.start_date_time is not None and now < tariff.start_date_time:
            return None  # it is sent when it becomes valid (roaming.tariffs.turn)
    try:
        return Letter(method="PUT", path=path, body=_cross(parcel, dialect, dialect.tariff, tariff, tariff.owner))
    except CannotBeSaid:
        if was_told(parcel, since=timezone.now() - _REMEMBERED):
            return Letter(method="DELETE", path=path)  # else the receiver would go on with a price that is no longer asked
        raise


def _write_token(parcel: Parcel, dialect: Dialect) -> Letter | None:
    held = _read_once(Token, canonical.Token, parcel)
    if held is None:
        return None
    _, token = held
    path = (token.country_code, token.party_id, token.uid)
    query = {"type": dialect.fit_token_type(token.type)} if dialect.routes else None
    if _sends_changes(parcel) and (changed := dialect.token.write_patch(parcel.payload or {})) is not None:
        return Letter(method="PATCH", path=path, query=query, body=encode(changed))
    return Letter(method="PUT", path=path, query=query, body=_cross(parcel, dialect, dialect.token, token, token.owner))


def _write_session(parcel: Parcel, dialect: Dialect) -> Letter | None:
    row = Session.objects.filter(id=parcel.object_row).first()
    if row is None:
        return None
    session = canonical.from_builtins(row.document, canonical.Session)
    path = (session.country_code, session.party_id, session.id)
    if _sends_changes(parcel) and (changed := dialect.session.write_patch(parcel.payload or {})) is not None:
        return Letter(method="PATCH", path=path, body=encode(changed))
    return Letter(method="PUT", path=path, body=_cross(parcel, dialect, dialect.session, session, session.owner))


def _write_cdr(parcel: Parcel, dialect: Dialect) -> Letter | None:
    body = Cdr.objects.filter(id=parcel.object_row).values_list("body", flat=True).first()
    if body is None:
        return None
    cdr = canonical.decode(body, canonical.Cdr)
    return Letter(method="POST", path=(), body=_cross(parcel, dialect, dialect.cdr, cdr, cdr.owner))


def _write_result(parcel: Parcel, dialect: Dialect) -> Letter | None:
    # The payload is what the slice of commands queued; the body of a result has no envelope (mod_commands §Flow).
    payload = parcel.payload or {}
    result = canonical.from_builtins(payload["result"], canonical.CommandResult)
    body = _cross(parcel, dialect, dialect.command_result, result, parcel.sender)
    return Letter(method="POST", url=payload["response_url"], body=body)


def _write_profile_result(parcel: Parcel, dialect: Dialect) -> Letter | None:
    if dialect.profiles is None:
        raise CannotBeSaid(f"OCPI {dialect.number} has no charging profiles")
    payload = parcel.payload or {}
    result = canonical.from_builtins(payload["result"], canonical.ProfileResult)
    return Letter(method="POST", url=payload["response_url"], body=_cross(parcel, dialect, dialect.profiles.result, result, parcel.sender))


def _write_passed_result(parcel: Parcel, dialect: Dialect) -> Letter | None:
    payload = parcel.payload or {}
    return Letter(method="POST", url=payload["response_url"], body=payload["body"].encode())


def _write_client_info(parcel: Parcel, dialect: Dialect) -> Letter | None:
    role = PartyRole.objects.select_related("party", "platform").filter(id=parcel.object_row).first()
    if role is None or dialect.client_info is None:
        return None
    key, platform = role.party.key, role.platform
    info = ClientInfo(
        country_code=key.country_code,
        party_id=key.party_id,
        role=role.role,
        status=platform.state,
        last_updated=platform.status_changed_at or platform.created_at,
    )
    return Letter(method="PUT", path=key, body=encode(dialect.client_info.write(info)))


def _write_kept(parcel: Parcel, dialect: Dialect) -> Letter | None:
    """This function will write an object that the hub keeps in a module it does not read (OCPI 2.3.0 ed2, invoice reconciliation).

    A new one is POSTed, one that the receiver may know is PUT under its owner and id: so a POST whose answer was lost makes no second.
    """
    found = read_object(parcel.module, parcel.object_row)
    if found is None:
        return None
    if not _puts_kept(parcel):
        return Letter(method="POST", body=encode(found))
    return Letter(method="PUT", path=(found["country_code"], found["party_id"], found["id"]), body=encode(found))


def _puts_kept(parcel: Parcel) -> bool:
    # By turns: a PUT that is answered 404 is followed by a POST, a POST that came to nothing by a PUT.
    return parcel.object_type == KEPT and (parcel.attempts % 2 == 0) == (parcel.verb == "put")


def _write_passed(parcel: Parcel, dialect: Dialect) -> Letter | None:
    payload = parcel.payload or {}
    return Letter(method=payload["method"], path=tuple(payload["path"]), body=payload["body"].encode())


_WRITERS: Mapping[str, Callable[[Parcel, Dialect], Letter | None]] = {
    "locations": _write_location,
    "tariffs": _write_tariff,
    "tokens": _write_token,
    "sessions": _write_session,
    "cdrs": _write_cdr,
    "hubclientinfo": _write_client_info,
}
# By object type: what stands in modules that the hub does not read.
_UNREAD: Mapping[str, Callable[[Parcel, Dialect], Letter | None]] = {KEPT: _write_kept, PASSED: _write_passed}
# By object type: what goes to an address of its own.
_ANSWERS: Mapping[str, Callable[[Parcel, Dialect], Letter | None]] = {
    "command_result": _write_result,
    "profile_result": _write_profile_result,
    "passed_result": _write_passed_result,
}
