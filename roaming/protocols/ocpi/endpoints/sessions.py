"""Sessions and what their drivers prefer (OCPI 2.2.1, mod_sessions).

A session is kept durably and leaves through the outbox, also when it is addressed to its provider: it is the ledger's, and a
provider that is away for a day must not lose it (docs/decisions).
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.protocols.ocpi.endpoints.functional import FunctionalDoor, ListDoor, check_same
from roaming.protocols.ocpi.envelope import bad_parameter, not_found
from roaming.protocols.ocpi.paging import PageRequest
from roaming.protocols.ocpi.versions import RECEIVER, SENDER, Interface
from roaming.routing.arrangement import Direct
from roaming.routing.sides import Side
from roaming.sessions.queries import find_session, find_sessions_of_provider, list_sessions
from roaming.sessions.receive import patch_session, put_session


class SessionsSender(ListDoor):
    """What providers ask of operators: the list of their drivers' sessions."""

    module = "sessions"
    side = Side.PROVIDER
    needs_date_from = True

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will answer a page of sessions."""
        return self.listing(self.dialect.session, self._page)

    def _page(self, page: PageRequest) -> Any:
        return list_sessions(
            viewer=self.address.sender,
            role=self.address.sender_role,
            date_from=page.date_from,
            date_to=page.date_to,
            after=page.cursor,
            offset=page.offset,
            limit=page.limit,
        )


class ChargingPreferences(FunctionalDoor):
    """What a driver prefers, passed on to the operator at whose charge point the session runs."""

    module = "sessions"
    side = Side.PROVIDER
    interface: ClassVar[Interface] = SENDER

    def put(self, request: Request, version: str, session_id: str) -> HttpResponse:
        """This function will forward to the operator that is addressed or has the session (mod_sessions §PUT charging_preferences)."""
        session_id = self.object_id("session_id")
        if self.dialect.charging_preferences is None:
            raise not_found()
        preferences = self.dialect.charging_preferences.read(self.body())
        arrangement = self.arrange()
        receiver = arrangement.receiver if isinstance(arrangement, Direct) else self._operator_of(session_id)
        forwarded = self.forward(receiver, self.reach(receiver), path=(session_id, "charging_preferences"), message=preferences)
        return self.relay(forwarded, forwarded.data)

    def _operator_of(self, session_id: str) -> canonical.PartyId:
        found = find_sessions_of_provider(provider=self.address.sender, session_id=session_id)
        if len(found) > 1:
            raise bad_parameter("OCPI-to-country-code, OCPI-to-party-id: required, several operators have a session of this id")
        if not found:
            raise not_found()
        return found[0].owner


class SessionReceiver(FunctionalDoor):
    """What operators push: sessions, whole or changed fields."""

    module = "sessions"
    side = Side.OPERATOR
    interface: ClassVar[Interface] = RECEIVER

    def get(self, request: Request, version: str, country_code: str, party_id: str, session_id: str) -> HttpResponse:
        """This function will answer the session as the hub keeps it: what was accepted here is what the provider gets."""
        owner, session_id = self.own_party(), self.object_id("session_id")
        receiver = self._receiver()
        session = find_session(owner=owner, session_id=session_id)
        if session is None or (receiver is not None and session.cdr_token.owner != receiver):
            raise not_found()
        return self.success(self.found(self.dialect.session, session))

    def put(self, request: Request, version: str, country_code: str, party_id: str, session_id: str) -> HttpResponse:
        """This function will take a whole session."""
        owner, session_id = self.own_party(), self.object_id("session_id")
        session = self.dialect.session.read(self.body(), owner=owner)
        check_same(
            country_code=(session.country_code, owner.country_code),
            party_id=(session.party_id, owner.party_id),
            id=(session.id, session_id),
        )
        receipt = put_session(session=session, at=self.at, correlation_id=self.ids.correlation_id, receiver=self._receiver())
        self.responder = self.responder or session.cdr_token.owner
        return self.receipt(receipt)

    def patch(self, request: Request, version: str, country_code: str, party_id: str, session_id: str) -> HttpResponse:
        """This function will take changed fields of a session; its charging periods are added to those known."""
        owner, session_id = self.own_party(), self.object_id("session_id")
        if self.dialect.merge_session is not None:
            return self._merge(owner, session_id, self.dialect.merge_session)
        changes = self.dialect.session.read_patch(self.body(), at=self.at, needs_stamp=self.needs_stamp())
        fixed = {"country_code": owner.country_code, "party_id": owner.party_id, "id": session_id}
        check_same(**{name: (changes[name], path) for name, path in fixed.items() if name in changes})
        receipt = patch_session(
            owner=owner,
            session_id=session_id,
            changes=changes,
            at=self.at,
            correlation_id=self.ids.correlation_id,
            receiver=self._receiver(),
        )
        return self.receipt(receipt)

    def _merge(self, owner: canonical.PartyId, session_id: str, merge: Callable[..., canonical.Session]) -> HttpResponse:
        """A PATCH of 2.1.1 replaces lists: the merged whole is taken as if it had been PUT, so that no period stands twice."""
        stored = find_session(owner=owner, session_id=session_id)
        if stored is None:
            raise not_found()
        session = merge(session=stored, body=self.body(), at=self.at)
        check_same(id=(session.id, session_id))
        return self.receipt(put_session(session=session, at=self.at, correlation_id=self.ids.correlation_id))

    def _receiver(self) -> canonical.PartyId | None:
        arrangement = self.arrange()
        if not isinstance(arrangement, Direct):
            return None
        self.reach(arrangement.receiver)
        return arrangement.receiver
