"""CDRs (OCPI 2.2.1, mod_cdrs): posted once, sealed, never changed.

A CDR is sealed before it is answered and leaves through the outbox, also when it is addressed to its provider.
"""

import uuid
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from roaming.cdrs.queries import find_cdr_by_public_id, list_cdrs
from roaming.cdrs.receive import receive_cdr
from roaming.protocols.ocpi.endpoints.functional import FunctionalDoor, ListDoor, check_same
from roaming.protocols.ocpi.envelope import bad_parameter, not_found
from roaming.protocols.ocpi.paging import PageRequest
from roaming.protocols.ocpi.paths import object_url
from roaming.protocols.ocpi.versions import RECEIVER, Interface
from roaming.routing.arrangement import Direct
from roaming.routing.sides import Side


class CdrsSender(ListDoor):
    """What providers ask of operators: the list of the CDRs they pay."""

    module = "cdrs"
    side = Side.PROVIDER

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will answer a page of CDRs."""
        return self.listing(self.dialect.cdr, self._page)

    def _page(self, page: PageRequest) -> Any:
        return list_cdrs(
            viewer=self.address.sender,
            role=self.address.sender_role,
            date_from=page.date_from,
            date_to=page.date_to,
            after=page.cursor,
            offset=page.offset,
            limit=page.limit,
        )


class CdrsReceiver(FunctionalDoor):
    """Where operators post CDRs."""

    module = "cdrs"
    side = Side.OPERATOR
    interface: ClassVar[Interface] = RECEIVER

    def post(self, request: Request, version: str, **owner: str) -> HttpResponse:
        """This function will seal a CDR and answer 201 with its address; a repeat gets 200 with the same address (reliability §4)."""
        if owner:
            self.own_party()
        sender = self.address.sender
        cdr = self.dialect.cdr.read(self.body(), owner=sender)
        check_same(country_code=(cdr.country_code, sender.country_code), party_id=(cdr.party_id, sender.party_id))
        arrangement = self.arrange()
        if isinstance(arrangement, Direct):
            self.reach(arrangement.receiver)
            if cdr.cdr_token.owner != arrangement.receiver:
                raise bad_parameter("cdr_token.country_code, cdr_token.party_id: expected the party the CDR is addressed to")
        self.responder = cdr.cdr_token.owner
        receipt = receive_cdr(
            cdr=cdr,
            received=self.raw_body,
            protocol=f"ocpi-{self.dialect.number}",
            at=self.at,
            correlation_id=self.ids.correlation_id,
        )
        headers = {"Location": object_url(self.dialect.number, "cdrs", RECEIVER, str(receipt.public_id))}
        if not receipt.created:
            headers["X-Hub-Replay"] = "1"
        return self.success(http=201 if receipt.created else 200, headers=headers)


class CdrReceiver(FunctionalDoor):
    """The address that the answer to a POST names, good for as long as the CDR is kept."""

    module = "cdrs"
    side = Side.OPERATOR
    interface: ClassVar[Interface] = RECEIVER

    def get(self, request: Request, version: str, public_id: str) -> HttpResponse:
        """This function will answer the CDR as it was sealed, to its operator only."""
        try:
            wanted = uuid.UUID(public_id)
        except ValueError:
            raise not_found() from None
        cdr = find_cdr_by_public_id(public_id=wanted, viewers=[self.address.sender])
        if cdr is None:
            raise not_found()
        return self.success(self.found(self.dialect.cdr, cdr))
