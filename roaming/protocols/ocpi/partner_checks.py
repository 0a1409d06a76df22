"""What a partner's own server gets right and wrong, asked by harmless requests: GETs, and a method that must be refused.

Each check stands for a conformance case by its number (`tests/conformance/ocpi`). Nothing is written at the partner's.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec

from roaming.egress.blocking import send
from roaming.egress.calls import Answer, Call, EgressError
from roaming.parties.directory import Directory, PlatformEntry
from roaming.protocols.ocpi.addressing import request_headers
from roaming.protocols.ocpi.client import NotAnEnvelope, Refused, Reply, authorization, join_url, read_reply
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.v2_2_1.registration import read_version_details, read_versions
from roaming.protocols.ocpi.versions import SENDER, Dialect, get_dialect

_SECONDS = 10.0
_LISTS = ("locations", "tariffs", "tokens", "sessions", "cdrs")
_LONG_AGO = "2015-01-01T00:00:00Z"


class NotConnected(Exception):
    """The platform is no registered OCPI platform: there is nothing to ask, and no token to ask with."""


class Checked(msgspec.Struct, frozen=True):
    """One check: the conformance case it stands for, what was looked at, and what is wrong, if anything."""

    case: int
    name: str
    problem: str = ""


def check_partner(*, platform_id: int, directory: Directory) -> list[Checked]:
    """This function will ask a partner's server and return every check in order; it raises NotConnected, never for a partner's fault."""
    platform = directory.platform(platform_id)
    if platform is None or platform.protocol != "ocpi" or not platform.is_registered or not platform.outbound_token:
        raise NotConnected(f"platform {platform_id} is not connected by OCPI")
    return list(_Visit(platform, get_dialect(platform.version), directory).checks())


class _Wrong(Exception):
    """What a check found."""


class _Visit:
    def __init__(self, platform: PlatformEntry, dialect: Dialect, directory: Directory) -> None:
        self._platform = platform
        self._dialect = dialect
        self._hub = directory.hub.key
        self._details = ""

    def checks(self) -> Iterator[Checked]:
        yield self._check(1, "GET versions with the hub's token", self._versions)
        yield self._check(3, "GET versions without a token is HTTP 401", lambda: self._is_refused(None))
        yield self._check(4, "GET versions with a wrong token is HTTP 401", lambda: self._is_refused("Token bm90LXRoZS10b2tlbg=="))
        yield self._check(8, "answers are JSON envelopes with a timestamp in UTC", self._envelope)
        yield self._check(10, "a method that is not offered is HTTP 405", self._method)
        yield self._check(11, "a slash at the end redirects nowhere", self._slash)
        yield self._check(72, "version details name every endpoint once", self._read_details)
        for module in _LISTS:
            if (module, SENDER) in self._platform.endpoints:
                yield self._check(82, f"GET {module} has X-Total-Count and X-Limit", partial(self._headers, module))
                yield self._check(83, f"GET {module} keeps to the limit and holds readable objects", partial(self._page, module))
        if ("sessions", SENDER) in self._platform.endpoints:
            yield self._check(84, "GET sessions without date_from is 2001", self._sessions_without_date)

    def _check(self, case: int, name: str, look: Callable[[], None]) -> Checked:
        try:
            look()
        except (_Wrong, EgressError, NotAnEnvelope, Refused, BadFields) as found:
            return Checked(case, name, str(found) or type(found).__name__)
        return Checked(case, name)

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
            raise _Wrong(f"DELETE versions is HTTP {answer.status}")

    def _slash(self) -> None:
        answer = self._ask("GET", f"{self._platform.versions_url.rstrip('/')}/")
        if 300 <= answer.status < 400:
            raise _Wrong(f"HTTP {answer.status}")

    def _read_details(self) -> None:
        if not self._details:
            raise _Wrong("the versions list names no details of the agreed version")
        details = read_version_details(self._reply(self._details).data)
        named = [(offer.identifier, offer.role) for offer in details.endpoints]
        if doubled := sorted({identifier for identifier, role in named if named.count((identifier, role)) > 1}):
            raise _Wrong(f"named more than once: {', '.join(doubled)}")
        if "credentials" not in {identifier for identifier, _ in named}:
            raise _Wrong("credentials is missing")

    def _headers(self, module: str) -> None:
        reply = self._list(module, {"date_from": _LONG_AGO, "limit": "2"})
        missing = [name for name in ("X-Total-Count", "X-Limit") if not reply.headers.get(name.lower(), "").isdigit()]
        if missing:
            raise _Wrong(f"missing or no number: {', '.join(missing)}")

    def _page(self, module: str) -> None:
        reply = self._list(module, {"date_from": _LONG_AGO, "limit": "2"})
        if not isinstance(reply.data, list):
            raise _Wrong("data is no list")
        if len(reply.data) > 2:
            raise _Wrong(f"{len(reply.data)} objects where 2 were asked for")
        article = getattr(self._dialect, module.removesuffix("s"))
        for item in reply.data:
            article.read(item, owner=self._platform.roles[0][1])

    def _sessions_without_date(self) -> None:
        answer = self._ask("GET", join_url(self._platform.endpoints["sessions", SENDER], (), {"limit": "1"}), is_routed=True)
        code = read_reply(status=answer.status, headers=answer.headers, body=answer.body).code
        if code != 2001:
            raise _Wrong(f"status {code}")

    def _list(self, module: str, query: dict[str, str]) -> Reply:
        return self._reply(join_url(self._platform.endpoints[module, SENDER], (), query), is_routed=True)

    def _reply(self, url: str, *, is_routed: bool = False) -> Reply:
        answer = self._ask("GET", url, is_routed=is_routed)
        reply = read_reply(status=answer.status, headers=answer.headers, body=answer.body)
        if not reply.is_success:
            raise _Wrong(f"HTTP {reply.http}, status {reply.code} {reply.message}".rstrip())
        return reply

    def _ask(self, method: str, url: str, *, shown: str | None = "", is_routed: bool = False) -> Answer:
        routes = is_routed and self._dialect.routes
        receiver = self._platform.roles[0][1] if routes and self._platform.roles else None
        headers = request_headers(sender=self._hub if routes else None, receiver=receiver, correlation_id="")
        headers["Accept"] = "application/json"
        if shown is not None:
            token, version = self._platform.outbound_token, self._platform.version
            own: Any = self._platform.profile.get("token_encoding")
            headers["Authorization"] = shown or authorization(token=token, version=version, encoding=own)
        return send(
            Call(
                platform_id=self._platform.id,
                purpose="probe",
                method=method,
                url=url,
                headers=headers,
                body=None,
                deadline_seconds=_SECONDS,
            )
        )
