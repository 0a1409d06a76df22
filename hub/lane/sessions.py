"""PUT of a session in the lane: as `roaming.protocols.ocpi.endpoints.sessions.SessionReceiver.put`, with shared commits."""

import re
from collections.abc import Sequence

from django.utils import timezone

from hub.lane.application import Answer
from hub.lane.batches import Batches
from hub.lane.doors import Door, Reply
from hub.lane.visit import Visit
from roaming.protocols.ocpi.dialect import read_value
from roaming.protocols.ocpi.endpoints.functional import check_same
from roaming.protocols.ocpi.envelope import write_success
from roaming.protocols.ocpi.kinds import ci_string
from roaming.revisions import Receipt, Verdict
from roaming.routing.sides import Side
from roaming.sessions.receive import Arrival, put_sessions

_SESSION_ID = ci_string(36)


class SessionDoor(Door):
    """PUT …/receiver/sessions/{country_code}/{party_id}/{session_id}."""

    method = "PUT"
    path = re.compile(
        rb"/ocpi/(?P<version>2\.2\.1|2\.3\.0)/receiver/sessions/(?P<country_code>[^/]+)/(?P<party_id>[^/]+)/(?P<session_id>[^/]+)"
    )
    module = "sessions"
    side = Side.OPERATOR
    interface = "RECEIVER"

    def __init__(self, *, django: Answer) -> None:
        super().__init__(django=django)
        self._batches: Batches[Arrival, Receipt] = Batches(receive=_receive, name="sessions")

    async def reply(self, visit: Visit) -> Reply:
        """This function will take a whole session."""
        owner = visit.own_party()
        session_id: str = read_value(name="session_id", kind=_SESSION_ID, value=visit.named["session_id"])
        session = visit.dialect.session.read(self.json(visit), owner=owner)
        check_same(
            country_code=(session.country_code, owner.country_code),
            party_id=(session.party_id, owner.party_id),
            id=(session.id, session_id),
        )
        arrival = Arrival(session=session, correlation_id=visit.address.ids.correlation_id, receiver=visit.direct_receiver())
        receipt = await self._batches.take(arrival)
        visit.responder = visit.responder or session.cdr_token.owner
        return _write_receipt(visit, receipt)

    def close(self) -> None:
        """This function will wait for the batch under way."""
        self._batches.close()


def _receive(arrivals: Sequence[Arrival]) -> list[Receipt | Exception]:
    return put_sessions(arrivals=arrivals, at=timezone.now())


def _write_receipt(visit: Visit, receipt: Receipt) -> Reply:
    if receipt.verdict is Verdict.STALE:
        return Reply(write_success(at=visit.at, message="older than what is known: ignored"))
    headers = {"X-Hub-Replay": "1"} if receipt.verdict is Verdict.SAME else {}
    return Reply(write_success(at=visit.at), http=201 if receipt.created else 200, headers=headers)
