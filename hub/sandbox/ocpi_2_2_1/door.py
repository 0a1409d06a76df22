"""The server side of one platform: versions, credentials, and both interfaces of every module its companies take part in."""

import base64
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from hub.sandbox.line import RemoteStart
from hub.sandbox.ocpi_2_2_1.documents import Document, write_time, write_token
from hub.sandbox.ocpi_2_2_1.lines import OcpiOperatorLine
from hub.sandbox.ocpi_2_2_1.link import VERSION, HandshakeFailed, Link
from hub.sandbox.ocpi_2_2_1.shelf import Arrival, NotOnTheShelf, Shelf
from hub.sandbox.operator import Operator
from hub.sandbox.provider import Provider
from hub.sandbox.tally import Tally

_PAGE = 100
_WRITE = msgspec.json.Encoder(decimal_format="number").encode
Company = TypeVar("Company")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """One platform's web application. `broken` names modules that answer with an HTTP status instead (to rehearse outages)."""

    def __init__(
        self,
        *,
        link: Link,
        operators: dict[str, Operator],
        providers: dict[str, Provider],
        tally: Tally,
        clock: Callable[[], Any],
    ) -> None:
        self.link = link
        self.operators = operators
        self.providers = providers
        self.shelf = Shelf()
        self.tally = tally
        self.clock = clock
        self.broken: dict[str, int] = {}

    @property
    def _base(self) -> str:
        return self.link.own_versions_url.removesuffix("/versions")

    def application(self) -> web.Application:
        """This method will return the aiohttp application to serve."""
        app = web.Application(middlewares=[self._guard], client_max_size=4 << 20)
        add, root = app.router.add_route, f"/ocpi/{VERSION}"
        add("GET", "/ocpi/versions", self._versions)
        add("GET", root, self._details)
        add("GET", f"{root}/credentials", self._get_credentials)
        add("POST", f"{root}/credentials", self._post_credentials)
        add("PUT", f"{root}/credentials", self._post_credentials)
        add("DELETE", f"{root}/credentials", self._delete_credentials)
        for module in ("locations", "tariffs", "sessions", "cdrs"):
            add("GET", f"{root}/cpo/{module}", self._list_of_operator(module))
        add("GET", f"{root}/emsp/tokens", self._list_tokens)
        add("POST", f"{root}/emsp/tokens/{{uid}}/authorize", self._authorize)
        for side, modules in (("cpo", ("tokens",)), ("emsp", ("locations", "tariffs", "sessions"))):
            for module in modules:
                for tail in ("", "/{evse}", "/{evse}/{connector}") if module == "locations" else ("",):
                    path = f"{root}/{side}/{module}/{{country}}/{{party}}/{{id}}{tail}"
                    add("GET", path, self._get_object(module))
                    add("PUT", path, self._write_object(module))
                    add("PATCH" if module != "tariffs" else "DELETE", path, self._write_object(module))
        add("POST", f"{root}/emsp/cdrs", self._receive_cdr)
        add("GET", f"{root}/emsp/cdrs/{{country}}/{{party}}/{{id}}", self._get_object("cdrs"))
        add("POST", f"{root}/cpo/commands/{{command}}", self._command)
        add("POST", f"{root}/emsp/commands/{{command}}/{{key}}", self._command_result)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        module = request.path.removeprefix(f"/ocpi/{VERSION}/").split("/")
        name = module[1] if len(module) > 1 and module[0] in ("cpo", "emsp") else module[0]
        self.tally.count_received(kind=f"{request.method} {name}")
        if name in self.broken:
            return web.Response(status=self.broken[name])
        word, _, presented = request.headers.get("Authorization", "").partition(" ")
        if word.lower() != "token" or not _is_token(presented, self.link.connection.token_of_hub):
            return self._answer(request, None, code=2001, message="unknown token", http=401)
        try:
            return await handler(request)
        except NotOnTheShelf:
            return self._answer(request, None, code=2003, message="unknown object", http=404)
        except (ValueError, KeyError, TypeError) as error:
            return self._answer(request, None, code=2001, message=f"cannot be read: {type(error).__name__}")

    def _answer(self, request: web.Request, data: Any, *, code: int = 1000, message: str = "", http: int = 200) -> web.Response:
        envelope = {"status_code": code, "timestamp": write_time(self.clock())}
        if data is not None:
            envelope["data"] = data
        if message:
            envelope["status_message"] = message
        asked = request.headers
        headers = {name: asked[name] for name in ("X-Request-ID", "X-Correlation-ID") if name in asked}
        for ours, theirs in (("OCPI-to", "OCPI-from"), ("OCPI-from", "OCPI-to")):
            for part in ("-country-code", "-party-id"):
                if theirs + part in asked:
                    headers[ours + part] = asked[theirs + part]
        return web.Response(body=_WRITE(envelope), status=http, headers=headers, content_type="application/json")

    # Configuration modules

    async def _versions(self, request: web.Request) -> web.Response:
        return self._answer(request, [{"version": VERSION, "url": f"{self._base}/{VERSION}"}])

    async def _details(self, request: web.Request) -> web.Response:
        root = f"{self._base}/{VERSION}"
        sides = [("credentials", "SENDER", f"{root}/credentials")]
        if self.operators:
            sides += [(module, "SENDER", f"{root}/cpo/{module}") for module in ("locations", "tariffs", "sessions", "cdrs")]
            sides += [(module, "RECEIVER", f"{root}/cpo/{module}") for module in ("tokens", "commands")]
        if self.providers:
            sides += [(module, "SENDER", f"{root}/emsp/{module}") for module in ("tokens", "commands")]
            sides += [(module, "RECEIVER", f"{root}/emsp/{module}") for module in ("locations", "tariffs", "sessions", "cdrs")]
        endpoints = [{"identifier": module, "role": role, "url": url} for module, role, url in sides]
        return self._answer(request, {"version": VERSION, "endpoints": endpoints})

    async def _get_credentials(self, request: web.Request) -> web.Response:
        return self._answer(request, self.link.credentials())

    async def _post_credentials(self, request: web.Request) -> web.Response:
        if (request.method == "POST") == self.link.connection.is_registered:
            return self._answer(request, None, code=2000, http=405)
        try:
            return self._answer(request, await self.link.answer_registration(await _read(request)))
        except HandshakeFailed as error:
            return self._answer(request, None, code=3001, message=str(error))

    async def _delete_credentials(self, request: web.Request) -> web.Response:
        if not self.link.connection.is_registered:
            return self._answer(request, None, code=2000, http=405)
        self.link.connection.is_registered = False
        return self._answer(request, None)

    # Sender interfaces

    def _list_of_operator(self, module: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            documents: list[Document] = []
            for operator in self._addressed(request, self.operators):
                if isinstance(operator.line, OcpiOperatorLine):
                    documents += operator.line.list_documents(module)
            return self._page(request, documents)

        return handle

    async def _list_tokens(self, request: web.Request) -> web.Response:
        providers = self._addressed(request, self.providers)
        return self._page(
            request,
            [write_token(provider.company, card, at=provider.opened_at) for provider in providers for card in provider.cards.values()],
        )

    def _page(self, request: web.Request, documents: list[Document]) -> web.Response:
        span = [(name, request.query[name].rstrip("Z")) for name in ("date_from", "date_to") if name in request.query]
        for name, bound in span:
            documents = [item for item in documents if (item["last_updated"].rstrip("Z") >= bound) == (name == "date_from")]
        offset, limit = int(request.query.get("offset", "0")), min(int(request.query.get("limit", str(_PAGE))), _PAGE)
        response = self._answer(request, documents[offset : offset + limit])
        response.headers["X-Total-Count"], response.headers["X-Limit"] = str(len(documents)), str(_PAGE)
        if offset + limit < len(documents):
            following = request.url.update_query(offset=offset + limit, limit=limit)
            response.headers["Link"] = f'<{following}>; rel="next"'
        return response

    async def _authorize(self, request: web.Request) -> web.Response:
        uid = request.match_info["uid"]
        provider = self._addressed(request, self.providers)[0]
        key = (provider.company.country_code, provider.company.party_id, uid.upper())
        self._note(request, "authorize", key, await _read(request) if request.can_read_body else None)
        card, answer = await provider.judge(uid=uid)
        if card is None:
            return self._answer(request, None, code=2004, message="unknown token", http=404)
        info: Document = {"allowed": answer.word, "token": write_token(provider.company, card, at=provider.opened_at)}
        if answer.reference is not None:
            info["authorization_reference"] = answer.reference
        return self._answer(request, info)

    # Receiver interfaces

    def _get_object(self, module: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return self._answer(request, self.shelf.find(module, _key(request)))

        return handle

    def _write_object(self, module: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            key = _key(request)
            body = await _read(request) if request.method != "DELETE" else None
            self._note(request, module, key, body)
            if request.method == "PATCH":
                self.shelf.patch(module, key, body or {})
            elif body is None:
                self.shelf.delete(module, key)
            else:
                is_new = self.shelf.put(module, key, body)
                if module == "tokens":
                    self._learn(request, key, body)
                return self._answer(request, None, http=201 if is_new else 200)
            return self._answer(request, None)

        return handle

    def _learn(self, request: web.Request, key: tuple[str, ...], body: Document) -> None:
        for operator in self._addressed(request, self.operators):
            operator.learn_card(provider_id="-".join(key[:2]), uid=key[2], document=body)

    async def _receive_cdr(self, request: web.Request) -> web.Response:
        body = await _read(request)
        key = (body["country_code"].upper(), body["party_id"].upper(), body["id"].upper())
        self._note(request, "cdrs", key, body)
        known = self.shelf.objects["cdrs"].get(key)
        if known not in (None, body):
            return self._answer(request, None, code=2001, message="this CDR is known with another content")
        is_new = self.shelf.put("cdrs", key, body)
        response = self._answer(request, None, http=201 if is_new else 200)
        response.headers["Location"] = f"{self._base}/{VERSION}/emsp/cdrs/{'/'.join(key)}"
        return response

    async def _command(self, request: web.Request) -> web.Response:
        body, command = await _read(request), request.match_info["command"]
        operator = self._addressed(request, self.operators)[0]
        self._note(request, "commands", ("", "", command), body)
        if command == "START_SESSION":
            token = body["token"]
            wish = RemoteStart(
                token["uid"],
                f"{token['country_code']}-{token['party_id']}",
                body["location_id"],
                body.get("evse_uid"),
                body.get("authorization_reference"),
                body["response_url"],
                token["contract_id"],
            )
            result = await operator.start(wish)
        elif command == "STOP_SESSION":
            result = await operator.stop(session_id=body["session_id"], result_address=body["response_url"])
        else:
            result = "NOT_SUPPORTED"
        return self._answer(request, {"result": result, "timeout": 30})

    async def _command_result(self, request: web.Request) -> web.Response:
        body, key = await _read(request), request.match_info["key"]
        self._note(request, "commands", ("", "", request.match_info["command"], key.upper()), body)
        for provider in self._addressed(request, self.providers):
            provider.hear_result(key=key, result=body["result"])
        return self._answer(request, None)

    def _note(self, request: web.Request, module: str, key: tuple[str, ...], body: Document | None) -> None:
        asked = request.headers
        sender, receiver = (
            f"{asked.get(f'OCPI-{side}-country-code', '')}-{asked.get(f'OCPI-{side}-party-id', '')}".upper() for side in ("from", "to")
        )
        self.shelf.arrivals.append(
            Arrival(module, request.method, key, body, sender, receiver, asked.get("X-Request-ID", ""), asked.get("X-Correlation-ID", ""))
        )

    def _addressed(self, request: web.Request, companies: dict[str, Company]) -> list[Company]:
        wanted = f"{request.headers.get('OCPI-to-country-code', '')}-{request.headers.get('OCPI-to-party-id', '')}".upper()
        return [companies[wanted]] if wanted in companies else list(companies.values())


async def _read(request: web.Request) -> Document:
    body = json.loads(await request.read(), parse_float=Decimal)
    if not isinstance(body, dict):
        raise TypeError("not an object")
    return body


def _key(request: web.Request) -> tuple[str, ...]:
    names = ("country", "party", "id", "evse", "connector")
    return tuple(request.match_info[name].upper() for name in names if name in request.match_info)


def _is_token(presented: str, expected: str) -> bool:
    if not expected:
        return False
    if presented == expected:
        return True
    try:
        return base64.b64decode(presented, validate=True).decode().strip() == expected
    except ValueError:
        return False
