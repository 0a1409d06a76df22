"""What every door does besides its own work: ids, token, limits and address before; headers, envelope and the record of it after."""

import logging
from collections.abc import Mapping
from datetime import datetime
from time import monotonic
from typing import Any, ClassVar

from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView

from roaming import canonical
from roaming.exchanges.record import ExchangeEntry, record
from roaming.parties import directory
from roaming.parties.directory import Caller, Directory
from roaming.parties.liveness import note_arrival
from roaming.protocols.ocpi import limits
from roaming.protocols.ocpi.addressing import (
    FROM_COUNTRY,
    FROM_PARTY,
    TO_COUNTRY,
    TO_PARTY,
    Address,
    Ids,
    answer_headers,
    find_pair,
    read_address,
    read_ids,
)
from roaming.protocols.ocpi.authentication import NotAuthenticated, authenticate
from roaming.protocols.ocpi.dialect import read_value
from roaming.protocols.ocpi.envelope import SERVER_ERROR, OcpiRefusal, bad_parameter, not_found, write_refusal, write_success
from roaming.protocols.ocpi.intake import BodyTooLarge, NotJson, check_headers, read_json
from roaming.protocols.ocpi.kinds import ci_string
from roaming.protocols.ocpi.manners import Manner
from roaming.protocols.ocpi.refusals import in_old_words, refusal_of
from roaming.protocols.ocpi.versions import Dialect, VersionNotSpoken, get_dialect
from roaming.routing.sides import Side

logger = logging.getLogger(__name__)

KIB = 1024
_READ_HEADERS = (
    "authorization",
    "content-encoding",
    "x-request-id",
    "x-correlation-id",
    FROM_COUNTRY,
    FROM_PARTY,
    TO_COUNTRY,
    TO_PARTY,
)
_META_NAMES = {f"HTTP_{name.upper().replace('-', '_')}": name for name in _READ_HEADERS} | {"CONTENT_TYPE": "content-type"}
_IDS = ("x-request-id", "x-correlation-id")
# A token's uid is not among them: it is a driver's secret.
_OBJECT_IDS = ("location_id", "tariff_id", "session_id", "public_id")
_SECONDS_UNTIL_DATABASE = "1"


class Door(APIView):
    """The base of every endpoint. `module` and `side` say who may enter; `side` None: a configuration module, without routing headers."""

    module: ClassVar[str]
    side: ClassVar[Side | None] = None
    limit: ClassVar[limits.Limit] = limits.WRITES
    body_limit: ClassVar[int] = 256 * KIB
    needs_version: ClassVar[bool] = True

    at: datetime
    headers_read: Mapping[str, str]
    ids: Ids
    directory: Directory
    caller: Caller
    address: Address
    dialect: Dialect
    responder: canonical.PartyId | None = None
    raw_body: bytes = b""
    refusal: OcpiRefusal | None = None

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """This function will note the time and the ids before anything can fail."""
        self.at = timezone.now()
        self.started = monotonic()
        meta = request.META
        self.headers_read = {name: meta[key] for key, name in _META_NAMES.items() if key in meta}
        self.ids = read_ids(self.headers_read)
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """This function will let the caller in; it raises OcpiRefusal."""
        self.directory = directory.current()
        try:
            self.caller = self._authenticate()
        except NotAuthenticated:
            # A token that was made a moment ago, by an invitation or a handshake in another process, is not wrong.
            self.directory = directory.reread()
            try:
                self.caller = self._authenticate()
            except NotAuthenticated:
                limits.check(limits.WRONG_TOKENS, limits.source_network(self._source(request)))
                raise
        if self.caller.credential_id:  # a message that is played again is no sign of life
            note_arrival(caller=self.caller, at=self.at)
        if self.needs_version:
            try:
                self.dialect = get_dialect(kwargs["version"])
            except VersionNotSpoken:
                raise not_found() from None
            if not self.is_offered():
                raise not_found()
        if self.side is None:
            limits.check(self.limit, str(self.caller.platform.id))
            return
        headers = (
            self.headers_read if self.dialect.routes else {name: self.headers_read[name] for name in _IDS if name in self.headers_read}
        )
        self.address = read_address(headers=headers, caller=self.caller, side=self.side, owner=self._named_owner())
        if self.dialect.routes and FROM_PARTY not in headers:
            self.observe("missing_sender", str(self.address.sender), "a request without OCPI-from headers")
        limits.check(self.limit_of(request), f"{self.caller.platform.id}:{self.address.sender}")

    def is_offered(self) -> bool:
        """This function will say whether the version has the module of this door."""
        return self.module == "versions" or self.module in self.dialect.modules

    def _authenticate(self) -> Caller:
        played = getattr(self.request._request, "replayed_as", None)  # set by roaming.protocols.replay alone
        if isinstance(played, Caller):
            return played
        return authenticate(headers=self.headers_read, directory=self.directory, module=self.module, at=self.at)

    def limit_of(self, request: Request) -> limits.Limit:
        """This function will return the limit that this request counts for."""
        return self.limit

    def body(self) -> Any:
        """This function will return the JSON value of the body; it raises the refusals of the intake (400, 413, 415)."""
        raw = self.read_raw_body()
        if not raw:
            raise NotJson("the body is empty")
        return read_json(raw)

    def optional_body(self) -> Any:
        """This function will return the JSON value of the body, or None where there is none."""
        return self.body() if self.read_raw_body() else None

    def read_raw_body(self) -> bytes:
        """This function will read the bytes of the body once; it raises BodyTooLarge, EncodedBody or WrongContentType."""
        if not self.raw_body:
            self.raw_body = _read(self.request._request, self.body_limit)
            check_headers(headers=self.headers_read, has_body=bool(self.raw_body))
        return self.raw_body

    @property
    def manner(self) -> Manner:
        """How the caller really speaks."""
        return Manner(self.caller.platform)

    def needs_stamp(self) -> bool:
        """This function will say whether a PATCH of this caller must carry last_updated, and note one that does not."""
        body = self.body()
        if isinstance(body, dict) and body.get("last_updated") is None and self.dialect.routes:
            self.observe("patch_stamp", "optional", "a PATCH without last_updated")
        return self.manner.profile.patch_stamp == "required"

    def observe(self, flag: str, value: str, evidence: str) -> None:
        """This function will note a habit of the caller that its profile does not hold yet."""
        self.manner.observe(flag, value, evidence, correlation_id=self.ids.correlation_id)

    def object_id(self, name: str, *, longest: int = 36) -> str:
        """This function will return an id of the path; it raises BadFields where it is no CiString."""
        text: str = read_value(name=name, kind=ci_string(longest), value=self.kwargs[name])
        return text

    def own_party(self) -> canonical.PartyId:
        """This function will return the owner that the path names; it raises the one 404 where that is no party of the caller.

        OCPI 2.2.1, transport_and_format §Client owned object push: an object of another party is not found here. A second party
        of the same connection is no secret to the caller: 2001 says that the headers and the path disagree.
        """
        named = self._named_owner()
        if named is None or all(key != named for _, key in self.caller.platform.roles):
            raise not_found()
        if named != self.address.sender:
            raise bad_parameter("OCPI-from-country-code, OCPI-from-party-id: not the owner that the path names")
        return named

    def _routes(self) -> bool:
        return not hasattr(self, "dialect") or self.dialect.routes

    def _named_owner(self) -> canonical.PartyId | None:
        if "country_code" not in self.kwargs:
            return None
        return canonical.PartyId(self.kwargs["country_code"].upper(), self.kwargs["party_id"].upper())

    def success(
        self, data: Any = None, *, http: int = 200, headers: Mapping[str, str] | None = None, message: str | None = None
    ) -> HttpResponse:
        """This function will return an answer with status 1000."""
        return self.answer(write_success(data, at=self.at, message=message), http=http, headers=headers)

    def answer(self, body: bytes, *, http: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """This function will return an answer whose envelope is already written."""
        told = {**(headers or {}), "Content-Length": str(len(body))}
        return HttpResponse(body, status=http, content_type="application/json", headers=told)

    def handle_exception(self, exc: Exception) -> Any:
        """This function will turn whatever was raised into an envelope."""
        refusal = self._refusal(exc)
        if not self._routes():
            refusal = in_old_words(refusal)
        self.refusal = refusal
        return self.answer(write_refusal(refusal, at=self.at), http=refusal.http, headers=refusal.headers)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """This function will put the ids and the swapped routing headers on every answer, refusals included."""
        requester, responder = self.ends()
        told = (requester, responder) if self._routes() else (None, None)
        for name, value in answer_headers(ids=self.ids, requester=told[0], responder=told[1]).items():
            response[name] = value
        response["Cache-Control"] = "no-store"
        self._record(request._request, response, requester, responder)
        return response

    def ends(self) -> tuple[canonical.PartyId | None, canonical.PartyId | None]:
        """This function will return requester and responder as the answer's headers name them; None each for configuration modules."""
        return (None, None) if self.side is None else self.routed_ends()

    def routed_ends(self) -> tuple[canonical.PartyId | None, canonical.PartyId | None]:
        """This function will return requester and responder of a request that has routing headers."""
        requester = find_pair(self.headers_read, FROM_COUNTRY, FROM_PARTY)
        responder = self.responder or find_pair(self.headers_read, TO_COUNTRY, TO_PARTY)
        if responder is None and hasattr(self, "directory"):
            responder = self.directory.hub.key
        if requester is None and hasattr(self, "address"):
            requester = self.address.sender
        return requester, responder

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """This function will refuse: OCPI has no OPTIONS."""
        raise MethodNotAllowed("OPTIONS")

    def _record(
        self, request: HttpRequest, response: HttpResponse, requester: canonical.PartyId | None, responder: canonical.PartyId | None
    ) -> None:
        headers = {"x-request-id": self.ids.request_id, "x-correlation-id": self.ids.correlation_id}
        if requester is not None:
            headers[FROM_COUNTRY], headers[FROM_PARTY] = requester
        if responder is not None:
            headers[TO_COUNTRY], headers[TO_PARTY] = responder
        query = request.META.get("QUERY_STRING", "")
        record(
            ExchangeEntry(
                at=self.at,
                direction="in",
                platform_id=self.caller.platform.id if hasattr(self, "caller") else None,
                method=request.method or "",
                path=f"{request.path_info}?{query}" if query else request.path_info,
                headers=headers,
                request_body=self.raw_body or None,
                response_body=response.content,
                http_status=response.status_code,
                duration_ms=round((monotonic() - self.started) * 1000),
                error=str(self.refusal) if self.refusal else "",
                object_id=next((self.kwargs[name] for name in _OBJECT_IDS if name in self.kwargs), ""),
            )
        )

    def _refusal(self, error: Exception) -> OcpiRefusal:
        if isinstance(error, MethodNotAllowed):
            return OcpiRefusal("this method is not offered here", http=405, headers={"Allow": ", ".join(self.allowed_methods)})
        if (refusal := refusal_of(error)) is not None:
            return refusal
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("the database is away", extra={"reason": type(error).__name__, "correlation_id": self.ids.correlation_id})
            headers = {"Retry-After": _SECONDS_UNTIL_DATABASE}
            return OcpiRefusal("the hub cannot store anything at the moment", http=503, code=SERVER_ERROR, headers=headers)
        if isinstance(error, DataError):
            logger.error("a value did not fit its column", extra={"door": type(self).__name__, "correlation_id": self.ids.correlation_id})
            return bad_parameter("a value is longer or larger than the hub can keep")
        logger.error("a door failed", exc_info=error, extra={"door": type(self).__name__, "correlation_id": self.ids.correlation_id})
        return OcpiRefusal("the hub failed at this request", code=SERVER_ERROR)

    @property
    def allowed_methods(self) -> list[str]:
        """The methods that this endpoint offers."""
        return [method.upper() for method in self.http_method_names if method != "options" and hasattr(self, method)]

    def _source(self, request: Request) -> str:
        # The lane in front sets X-Forwarded-For itself and reaches Django by a unix socket, where there is no address of its own.
        meta = request.META
        return str(meta.get("HTTP_X_FORWARDED_FOR") or meta.get("REMOTE_ADDR") or "").rpartition(",")[2].strip()


def _read(request: HttpRequest, limit: int) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > limit:
        raise BodyTooLarge(limit)
    # Django reads nothing of a chunked body, because it has no length; the server marks where such an input ends.
    stream: Any = request
    if not length and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        stream = request.META["wsgi.input"]
    body = bytes(stream.read(limit + 1))
    if len(body) > limit:
        raise BodyTooLarge(limit)
    return body
