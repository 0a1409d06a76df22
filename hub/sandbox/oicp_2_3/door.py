"""The server side of one OICP partner: what the hub asks an operator (remote start and stop) and tells a provider."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from aiohttp import web

from hub.sandbox.line import RemoteStart
from hub.sandbox.oicp_2_3.documents import Document, provider_id
from hub.sandbox.operator import Operator
from hub.sandbox.provider import Provider
from hub.sandbox.tally import Tally

_WRITE = msgspec.json.Encoder(decimal_format="number").encode
_REFUSED = {"BLOCKED": "200", "EXPIRED": "102", "NO_CREDIT": "210", "UNKNOWN": "102"}
_SESSION_INVALID, _IN_USE, _SUCCESS = "400", "602", "000"


@dataclass(frozen=True)
class Told:
    """One message as it came: the operation, the other party's id from the path, the body."""

    operation: str
    party: str
    body: Document


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Operation = Callable[[Told], Awaitable[web.StreamResponse]]


class OicpDoor:
    """One partner's web application: one operator, one provider, or both."""

    def __init__(self, *, operator: Operator | None, provider: Provider | None, tally: Tally) -> None:
        self.operator = operator
        self.provider = provider
        self.tally = tally
        self.told: list[Told] = []
        self.cdrs: dict[str, Document] = {}

    def application(self) -> web.Application:
        """This method will return the aiohttp application to serve."""
        app = web.Application(client_max_size=4 << 20)
        charging, operations = "/api/oicp/charging/v21", list[tuple[str, str, Operation]]()
        if self.operator is not None:
            operations += [
                ("authorize-remote/start", f"{charging}/providers/{{party}}/authorize-remote/start", self._remote_start),
                ("authorize-remote/stop", f"{charging}/providers/{{party}}/authorize-remote/stop", self._remote_stop),
            ]
        if self.provider is not None:
            cdr = "/api/oicp/cdrmgmt/v22/operators/{party}/charge-detail-record"
            operations += [
                ("authorize/start", f"{charging}/operators/{{party}}/authorize/start", self._authorize_start),
                ("authorize/stop", f"{charging}/operators/{{party}}/authorize/stop", self._authorize_stop),
                ("charge-detail-record", cdr, self._receive_cdr),
                ("charging-notifications", "/api/oicp/notificationmgmt/v11/charging-notifications", self._notification),
            ]
        for name, path, operation in operations:
            app.router.add_post(path, self._served(name, operation))
        return app

    def came(self, operation: str) -> list[Document]:
        """This method will return the bodies of one operation, in order: like `authorize/start`."""
        return [one.body for one in self.told if one.operation == operation]

    def _served(self, name: str, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.tally.count_received(kind=f"POST {name}")
            try:
                told = Told(name, request.match_info.get("party", ""), await _read(request))
                self.told.append(told)
                return await operation(told)
            except (ValueError, KeyError, TypeError) as error:
                return web.json_response({"message": f"cannot be read: {type(error).__name__}"}, status=400)

        return handle

    # An operator's doors

    async def _remote_start(self, told: Told) -> web.StreamResponse:
        body = told.body
        assert self.operator is not None
        charger = self._charger_of(body["EvseID"])
        wish = RemoteStart(
            card_uid="",
            contract_id=body["Identification"]["RemoteIdentification"]["EvcoID"],
            provider_id=told.party,
            location_id="",
            evse_uid=charger,
            reference=body["SessionID"],
            result_address="",
        )
        result = await self.operator.start(wish)
        return _acknowledge(body, _SUCCESS if result == "ACCEPTED" else _IN_USE)

    async def _remote_stop(self, told: Told) -> web.StreamResponse:
        body = told.body
        assert self.operator is not None
        result = await self.operator.stop(session_id=body["SessionID"], result_address="")
        return _acknowledge(body, _SUCCESS if result == "ACCEPTED" else _SESSION_INVALID)

    def _charger_of(self, evse_id: str) -> str | None:
        chargers = [charger for site in self.operator.plan.sites for charger in site.chargers] if self.operator else []
        return next((charger.uid for charger in chargers if charger.evse_id == evse_id), None)

    # A provider's doors

    async def _authorize_start(self, told: Told) -> web.StreamResponse:
        body = told.body
        assert self.provider is not None
        medium = next(member for member in body["Identification"].values() if member)
        card, answer = await self.provider.judge(uid=medium.get("UID", ""))
        if card is not None and answer.is_allowed:
            yes = {"AuthorizationStatus": "Authorized", "ProviderID": provider_id(self.provider.company)}
            return _answer({**yes, "SessionID": body["SessionID"], "StatusCode": {"Code": _SUCCESS}})
        return _answer({"AuthorizationStatus": "NotAuthorized", "StatusCode": {"Code": _REFUSED.get(answer.word, "102")}})

    async def _authorize_stop(self, told: Told) -> web.StreamResponse:
        body = told.body
        return _answer({"AuthorizationStatus": "Authorized", "SessionID": body["SessionID"], "StatusCode": {"Code": _SUCCESS}})

    async def _receive_cdr(self, told: Told) -> web.StreamResponse:
        body = told.body
        is_known = self.cdrs.get(body["SessionID"]) not in (None, body)
        self.cdrs.setdefault(body["SessionID"], body)
        return _acknowledge(body, _SESSION_INVALID if is_known else _SUCCESS)

    async def _notification(self, told: Told) -> web.StreamResponse:
        return _acknowledge(told.body, _SUCCESS)


def _acknowledge(body: Document, code: str) -> web.Response:
    return _answer({"Result": code == _SUCCESS, "SessionID": body.get("SessionID"), "StatusCode": {"Code": code}})


def _answer(body: Any) -> web.Response:
    return web.Response(body=_WRITE(body), content_type="application/json", charset="utf-8")


async def _read(request: web.Request) -> Document:
    body = json.loads(await request.read(), parse_float=Decimal)
    if not isinstance(body, dict):
        raise TypeError("not an object")
    return body
