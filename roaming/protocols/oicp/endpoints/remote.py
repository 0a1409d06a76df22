"""AuthorizeRemoteStart and -Stop, RemoteReservationStart and -Stop of providers (oicp §5.3, §5.4)."""

from typing import Any, ClassVar

from roaming.locations.evse_queries import FoundEvse, find_evse, has_records
from roaming.parties.directory import PartyEntry, PlatformEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.places import kept, place_of
from roaming.protocols.oicp.bridge.projection import refresh
from roaming.protocols.oicp.bridge.sessions import PENDING, tell_session
from roaming.protocols.oicp.endpoints.door import OicpDoor
from roaming.protocols.oicp.identifiers import evse_key
from roaming.protocols.oicp.partners import find_operator
from roaming.protocols.oicp.refusals import NotAuthorized, OicpRefusal
from roaming.protocols.oicp.remote import Outcome, Way, start, stop
from roaming.protocols.oicp.v2_3.remote import REMOTE_START, REMOTE_STOP, RESERVATION_START, RemoteStart
from roaming.routing.sides import Side
from roaming.sessions import hub_sessions
from roaming.sessions.hub_sessions import REMOTE, RESERVATION, Opening
from roaming.sessions.models import HubSession


class RemoteDoor(OicpDoor):
    """What all four have in common: where the EVSE is, and whether its operator may be asked."""

    side = Side.PROVIDER
    kind: ClassVar[str] = REMOTE

    def find_way(self, evse_id: str, *, when_locked: OicpRefusal) -> tuple[PartyEntry, PlatformEntry]:
        """This function will return the operator of an EVSE and its platform; it raises 300, 210, and `when_locked`."""
        operator = find_operator(evse_id=evse_id, directory=self.directory)
        platform = self.directory.platform_on_side(operator.key, Side.OPERATOR) if operator else None
        if operator is None or platform is None:
            raise OicpRefusal(statuses.PARTNER_NOT_FOUND, "no operator has this EvseID")
        if not platform.is_routable:
            raise when_locked
        if not self.directory.may_roam(operator=operator.key, provider=self.party, module="commands", on=self.at.date()):
            raise OicpRefusal(statuses.NO_CONTRACT)
        return operator, platform

    def check_evse(self, evse_id: str, operator: PartyEntry, platform: PlatformEntry) -> FoundEvse | None:
        """This function will return the EVSE's record; it raises 603 and 604. An operator that told no EVSE at all is not held to it."""
        if platform.protocol != "oicp":
            refresh(owners=[operator], at=self.at)
        found = find_evse(evse_key=evse_key(evse_id), owner=operator.id)
        if found is None and (platform.protocol != "oicp" or has_records(owner=operator.id)):
            raise OicpRefusal(statuses.UNKNOWN_EVSE)
        if found is not None and not found.is_compatible:
            raise OicpRefusal(statuses.NOT_COMPATIBLE)
        return found

    def way(self, session: HubSession, operator: PartyEntry, platform: PlatformEntry) -> Way:
        """This function will put together who asks whom."""
        return Way(
            session=session,
            provider=self.entry,
            provider_platform=self.caller,
            operator=operator,
            platform=platform,
            at=self.at,
        )

    def acknowledge(self, outcome: Outcome, session: HubSession, told: str | None) -> dict[str, Any]:
        """This function will write what became of it, with the ids of the session."""
        return statuses.acknowledgement(
            outcome.code,
            additional=outcome.additional,
            session_id=session.session_id,
            operator_session_id=outcome.operator_session_id or session.operator_session_id,
            provider_session_id=told or session.provider_session_id,
        )


class RemoteStartDoor(RemoteDoor):
    """POST charging/v21/providers/{providerID}/authorize-remote/start."""

    operation = "remote-start"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will start a session under an id of the hub's; a refusal makes that id useless."""
        wish = (RESERVATION_START if self.kind == RESERVATION else REMOTE_START).read(body)
        self.check_id(wish.provider_id)
        operator, platform = self.find_way(wish.evse_id, when_locked=NotAuthorized("the operator is locked"))
        evse = self.check_evse(wish.evse_id, operator, platform)
        session = self._open(wish, operator, evse)
        contract = wish.identification.contract_id or ""
        outcome = start(self.way(session, operator, platform), raw=body, contract_id=contract, evse=evse, minutes=wish.duration)
        if outcome.code != statuses.SUCCESS:
            hub_sessions.refuse_hub_session(session)
            return self.acknowledge(outcome, session, wish.provider_session_id)
        hub_sessions.confirm_hub_session(session, operator_session_id=outcome.operator_session_id or session.operator_session_id)
        if platform.protocol == "oicp" and self.kind == REMOTE:
            tell_session(hub=session, directory=self.directory, status=PENDING, at=self.at)
        return self.acknowledge(outcome, session, wish.provider_session_id)

    def _open(self, wish: RemoteStart, operator: PartyEntry, evse: FoundEvse | None) -> HubSession:
        return hub_sessions.open_hub_session(
            session_id=hub_sessions.mint_session_id(),
            opening=Opening(
                operator=operator.id,
                provider=self.entry.id,
                kind=self.kind,
                evse_id=wish.evse_id,
                token_uid=wish.identification.contract_id or "",
                token_type="APP_USER",  # noqa: S106  (a type of token)
                contract_id=wish.identification.contract_id or "",
                operator_session_id=wish.operator_session_id or "",
                provider_session_id=wish.provider_session_id or "",
                product_id=wish.product_id or "",
                place=kept(place_of(evse, owner=operator.key)) if evse else None,
            ),
            at=self.at,
        )


class RemoteStopDoor(RemoteDoor):
    """POST charging/v21/providers/{providerID}/authorize-remote/stop."""

    operation = "remote-stop"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will stop a session of the provider's, however it was started."""
        wish = REMOTE_STOP.read(body)
        self.check_id(wish.provider_id)
        when_locked = NotAuthorized("the operator is locked") if self.kind == RESERVATION else OicpRefusal(statuses.NOT_AVAILABLE)
        operator, platform = self.find_way(wish.evse_id, when_locked=when_locked)
        self.check_evse(wish.evse_id, operator, platform)
        session = hub_sessions.find_hub_session(wish.session_id)
        kinds = (RESERVATION,) if self.kind == RESERVATION else (REMOTE, hub_sessions.AUTHORIZE)
        if (
            session is None
            or session.provider_id != self.entry.id
            or session.operator_id != operator.id
            or session.state != HubSession.State.OPEN
            or session.kind not in kinds
        ):
            raise OicpRefusal(statuses.SESSION_INVALID, http=404)
        outcome = stop(self.way(session, operator, platform), raw=body)
        return self.acknowledge(outcome, session, wish.provider_session_id)


class ReservationStartDoor(RemoteStartDoor):
    """POST reservation/v11/providers/{providerID}/reservation-start-request."""

    kind = RESERVATION


class ReservationStopDoor(RemoteStopDoor):
    """POST reservation/v11/providers/{providerID}/reservation-stop-request."""

    kind = RESERVATION
