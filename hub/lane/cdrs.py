"""POST of a CDR in the lane: as `roaming.protocols.ocpi.endpoints.cdrs.CdrsReceiver.post`, with shared commits."""

import re
from collections.abc import Sequence

from django.utils import timezone

from hub.lane.application import Answer
from hub.lane.batches import Batches
from hub.lane.doors import Door, Reply
from hub.lane.visit import Visit
from roaming.cdrs.receive import Arrival, CdrReceipt, receive_cdrs
from roaming.protocols.ocpi.endpoints.functional import check_same
from roaming.protocols.ocpi.envelope import bad_parameter, write_success
from roaming.protocols.ocpi.paths import object_url
from roaming.routing.sides import Side


class CdrDoor(Door):
    """POST …/receiver/cdrs."""

    method = "POST"
    path = re.compile(rb"/ocpi/(?P<version>2\.2\.1|2\.3\.0)/receiver/cdrs")
    module = "cdrs"
    side = Side.OPERATOR
    interface = "RECEIVER"

    def __init__(self, *, django: Answer) -> None:
        super().__init__(django=django)
        self._batches: Batches[Arrival, CdrReceipt] = Batches(receive=_receive, name="cdrs")

    async def reply(self, visit: Visit) -> Reply:
        """This function will seal a CDR and answer with its address."""
        cdr = visit.dialect.cdr.read(self.json(visit), owner=visit.address.sender)
        sender = visit.address.sender
        check_same(country_code=(cdr.country_code, sender.country_code), party_id=(cdr.party_id, sender.party_id))
        receiver = visit.direct_receiver()
        if receiver is not None and cdr.cdr_token.owner != receiver:
            raise bad_parameter("cdr_token.country_code, cdr_token.party_id: expected the party the CDR is addressed to")
        visit.responder = cdr.cdr_token.owner
        arrival = Arrival(
            cdr=cdr, received=visit.body, protocol=f"ocpi-{visit.dialect.number}", correlation_id=visit.address.ids.correlation_id
        )
        receipt = await self._batches.take(arrival)
        headers = {"Location": object_url(visit.dialect.number, "cdrs", self.interface, str(receipt.public_id))}
        if not receipt.created:
            headers["X-Hub-Replay"] = "1"
        return Reply(write_success(at=visit.at), http=201 if receipt.created else 200, headers=headers)

    def close(self) -> None:
        """This function will wait for the batch under way."""
        self._batches.close()


def _receive(arrivals: Sequence[Arrival]) -> list[CdrReceipt | Exception]:
    return receive_cdrs(arrivals=arrivals, at=timezone.now())
