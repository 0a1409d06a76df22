"""Pages of a list: the four parameters of the query, and the three headers of the answer (OCPI 2.2.1, transport_and_format §Pagination)."""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import BadFields, read_value
from roaming.protocols.ocpi.kinds import INSTANT, matching, write_instant

DEFAULT_LIMIT = 100
MOST_PER_PAGE = 200

# Ours, not of the specification: the place after the last object seen, and the party whose list a Link goes on with.
CURSOR = "cursor"
PARTY = "party"

_LINK = re.compile(r"<([^<>]*)>([^<>]*)")
_COUNT = matching(r"\d{1,9}", "a whole number, not negative")
_LIMIT = matching(r"0*[1-9]\d{0,8}", "a whole number above 0")
_PARTY_ID = matching(r"[A-Za-z]{2}-[A-Za-z0-9]{3}", "a party like DE-ALF")


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a puller asks for. `date_from` is inclusive, `date_to` exclusive, both on last_updated."""

    date_from: datetime | None = None
    date_to: datetime | None = None
    offset: int = 0
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    party: canonical.PartyId | None = None


def read_page_request(query: Mapping[str, str], *, needs_date_from: bool = False) -> PageRequest:
    """This function will read the query of a list; it raises BadFields that names every bad parameter.

    `limit` above the most per page is clamped. `needs_date_from`: sessions demand it (mod_sessions §Sender Interface, GET).
    """
    problems: list[tuple[str, str]] = []
    values: dict[str, object] = {}
    for name, kind in (("date_from", INSTANT), ("date_to", INSTANT), ("offset", _COUNT), ("limit", _LIMIT), (PARTY, _PARTY_ID)):
        text = query.get(name)
        if text is None or text == "":
            continue
        try:
            # A plus sign in a query means a blank; nobody means one in `…+00:00`.
            values[name] = read_value(name=name, kind=kind, value=text.replace(" ", "+") if kind is INSTANT and "T" in text else text)
        except BadFields as refusal:
            problems.extend(refusal.problems)
    if needs_date_from and not query.get("date_from"):
        problems.append(("date_from", "an instant (required)"))
    if problems:
        raise BadFields(problems)
    party = values.get(PARTY)
    return PageRequest(
        date_from=_instant(values.get("date_from")),
        date_to=_instant(values.get("date_to")),
        offset=int(str(values.get("offset", "0"))),
        limit=min(int(str(values.get("limit", DEFAULT_LIMIT))), MOST_PER_PAGE),
        cursor=query.get(CURSOR) or None,
        party=canonical.PartyId.parse(str(party)) if party else None,
    )


def page_headers(*, url: str, page: PageRequest, total: int, cursor: str | None) -> dict[str, str]:
    """This function will return X-Total-Count, X-Limit and, where `cursor` names a next page, Link with all filters.

    The Link carries our cursor beside `offset` and `limit`: pullers that rebuild the query from those two alone still arrive.
    """
    headers = {"X-Total-Count": str(total), "X-Limit": str(MOST_PER_PAGE)}
    if cursor is not None:
        headers["Link"] = write_link(url, {**_filters(page), "offset": str(page.offset + page.limit), CURSOR: cursor})
    return headers


def write_link(url: str, query: Mapping[str, str]) -> str:
    """This function will return the value of a Link header to the next page."""
    return f'<{url}?{urlencode(query)}>; rel="next"'


def write_query(page: PageRequest) -> dict[str, str]:
    """This function will return the query that asks a partner for the same page."""
    return {**_filters(page), "offset": str(page.offset)}


def next_query(*, link: str | None, request_url: str, page: PageRequest, count: int, total: int | None) -> dict[str, str] | None:
    """This function will return the query of the next page behind a partner's answer of `count` objects, or None after the last.

    The partner's Link is believed as far as its query: relative, wrong-host and malformed ones are all met. Without one, the
    partner's total decides (ocpi §6).
    """
    query = _query_of_link(link, request_url) if link else {}
    if query.get("offset", "").isdigit() and int(query["offset"]) <= page.offset:
        query = {}  # a Link to the page we are on would be followed for ever
    if query:
        return {**_filters(page), **query}
    if count and total is not None and total > page.offset + count:
        return {**_filters(page), "offset": str(page.offset + count)}
    return None


def _query_of_link(link: str, request_url: str) -> dict[str, str]:
    for target, parameters in _LINK.findall(link):
        if "next" in parameters.lower():
            try:
                return dict(parse_qsl(urlsplit(urljoin(request_url, target)).query, max_num_fields=20))
            except ValueError:
                return {}
    return {}


def _filters(page: PageRequest) -> dict[str, str]:
    filters = {"limit": str(page.limit)}
    if page.date_from is not None:
        filters["date_from"] = write_instant(page.date_from)
    if page.date_to is not None:
        filters["date_to"] = write_instant(page.date_to)
    return filters


def _instant(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
