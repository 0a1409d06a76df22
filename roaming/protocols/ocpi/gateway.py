"""The way out to an OCPI platform: writes every request in the version that the platform speaks, and reads what comes back.

Building requests and reading answers is apart from sending them, so that the dispatcher and the async lane do the same as Django.
"""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from roaming import canonical
from roaming.canonical import PartyId
from roaming.egress.blocking import send
from roaming.egress.calls import Answer, Call, Purpose
from roaming.egress.event_loop import send_async
from roaming.gateways import (
    Declined,
    Forward,
    Forwarded,
    GatewayBroken,
    NoRoute,
    Outcome,
    Parcel,
    PlatformOffline,
    UnknownToken,
    egress_refusals,
)
from roaming.parties.directory import PlatformEntry
from roaming.protocols.ocpi import forwarding, parcels
from roaming.protocols.ocpi.addressing import request_headers
from roaming.protocols.ocpi.client import (
    LIST_BYTES,
    NotAnEnvelope,
    Refused,
    Reply,
    authorization,
    join_url,
    one_object,
    read_reply,
)
from roaming.protocols.ocpi.dialect import BadFields, encode
from roaming.protocols.ocpi.envelope import UNKNOWN_TOKEN, OcpiRefusal
from roaming.protocols.ocpi.manners import Manner, with_slash
from roaming.protocols.ocpi.ordering import write_order
from roaming.protocols.ocpi.passing import Passage, Passed, read_passed
from roaming.protocols.ocpi.renaming import rename_body, rename_bytes, rename_path, rename_question, renames, restore_body, restore_decision
from roaming.protocols.ocpi.versions import DIALECTS, RECEIVER, SENDER, Dialect

logger = logging.getLogger(__name__)

PUSH_SECONDS = 10.0
PROBE_SECONDS = 5.0


class OcpiGateway:
    """One OCPI platform."""

    def __init__(self, platform: PlatformEntry) -> None:
        self.platform = platform
        self.manner = Manner(platform)

    # The outbox.

    def prepare(self, parcel: Parcel) -> Call | None:
        """This function will write the request for the object as it is now; None where the receiver has no such door, or it is gone."""
        if parcels.goes_to_an_endpoint(parcel) and (parcel.module, RECEIVER) not in self.platform.endpoints:
            return None
        letter = parcels.write_letter(parcel=parcel, dialect=self._dialect())
        if letter is None:
            return None
        body = letter.body and parcels.restyle(letter=letter, parcel=parcel, dialect=self._dialect(), manner=self.manner)
        if letter.url is None and renames(self.platform):
            is_part = len(letter.path) > 3
            owner = parcels.owner_of(letter, parcel)
            letter = msgspec.structs.replace(letter, path=rename_path(module=parcel.module, path=letter.path))
            body = body and rename_bytes(module=parcel.module, body=body, owner=owner, is_part=is_part)
        # A configuration module has no routing headers (OCPI 2.2.1, transport_and_format §Message Routing Headers).
        is_routed = parcel.module != "hubclientinfo"
        return self._call(
            purpose="push",
            method=letter.method,
            url=letter.url or self._url(parcel.module, RECEIVER, letter.path, letter.query),
            sender=parcel.sender if is_routed else None,
            receiver=parcel.receiver.key if is_routed else None,
            correlation_id=parcel.correlation_id,
            body=body,
            seconds=PUSH_SECONDS,
        )

    def judge(self, parcel: Parcel, answer: Answer) -> Outcome:
        """This function will say what the receiver's answer to a push means (reliability §4, last rows)."""
        if answer.status in (405, 501) and parcel.verb == "patch" and parcel.attempts == 0 and not parcel.is_merged:
            self.manner.observe("changes", "put", f"a PATCH is answered HTTP {answer.status}", correlation_id=parcel.correlation_id)
        return parcels.judge(parcel=parcel, answer=answer)

    # Real-time authorisation.

    def authorize(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        """This function will ask the provider; it raises a GatewayRefusal where there is no decision of its own."""
        call = self.write_authorize(request, receiver=receiver, deadline_seconds=deadline_seconds)
        with egress_refusals():
            answer = send(call)
        return self.read_authorize(request, receiver=receiver, answer=answer)

    async def authorize_async(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        """This function will do what `authorize` does, inside an event loop."""
        call = self.write_authorize(request, receiver=receiver, deadline_seconds=deadline_seconds)
        with egress_refusals():
            answer = await send_async(call)
        return self.read_authorize(request, receiver=receiver, answer=answer)

    def write_authorize(self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float) -> Call:
        """This function will write POST {token_uid}/authorize (OCPI 2.2.1, mod_tokens §POST); it raises PlatformOffline without I/O."""
        dialect = self._dialect()
        self._check_reachable()
        body = dialect.write_authorization_request(rename_question(request) if renames(self.platform) else request)
        return self._call(
            purpose="authorize",
            method="POST",
            url=self._url(
                "tokens",
                SENDER,
                (request.token_uid, "authorize"),
                {"type": dialect.fit_token_type(request.token_type)} if dialect.routes else None,
            ),
            sender=request.operator,
            receiver=receiver,
            correlation_id=request.correlation_id,
            body=None if body is None else encode(body),
            seconds=deadline_seconds,
        )

    def read_authorize(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, answer: Answer
    ) -> canonical.AuthorizationDecision:
        """This function will read the provider's decision; anything that is not one fails closed, never as ALLOWED or NOT_ALLOWED."""
        dialect = self._dialect()
        if answer.status == 404:
            raise UnknownToken("the provider does not know the token")
        reply = self._reply(answer)
        if reply.code == UNKNOWN_TOKEN:
            raise UnknownToken("the provider does not know the token")
        self._check_success(reply)
        try:
            decision = dialect.authorization.read(self.manner.single(reply.data, correlation_id=request.correlation_id), owner=receiver)
        except BadFields as refusal:
            raise GatewayBroken(f"authorization: {refusal}") from None
        if renames(self.platform):
            decision = restore_decision(decision, request)
        token = decision.token
        if token is None and not dialect.routes:
            return decision  # OCPI 2.1.1 repeats no token: whoever was asked has answered
        if token is None or token.owner != receiver or token.uid.upper() != request.token_uid.upper():
            # Another party's token in the answer must never reach the operator (reliability T5).
            raise GatewayBroken("the provider answered about another token")
        return decision

    # Commands and direct requests.

    def send_command(
        self,
        command: canonical.Command | canonical.ProfileRequest,
        *,
        sender: PartyId,
        receiver: PartyId,
        response_url: str,
        correlation_id: str,
        deadline_seconds: float,
    ) -> canonical.CommandResponse:
        """This function will hand a command, or a request about a charging profile, to the operator; it raises a GatewayRefusal.

        The operator will call `response_url`. What its version has no word for is NOT_SUPPORTED without a call.
        """
        dialect = self._dialect()
        self._check_reachable()
        order = write_order(command, dialect, response_url)
        if order is None:
            return canonical.CommandResponse(result="NOT_SUPPORTED", timeout=0)
        module, letter, article = order
        call = self._call(
            purpose="command",
            method=letter.method,
            url=self._url(module, RECEIVER, letter.path, letter.query),
            sender=sender,
            receiver=receiver,
            correlation_id=correlation_id,
            body=letter.body,
            seconds=deadline_seconds,
        )
        with egress_refusals():
            answer = send(call)
        reply = self._reply(answer)
        self._check_success(reply)
        try:
            return article.read(one_object(reply.data), owner=receiver)
        except BadFields as refusal:
            raise GatewayBroken(f"{module}, answer: {refusal}") from None

    def forward(self, request: Forward) -> Forwarded:
        """This function will pass a direct request through and return the receiver's answer, read and checked; it raises a GatewayRefusal.

        A 404 of the receiver comes back as such; its own 2xxx and 3xxx raise Declined.
        """
        dialect = self._dialect()
        self._check_reachable()
        query = dict(request.query)
        if "type" in query:
            told = dialect.fit_token_type(query.pop("type"))
            query |= {"type": told} if dialect.routes else {}
        if forwarding.is_list(request):
            query = self.manner.ask_for(query)
        is_renamed = request.interface == RECEIVER and renames(self.platform)
        path = rename_path(module=request.module, path=request.path) if is_renamed else request.path
        url = self._url(request.module, request.interface, path, query)
        body = forwarding.write_body(request=request, dialect=dialect)
        if body is not None:
            shape = forwarding.shape_of(request=request, dialect=dialect)
            body = self.manner.write(
                body, dialect=dialect, shape=shape, owner=request.sender, receiver=request.receiver, module=request.module
            )
            if is_renamed:
                body = rename_body(module=request.module, body=body, owner=request.sender, is_part=len(path) > 3)
        call = self._call(
            purpose="forward",
            method=request.method,
            url=url,
            sender=request.sender,
            receiver=request.receiver,
            correlation_id=request.correlation_id,
            body=None if body is None else encode(body),
            seconds=request.deadline_seconds,
            max_bytes=LIST_BYTES if forwarding.is_list(request) else None,
        )
        with egress_refusals():
            answer = send(call)
        if answer.status == 404:
            return Forwarded(http_status=404, status_code=_code_of_404(answer), status_message="not found", data=None, headers={})
        reply = self._reply(answer)
        self._check_success(reply)
        if is_renamed:
            reply = msgspec.structs.replace(reply, data=restore_body(request.module, one_object(reply.data), is_part=len(path) > 3))
        try:
            forwarded = forwarding.read_answer(request=request, dialect=dialect, reply=reply, url=url, platform_id=self.platform.id)
        except BadFields as refusal:
            raise GatewayBroken(f"{request.module}: {refusal}") from None
        forwarding.note_habits(request=request, reply=reply, manner=self.manner)
        return forwarded

    def pass_on(self, passage: Passage) -> Passed:
        """This function will send a request of a module that the hub does not read; it raises a GatewayRefusal, or 404 as answered."""
        if not self._dialect().routes:
            raise PlatformOffline("the receiver speaks a version without routing headers")
        self._check_reachable()
        url = self._url(passage.identifier, passage.interface, passage.path, passage.query)
        call = self._call(
            purpose="forward",
            method=passage.method,
            url=url,
            sender=passage.sender,
            receiver=passage.receiver,
            correlation_id=passage.correlation_id,
            body=None if passage.body is None else encode(passage.body),
            seconds=passage.seconds,
            max_bytes=LIST_BYTES,
        )
        with egress_refusals():
            answer = send(call)
        if answer.status == 404:
            raise OcpiRefusal("not found", http=404, code=_code_of_404(answer))
        reply = self._reply(answer)
        self._check_success(reply)
        return read_passed(passage, reply, url=url, endpoint=self.platform.endpoints[passage.identifier, passage.interface])

    def probe(self) -> Call | None:
        """This function will write GET versions: no side effects, and every living partner answers (mod_hub_client_info §Still alive)."""
        if not self.platform.versions_url or not self.platform.outbound_token:
            return None
        return self._call(
            purpose="probe",
            method="GET",
            url=self.platform.versions_url,
            sender=None,
            receiver=None,
            correlation_id="",
            body=None,
            seconds=PROBE_SECONDS,
        )

    # Parts.

    def _dialect(self) -> Dialect:
        dialect = DIALECTS.get(self.platform.version)
        if dialect is None:
            raise PlatformOffline("the platform is not registered, or in a version that is not spoken")
        return dialect

    def _check_reachable(self) -> None:
        # A platform that is known to be away is not called: its partners learn it at once (OCPI 2.2.1, status_codes 4003).
        if not self.platform.is_routable:
            raise NoRoute("the platform is locked")
        if self.platform.status != "CONNECTED":
            raise PlatformOffline(f"the platform is {self.platform.status}")

    def _url(self, module: str, interface: str, path: tuple[str, ...], query: Mapping[str, str] | None = None) -> str:
        endpoint = self.platform.endpoints.get((module, interface))
        if endpoint is None:
            raise PlatformOffline(f"the platform serves no {module} {interface}")
        return with_slash(join_url(endpoint, path, query), self.manner.profile)

    def _call(
        self,
        *,
        purpose: Purpose,
        method: str,
        url: str,
        sender: PartyId | None,
        receiver: PartyId | None,
        correlation_id: str,
        body: bytes | None,
        seconds: float,
        max_bytes: int | None = None,
    ) -> Call:
        if not self.platform.outbound_token:
            raise PlatformOffline("the hub has no token for the platform")
        dialect = DIALECTS.get(self.platform.version)
        routes = dialect is None or dialect.routes
        headers = request_headers(sender=sender if routes else None, receiver=receiver if routes else None, correlation_id=correlation_id)
        headers["Authorization"] = authorization(
            token=self.platform.outbound_token, version=self.platform.version, encoding=self.manner.token_encoding(purpose)
        )
        headers["Accept"] = "application/json"
        if body is not None:
            headers["Content-Type"] = "application/json"
        bounds: dict[str, Any] = {} if max_bytes is None else {"max_bytes": max_bytes}
        return Call(
            platform_id=self.platform.id,
            purpose=purpose,
            method=method,
            url=url,
            headers=headers,
            body=body,
            deadline_seconds=seconds,
            **bounds,
        )

    def _reply(self, answer: Answer) -> Reply:
        try:
            return read_reply(status=answer.status, headers=answer.headers, body=answer.body)
        except Refused as refused:
            # Relayed, it would tell the requester that its own token is bad (ocpi §2.5).
            logger.error("a partner refuses the hub's token", extra={"platform": self.platform.id, "reason": str(refused)})
            raise PlatformOffline("the partner refuses the hub's token") from None
        except NotAnEnvelope as garbage:
            raise GatewayBroken(str(garbage)) from None

    def _check_success(self, reply: Reply) -> None:
        if reply.is_success:
            return
        if reply.code >= 2000:
            raise Declined(reply.code, reply.message)
        raise GatewayBroken(f"HTTP {reply.http} with status {reply.code}")


def _code_of_404(answer: Answer) -> int:
    try:
        code = read_reply(status=answer.status, headers=answer.headers, body=answer.body).code
    except NotAnEnvelope:
        return 2000
    return code if code >= 2000 else 2000
