"""The exchange that a request of the lane leaves behind: every refusal, and successes as long as they do not come in floods.

What is left out in a flood still has its record: the authorization, the session's revision, the CDR. A counter says how many.
"""

from time import monotonic

from hub.lane import metrics
from hub.lane.visit import Visit
from roaming.exchanges.record import ExchangeEntry, is_flooded, record
from roaming.protocols.ocpi.addressing import FROM_COUNTRY, FROM_PARTY, TO_COUNTRY, TO_PARTY


def keep_exchange(*, visit: Visit, http: int, answer: bytes) -> None:
    """This function will keep the exchange, without I/O, or leave a success of a flood out."""
    if not visit.error and is_flooded():
        metrics.EXCHANGES_LEFT_OUT.inc()
        return
    requester, responder = visit.ends
    ids = visit.address.ids
    headers = {"x-request-id": ids.request_id, "x-correlation-id": ids.correlation_id}
    headers[FROM_COUNTRY], headers[FROM_PARTY] = requester
    headers[TO_COUNTRY], headers[TO_PARTY] = responder
    query = visit.scope["query_string"].decode("latin-1")
    path = visit.scope["raw_path"].decode("ascii", "replace")
    record(
        ExchangeEntry(
            at=visit.at,
            direction="in",
            platform_id=visit.caller.platform.id,
            method=visit.scope["method"],
            path=f"{path}?{query}" if query else path,
            headers=headers,
            request_body=visit.body or None,
            response_body=answer,
            http_status=http,
            duration_ms=round((monotonic() - visit.started) * 1000),
            error=visit.error,
            object_id=visit.named.get("session_id", ""),
        )
    )
