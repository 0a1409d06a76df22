"""What every door does besides its own work: certificate, ids, body before; status code, headers and the record of it after."""

import logging
import uuid
from datetime import datetime
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import unquote

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView

from roaming import canonical
from roaming.exchanges.record import ExchangeEntry, record
from roaming.parties import directory
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry
from roaming.parties.introduce import name_unnamed
from roaming.parties.liveness import mark_seen
from roaming.protocols.oicp import limits, statuses
from roaming.protocols.oicp.authentication import authenticate, check_body_id, direct_party, resolve
from roaming.protocols.oicp.refusals import NotAuthorized, OicpRefusal, http_of_refusal, refusal_of, write_fault
from roaming.protocols.wire.intake import BodyTooLarge, NotJson, check_headers, read_json, read_large_json
from roaming.routing.sides import Side

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/json; charset=utf-8"  # some read only this, letter by letter (oicp §1.1)
KIB, MIB = 1024, 1024 * 1024
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class OicpDoor(APIView):
    """The base of every operation. `side` says who may call; `operation` names its rate limit."""

    side: ClassVar[Side]
    operation: ClassVar[str]
    body_limit: ClassVar[int] = 256 * KIB
    is_large: ClassVar[bool] = False
    keeps_body: ClassVar[bool] = True  # in the record of exchanges: never where PINs are

    at: datetime
    directory: Directory
    caller: PlatformEntry
    party: canonical.PartyId
    raw_body: bytes = b""
    fault: str = ""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """This function will note the time before anything can fail."""
        self.at = timezone.now()
        self.started = monotonic()
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """This function will let the caller in; it raises OicpRefusal 017 or 300, in the order of oicp §5.0."""
        if request.method != "POST":
            raise MethodNotAllowed(request.method or "")
        self.directory = directory.current()
        self.caller = authenticate(meta=request.META, directory=self.directory, at=self.at)
        mark_seen(platform_id=self.caller.id, at=self.at)
        named = kwargs.get("operator_id") or kwargs.get("provider_id")
        if named is not None:
            text = unquote(named).replace(" ", "+")
            self.party = resolve(text=text, side=self.side, caller=self.caller, directory=self.directory)
        else:
            own = direct_party(self.caller, self.side)
            if own is None or not self.caller.is_routable:
                raise NotAuthorized("the partner has no such role, or is locked")
            self.party = own
        limits.check(self.operation, str(self.caller.id))

    def post(self, request: Request, **kwargs: str) -> HttpResponse:
        """This function will read the message, do the operation and write its answer."""
        return self.answer(self.operate(self.read_body()))

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will do the operation; it raises OicpRefusal, BadFields and the refusals of the house."""
        raise MethodNotAllowed("POST")

    @property
    def entry(self) -> PartyEntry:
        """The calling party."""
        entry = self.directory.party(self.party)
        assert entry is not None, "the direct party of a certificate is on the hub"
        return entry

    def check_id(self, text: str | None) -> None:
        """This function will raise NotAuthorized where the body names somebody else than the path."""
        check_body_id(text=text, party=self.party, caller=self.caller)

    def note_name(self, name: str | None) -> None:
        """This function will keep the name that the caller gives itself in its data, where the hub knows none."""
        if name and not self.entry.name:
            name_unnamed(key=self.party, name=name)

    def read_body(self) -> Any:
        """This function will return the JSON value of the body; it raises the refusals of the intake."""
        request = self.request._request
        headers = {"content-encoding": request.META.get("HTTP_CONTENT_ENCODING", ""), "content-type": request.META.get("CONTENT_TYPE", "")}
        check_headers(headers=headers, has_body=True)
        self.raw_body = _read(request, self.body_limit)
        if not self.raw_body:
            raise NotJson("the body is empty")
        return read_large_json(self.raw_body) if self.is_large else read_json(self.raw_body)

    def page(self) -> tuple[int, int]:
        """This function will read `page` (from 0) and `size` (20, at most 2000) of the query; what is no number counts as not told."""
        query = self.request.query_params
        number, size = query.get("page", ""), query.get("size", "")
        page = int(number) if number.isdecimal() and len(number) < 9 else 0
        wanted = int(size) if size.isdecimal() and len(size) < 9 else 20
        return page, min(max(wanted, 1), 2000)

    def answer(self, body: dict[str, Any], *, http: int = 200) -> HttpResponse:
        """This function will write an answer."""
        return HttpResponse(_ENCODER.encode(body), status=http, content_type=CONTENT_TYPE)

    def refuse(self, refusal: OicpRefusal) -> dict[str, Any]:
        """This function will write the body of a refusal; some operations have one of their own."""
        return statuses.acknowledgement(refusal.code, additional=refusal.additional)

    def handle_exception(self, exc: Exception) -> Any:
        """This function will turn whatever was raised into an answer of the protocol."""
        self.fault = type(exc).__name__
        if isinstance(exc, MethodNotAllowed):
            answer = self.answer({"message": "every operation is a POST"}, http=405)
            answer["Allow"] = "POST"
            return answer
        if isinstance(exc, limits.TooManyRequests):
            answer = self.answer(statuses.acknowledgement(statuses.SYSTEM_ERROR, additional=str(exc)), http=429)
            answer["Retry-After"] = str(exc.seconds)
            return answer
        if (fault := write_fault(exc)) is not None:
            return self.answer(fault[1], http=fault[0])
        refusal = refusal_of(exc) or self._own_fault(exc)
        return self.answer(self.refuse(refusal), http=self._http(refusal))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """This function will give every answer its own Process-ID, and record the exchange."""
        response["Process-ID"] = str(uuid.uuid4())
        response["Cache-Control"] = "no-store"
        record(
            ExchangeEntry(
                at=self.at,
                direction="in",
                platform_id=self.caller.id if hasattr(self, "caller") else None,
                method=request.method or "",
                path=request._request.path_info,
                headers={},
                request_body=(self.raw_body or None) if self.keeps_body else None,
                response_body=response.content if self.keeps_body else b"",
                http_status=response.status_code,
                duration_ms=round((monotonic() - self.started) * 1000),
                error=self.fault,
            )
        )
        return response

    def _http(self, refusal: OicpRefusal) -> int:
        return http_of_refusal(refusal, self.caller if hasattr(self, "caller") else None)

    def _own_fault(self, error: Exception) -> OicpRefusal:
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("the database is away", extra={"reason": type(error).__name__})
            return OicpRefusal(statuses.DATABASE_ERROR)
        logger.error("a door failed", exc_info=error, extra={"door": type(self).__name__})
        return OicpRefusal(statuses.SYSTEM_ERROR)


def _read(request: HttpRequest, limit: int) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > limit:
        raise BodyTooLarge(limit)
    stream: Any = request
    if not length and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        stream = request.META["wsgi.input"]
    body = bytes(stream.read(limit + 1))
    if len(body) > limit:
        raise BodyTooLarge(limit)
    return body
