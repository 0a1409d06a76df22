"""What a partner's own server gets right and wrong, asked by harmless requests.

Each check stands for a conformance case by its number (`tests/conformance/ocpi`). Nothing is written at the partner's: everything is
a GET but a method that must be refused, a body that is no JSON, and a question about a token that nobody has.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from roaming.canonical import PartyId
from roaming.egress.blocking import send
from roaming.egress.calls import Answer, Call, EgressError
from roaming.parties.directory import Directory, PlatformEntry
from roaming.protocols.ocpi.addressing import FROM_COUNTRY, FROM_PARTY, TO_COUNTRY, TO_PARTY, request_headers
from roaming.protocols.ocpi.client import NotAnEnvelope, Refused, Reply, authorization, join_url, read_reply
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.manners import Manner, with_slash
from roaming.protocols.ocpi.paging import next_query, read_page_request
from roaming.protocols.ocpi.v2_2_1.registration import read_version_details, read_versions
from roaming.protocols.ocpi.versions import RECEIVER, SENDER, Dialect, get_dialect

_SECONDS = 10.0
_LISTS = ("locations", "tariffs", "tokens", "sessions", "cdrs")
_LONG_AGO, _FAR_AHEAD = "2015-01-01T00:00:00Z", "2190-01-01T00:00:00Z"
_CORRELATION = "partner-check"
_WRONG_TOKEN = "Token bm90LXRoZS10b2tlbg=="  # noqa: S105  (no secret: that is the point)
_NOBODYS = "ROAMHOUSE-CHECK-0"


class NotConnected(Exception):
    """The platform is no registered OCPI platform: there is nothing to ask, and no token to ask with."""


class Checked(msgspec.Struct, frozen=True):
    """One check: the conformance case it stands for, what was looked at, what is wrong, if anything, and what was expected."""

    case: int
    name: str
    problem: str = ""
    expected: str = ""


def check_partner(*, platform_id: int, directory: Directory) -> list[Checked]:
    """This function will ask a partner's server and return every check in order; it raises NotConnected, never for a partner's fault."""
    platform = directory.platform(platform_id)
    if platform is None or platform.protocol != "ocpi" or not platform.is_registered or not platform.outbound_token:
        raise NotConnected(f"platform {platform_id} is not connected by OCPI")
    return list(_Visit(platform, get_dialect(platform.version), directory).checks())


class _Wrong(Exception):
    """What came instead of what was expected."""


class _Visit:
    def __init__(self, platform: PlatformEntry, dialect: Dialect, directory: Directory) -> None:
        self._platform = platform
        self._dialect = dialect
        self._hub = directory.hub.key
        self._manner = Manner(platform)
        self._details = ""

    def checks(self) -> Iterator[Checked]:
        yield from self._of_versions()
        for module in _LISTS:
            if (module, SENDER) in self._platform.endpoints:
                yield from self._of_list(module)
        if ("sessions", SENDER) in self._platform.endpoints:
            yield self._check(84, "GET sessions without date_from", "status 2001", self._sessions_without_date)
        yield from self._of_single_objects()

    def _of_versions(self) -> Iterator[Checked]:
        yield self._check(1, "GET versions with the hub's token", f"a list that offers {self._dialect.number}", self._versions)
        yield self._check(3, "GET versions without a token", "HTTP 401", lambda: self._is_refused(None))
        yield self._check(4, "GET versions with a wrong token", "HTTP 401", lambda: self._is_refused(_WRONG_TOKEN))
        yield self._check(8, "answers are envelopes", "application/json with a timestamp in UTC", self._envelope)
        yield self._check(10, "DELETE versions, a method that is not offered", "HTTP 405", self._method)
        yield self._check(11, "a slash at the end", "no redirect", self._slash)
        yield self._check(12, "names of headers in lower case", "the same answer", self._lower_case)
        if self._dialect.routes:
            yield self._check(15, "GET versions with a request id and a correlation id", "both in the answer", self._ids)
            yield self._check(16, "GET versions, a configuration module", "no routing headers in the answer", self._no_routing)
        yield self._check(72, "version details", "every endpoint once, credentials among them", self._read_details)

    def _of_list(self, module: str) -> Iterator[Checked]:
        yield self._check(4, f"GET {module} with a wrong token", "HTTP 401", partial(self._list_is_refused, module))
        yield self._check(82, f"GET {module}", "X-Total-Count and X-Limit", partial(self._headers, module))
        yield self._check(83, f"GET {module} with limit 2", "at most 2 objects, each readable", partial(self._page, module))
        yield self._check(80, f"GET {module} with a date_from to come", "an empty list", partial(self._nothing_yet, module))
        yield self._check(81, f"GET {module} with limit 1", "a Link where more follows, to other objects", partial(self._link, module))
        yield self._check(85, f"GET {module} behind the end", "an empty list, status 1000", partial(self._behind_the_end, module))
        if self._dialect.routes:
            yield self._check(17, f"GET {module} as the hub", "OCPI-to the hub, OCPI-from your party", partial(self._routing, module))
            yield self._check(20, f"GET {module} with half a pair of headers", "status 2001", partial(self._half_a_pair, module))

    def _of_single_objects(self) -> Iterator[Checked]:
        endpoints = self._platform.endpoints
        if ("locations", SENDER) in endpoints:
            yield self._check(32, "GET a location that does not exist", "HTTP 404 or a 2xxx", partial(self._missing, "locations", ()))
        for module in ("tokens", "locations"):
            if (module, RECEIVER) in endpoints:
                yield self._check(
                    92, f"GET {module} of an unknown owner", "HTTP 404 or a 2xxx", partial(self._missing, module, ("XX", "XXX"))
                )
                yield self._check(6, f"PUT {module} with a body that is no JSON", "HTTP 400", partial(self._no_json, module))
        if ("tokens", SENDER) in endpoints:
            yield self._check(45, "authorise a token that nobody has", "HTTP 404 or status 2004, never ALLOWED", self._unknown_token)

    def _check(self, case: int, name: str, expected: str, look: Callable[[], None]) -> Checked:
        try:
            look()
        except (_Wrong, EgressError, NotAnEnvelope, Refused, BadFields) as found:
            return Checked(case, name, str(found) or type(found).__name__, expected)
        return Checked(case, name, "", expected)

    # Versions.

    def _versions(self) -> None:
        reply = self._reply(self._platform.versions_url)
        offered = {version.version: version.url for version in read_versions(reply.data)}
        if self._dialect.number not in offered:
            raise _Wrong(f"the list lacks {self._dialect.number}")
        self._details = offered[self._dialect.number]

    def _is_refused(self, shown: str | None) -> None:
        answer = self._ask("GET", self._platform.versions_url, shown=shown)
        if answer.status != 401:
            raise _Wrong(f"HTTP {answer.status}")

    def _envelope(self) -> None:
        answer = self._ask("GET", self._platform.versions_url)
        kind = answer.headers.get("content-type", "")
        if not kind.startswith("application/json"):
            raise _Wrong(f"Content-Type is {kind[:40] or 'absent'}")
        envelope = msgspec.json.decode(answer.body)
        stamp = envelope.get("timestamp") if isinstance(envelope, dict) else None
        if not isinstance(stamp, str) or not stamp.endswith("Z"):
            raise _Wrong("timestamp is absent or not in UTC with Z")

    def _method(self) -> None:
        answer = self._ask("DELETE", self._platform.versions_url)
        if answer.status != 405:
            raise _Wrong(f"HTTP {answer.status}")

    def _slash(self) -> None:
        answer = self._ask("GET", f"{self._platform.versions_url.rstrip('/')}/")
        if 300 <= answer.status < 400:
            raise _Wrong(f"HTTP {answer.status}")

    def _lower_case(self) -> None:
        answer = self._ask("GET", self._platform.versions_url, lower_case=True)
        if answer.status != 200:
            raise _Wrong(f"HTTP {answer.status}")

    def _ids(self) -> None:
        answer = self._ask("GET", self._platform.versions_url)
        if answer.headers.get("x-correlation-id") != _CORRELATION:
            raise _Wrong(f"X-Correlation-ID is {answer.headers.get('x-correlation-id', 'absent')[:40]}")
        if not answer.headers.get("x-request-id"):
            raise _Wrong("X-Request-ID is absent")

    def _no_routing(self) -> None:
        answer = self._ask("GET", self._platform.versions_url)
        if told := [name for name in answer.headers if name.startswith("ocpi-")]:
            raise _Wrong(", ".join(sorted(told)))

    def _read_details(self) -> None:
        if not self._details:
            raise _Wrong("the versions list names no details of the agreed version")
        details = read_version_details(self._manner.single(self._reply(self._details).data, correlation_id=_CORRELATION))
        named = [(offer.identifier, offer.role) for offer in details.endpoints]
        if doubled := sorted({identifier for identifier, role in named if named.count((identifier, role)) > 1}):
            raise _Wrong(f"named more than once: {', '.join(doubled)}")
        if "credentials" not in {identifier for identifier, _ in named}:
            raise _Wrong("credentials is missing")

    # Lists.

    def _list_is_refused(self, module: str) -> None:
        answer = self._ask(
            "GET", self._url(module, SENDER, query={"limit": "1", "date_from": _LONG_AGO}), shown=_WRONG_TOKEN, is_routed=True
        )
        if answer.status != 401:
            raise _Wrong(f"HTTP {answer.status}")

    def _headers(self, module: str) -> None:
        reply = self._list(module, limit="2")
        missing = [name for name in ("X-Total-Count", "X-Limit") if not reply.headers.get(name.lower(), "").isdigit()]
        if missing:
            raise _Wrong(f"missing or no number: {', '.join(missing)}")

    def _page(self, module: str) -> None:
        items = self._items(self._list(module, limit="2"))
        if len(items) > 2:
            raise _Wrong(f"{len(items)} objects where 2 were asked for")
        article = getattr(self._dialect, module.removesuffix("s"))
        for item in items:
            article.read(item, owner=self._platform.roles[0][1])

    def _nothing_yet(self, module: str) -> None:
        if items := self._items(self._list(module, limit="2", date_from=_FAR_AHEAD)):
            raise _Wrong(f"{len(items)} objects")

    def _link(self, module: str) -> None:
        query = {"limit": "1", "date_from": _LONG_AGO}
        first = self._list(module, **query)
        items, total = self._items(first), first.headers.get("x-total-count", "")
        if not items or not total.isdigit() or int(total) <= len(items):
            return
        link = first.headers.get("link")
        if not link:
            raise _Wrong(f"no Link, though {total} objects are told and {len(items)} came")
        page = read_page_request(query)
        following = next_query(link=link, request_url=self._url(module, SENDER), page=page, count=len(items), total=int(total))
        if following is None:
            raise _Wrong("the Link leads nowhere")
        if self._items(self._list(module, **following)) == items:
            raise _Wrong("the next page is the same page again")

    def _behind_the_end(self, module: str) -> None:
        if items := self._items(self._list(module, limit="1", offset="100000000")):
            raise _Wrong(f"{len(items)} objects")

    def _routing(self, module: str) -> None:
        headers = self._list(module, limit="1").headers
        told_to = (headers.get(TO_COUNTRY, "").upper(), headers.get(TO_PARTY, "").upper())
        told_from = (headers.get(FROM_COUNTRY, "").upper(), headers.get(FROM_PARTY, "").upper())
        if told_to != tuple(self._hub) or told_from not in {tuple(key) for _, key in self._platform.roles}:
            raise _Wrong(f"OCPI-to {'-'.join(told_to)}, OCPI-from {'-'.join(told_from)}")

    def _half_a_pair(self, module: str) -> None:
        url = self._url(module, SENDER, query={"limit": "1", "date_from": _LONG_AGO})
        self._is_status(self._ask("GET", url, is_routed=True, without=(TO_PARTY,)), 2001)

    def _sessions_without_date(self) -> None:
        self._is_status(self._ask("GET", self._url("sessions", SENDER, query={"limit": "1"}), is_routed=True), 2001)

    # Single objects.

    def _missing(self, module: str, owner: tuple[str, ...]) -> None:
        interface = RECEIVER if owner else SENDER
        answer = self._ask("GET", self._url(module, interface, (*owner, _NOBODYS)), is_routed=True)
        if answer.status == 404:
            return
        code = read_reply(status=answer.status, headers=answer.headers, body=answer.body).code
        if not 2000 <= code < 3000:
            raise _Wrong(f"HTTP {answer.status}, status {code}")

    def _no_json(self, module: str) -> None:
        url = self._url(module, RECEIVER, (*self._hub, _NOBODYS))
        answer = self._ask("PUT", url, is_routed=True, body=b"{this is no JSON")
        if answer.status != 400:
            raise _Wrong(f"HTTP {answer.status}")

    def _unknown_token(self) -> None:
        answer = self._ask("POST", self._url("tokens", SENDER, (_NOBODYS, "authorize")), is_routed=True)
        if answer.status == 404:
            return
        reply = read_reply(status=answer.status, headers=answer.headers, body=answer.body)
        if reply.code != 2004:
            allowed = reply.data.get("allowed") if isinstance(reply.data, dict) else None
            raise _Wrong(f"HTTP {answer.status}, status {reply.code}" + (f", {str(allowed)[:20]}" if allowed else ""))

    # Asking.

    def _is_status(self, answer: Answer, code: int) -> None:
        found = read_reply(status=answer.status, headers=answer.headers, body=answer.body).code
        if found != code:
            raise _Wrong(f"status {found}")

    def _items(self, reply: Reply) -> list[Any]:
        if not isinstance(reply.data, list):
            raise _Wrong("data is no list")
        return reply.data

    def _list(self, module: str, **query: str) -> Reply:
        return self._reply(self._url(module, SENDER, query={"date_from": _LONG_AGO, **query}), is_routed=True)

    def _url(self, module: str, interface: str, path: tuple[str, ...] = (), query: Mapping[str, str] | None = None) -> str:
        return with_slash(join_url(self._platform.endpoints[module, interface], path, query), self._manner.profile)

    def _reply(self, url: str, *, is_routed: bool = False) -> Reply:
        answer = self._ask("GET", url, is_routed=is_routed)
        reply = read_reply(status=answer.status, headers=answer.headers, body=answer.body)
        if not reply.is_success:
            raise _Wrong(f"HTTP {reply.http}, status {reply.code} {reply.message}".rstrip())
        return reply

    def _ask(
        self,
        method: str,
        url: str,
        *,
        shown: str | None = "",
        is_routed: bool = False,
        lower_case: bool = False,
        without: tuple[str, ...] = (),
        body: bytes | None = None,
    ) -> Answer:
        headers = request_headers(
            sender=self._hub if is_routed and self._dialect.routes else None,
            receiver=self._receiver() if is_routed and self._dialect.routes else None,
            correlation_id=_CORRELATION,
        )
        headers["Accept"] = "application/json"
        if body is not None:
            headers["Content-Type"] = "application/json"
        if shown is not None:
            encoding = self._manner.token_encoding("forward" if is_routed else "probe")
            own = authorization(token=self._platform.outbound_token, version=self._platform.version, encoding=encoding)
            headers["Authorization"] = shown or own
        told = {name.lower() if lower_case else name: value for name, value in headers.items() if name.lower() not in without}
        call = Call(
            platform_id=self._platform.id,
            purpose="probe",
            method=method,
            url=url,
            headers=told,
            body=body,
            deadline_seconds=_SECONDS,
        )
        return send(call)

    def _receiver(self) -> PartyId | None:
        return self._platform.roles[0][1] if self._platform.roles else None
