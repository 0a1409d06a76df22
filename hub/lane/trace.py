"""The exchange that a request of the lane leaves behind: every refusal, and successes as long as they do not come in floods.

Keeping a success costs a third of answering it. Above the rate the records themselves (authorizations, session revisions, CDRs)
tell what happened, and the counter says how many exchanges were left out.
"""

from time import monotonic

from hub.lane import metrics
from hub.lane.visit import Visit
from roaming.exchanges.record import ExchangeEntry, record
from roaming.protocols.ocpi.addressing import FROM_COUNTRY, FROM_PARTY, TO_COUNTRY, TO_PARTY

SUCCESSES_PER_SECOND = 200


class Trace:
    """Counts the successes of the running second."""

    def __init__(self, *, per_second: int = SUCCESSES_PER_SECOND) -> None:
        self._per_second = per_second
        self._second = 0
        self._kept = 0

    def keep(self, *, visit: Visit, http: int, answer: bytes) -> None:
        """This function will hand the exchange to the recorder, without I/O, or leave a success of a flood out."""
        now = monotonic()
        if not visit.error and not self._may_keep(int(now)):
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
                duration_ms=round((now - visit.started) * 1000),
                error=visit.error,
                object_id=visit.named.get("session_id", ""),
            )
        )

    def _may_keep(self, second: int) -> bool:
        if second != self._second:
            self._second, self._kept = second, 0
        self._kept += 1
        return self._kept <= self._per_second
