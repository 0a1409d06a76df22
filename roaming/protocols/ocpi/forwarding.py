"""Direct requests through the hub: what is written for the receiver, and how its answer is read before anything of it passes on.

Bytes of one partner never reach another: every object is read, its owner checked, and written anew (reliability T3, T5).
"""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from roaming import canonical
from roaming.exchanges.quarantine import BadItem, quarantine
from roaming.gateways import CannotBeSaid, Declined, Forward, Forwarded, GatewayBroken
from roaming.protocols.ocpi.article import Article
from roaming.protocols.ocpi.client import Reply, one_object
from roaming.protocols.ocpi.crossings import note_crossing
from roaming.protocols.ocpi.dialect import BadFields, Shape
from roaming.protocols.ocpi.envelope import BAD_PARAMETER
from roaming.protocols.ocpi.manners import Manner
from roaming.protocols.ocpi.paging import next_query, read_page_request
from roaming.protocols.ocpi.versions import SENDER, Dialect

logger = logging.getLogger(__name__)

# Besides the partner's own headers: the query of the next page, "" after the last.
NEXT_QUERY = "next-query"
TOTAL, LIMIT = "x-total-count", "x-limit"
_LARGEST_PAGE = 1000


def is_list(request: Forward) -> bool:
    """This function will say whether the request asks for a page of a list."""
    return request.method == "GET" and request.interface == SENDER and not request.path


def write_body(*, request: Forward, dialect: Dialect) -> Any:
    """This function will return the body for the receiver as its version writes it, or None where the request has none."""
    if request.path[1:] == ("charging_preferences",):
        if dialect.charging_preferences is None:
            raise Declined(BAD_PARAMETER, f"the operator speaks OCPI {dialect.number}, which has no charging preferences")
        return dialect.charging_preferences.write(request.message)  # type: ignore[arg-type]
    article = find_article(request=request, dialect=dialect)
    if request.changes is not None:
        changed = article.write_patch(request.changes)
        if changed is None:
            raise CannotBeSaid(f"OCPI {dialect.number} cannot say these changes by themselves: {', '.join(sorted(request.changes))}")
        return changed
    if request.message is None:
        return None
    crossing = article.cross(request.message)
    note_crossing(
        crossing=crossing,
        message=request.message,
        owner=request.sender,
        receiver=request.receiver,
        module=request.module,
        version=dialect.number,
        at=timezone.now(),
    )
    if crossing.body is None:
        raise CannotBeSaid(f"the receiver speaks OCPI {dialect.number}, which cannot say: {crossing.reasons}")
    return crossing.body


def find_article(*, request: Forward, dialect: Dialect) -> Article[Any]:
    """This function will return the article of the object that a request is about."""
    if request.module == "locations":
        depth = len(request.path) - (1 if request.interface == SENDER else 3)
        return (dialect.location, dialect.evse, dialect.connector)[max(0, min(depth, 2))]
    if request.module == "chargingprofiles":
        if dialect.profiles is None:
            raise CannotBeSaid(f"the receiver speaks OCPI {dialect.number}, which has no charging profiles")
        return dialect.profiles.active
    articles: Mapping[str, Article[Any]] = {
        "tariffs": dialect.tariff,
        "tokens": dialect.token,
        "sessions": dialect.session,
        "cdrs": dialect.cdr,
    }
    return articles[request.module]


def shape_of(*, request: Forward, dialect: Dialect) -> Shape[Any] | None:
    """This function will return the shape of the whole object that a request carries, or None where it carries none."""
    if request.message is None or request.path[1:] == ("charging_preferences",):
        return None
    return find_article(request=request, dialect=dialect).shape


def note_habits(*, request: Forward, reply: Reply, manner: Manner) -> None:
    """This function will note what an answer shows of the partner's habits: its largest page, single objects in lists."""
    limit = reply.headers.get(LIMIT, "")
    if is_list(request):
        if limit.isdigit() and 0 < int(limit) <= _LARGEST_PAGE:
            manner.observe("page_size", str(int(limit)), "X-Limit of a list", correlation_id=request.correlation_id)
    elif request.method == "GET":
        manner.single(reply.data, correlation_id=request.correlation_id)


def read_answer(*, request: Forward, dialect: Dialect, reply: Reply, url: str, platform_id: int) -> Forwarded:
    """This function will read a success of the receiver; it raises BadFields or GatewayBroken where its data is not what was asked for."""
    data: object = None
    headers: dict[str, str] = {}
    if is_list(request):
        data, headers = _read_list(request, dialect, reply, url, platform_id)
    elif request.method == "GET":
        owner = request.receiver if request.interface == SENDER else request.sender
        data = find_article(request=request, dialect=dialect).read(one_object(reply.data), owner=owner)
        _check_owner(request, data)
    elif request.path[1:] == ("charging_preferences",):
        data = dialect.read_preferences_answer(reply.data)
    return Forwarded(http_status=reply.http, status_code=reply.code, status_message=reply.message, data=data, headers=headers)


def _read_list(request: Forward, dialect: Dialect, reply: Reply, url: str, platform_id: int) -> tuple[list[object], dict[str, str]]:
    if not isinstance(reply.data, list):
        raise GatewayBroken("the answer to a list is no list")
    article = find_article(request=request, dialect=dialect)
    kept: list[object] = []
    bad: list[BadItem] = []
    for item in reply.data:
        try:
            message = article.read(item, owner=request.receiver)
        except BadFields as refusal:
            bad.append(BadItem(item, str(refusal)))
            continue
        if _is_owned(message, request.receiver):
            kept.append(message)
        else:
            bad.append(BadItem(item, "an object of another owner"))
    if bad:
        logger.warning(
            "objects of a partner's list were left out",
            extra={"ocpi_module": request.module, "party": str(request.receiver), "left_out": len(bad)},
        )
        quarantine(
            platform_id=platform_id,
            owner=request.receiver,
            module=request.module,
            items=bad,
            correlation_id=request.correlation_id,
            at=timezone.now(),
        )
    total = reply.headers.get(TOTAL, "")
    following = next_query(
        link=reply.headers.get("link"),
        request_url=url,
        page=read_page_request(_own_parameters(request.query)),
        count=len(reply.data),
        total=int(total) if total.isdigit() and len(total) < 10 else None,
    )
    headers = {name: reply.headers[name] for name in (TOTAL, LIMIT) if reply.headers.get(name, "").isdigit()}
    return kept, {**headers, NEXT_QUERY: urlencode(following) if following else ""}


def _own_parameters(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name in ("date_from", "date_to", "offset", "limit")}


def _check_owner(request: Forward, message: object) -> None:
    # On the Sender side the receiver owns the object; on the Receiver side it keeps one of the requester's.
    owner = request.receiver if request.interface == SENDER else request.sender
    if not _is_owned(message, owner):
        raise GatewayBroken("the answer holds an object of another owner")


def _is_owned(message: object, owner: canonical.PartyId) -> bool:
    found = getattr(message, "owner", None)  # EVSEs and connectors name no owner
    return found is None or found == owner
