"""ChargingNotifications of operators (oicp §5.8)."""

from datetime import timedelta
from typing import Any

from roaming.egress.blocking import send
from roaming.gateways import GatewayBroken, GatewayRefusal, PlatformOffline, egress_refusals
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.crossings import TO_OCPI, note_crossing
from roaming.protocols.oicp.bridge.sessions import ACTIVE, INVALID, tell_session
from roaming.protocols.oicp.bridge.unsaid import note_notification
from roaming.protocols.oicp.client import NOTIFICATION_DOOR, NOTIFICATION_PATH, write_call
from roaming.protocols.oicp.endpoints.door import OicpDoor
from roaming.protocols.oicp.refusals import NotAuthorized, OicpRefusal
from roaming.protocols.oicp.v2_3.notifications import Notification, read_notification
from roaming.protocols.wire.intake import NotJson, read_json
from roaming.protocols.wire.loss import LossReport
from roaming.routing.sides import Side
from roaming.sessions import hub_sessions
from roaming.sessions.models import HubSession

_SPACING = timedelta(minutes=5)
_SECONDS = 15.0


class ChargingNotificationDoor(OicpDoor):
    """POST notificationmgmt/v11/charging-notifications. No id is in the path: the certificate names the operator."""

    side = Side.OPERATOR
    operation = "notification"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will keep what was told as the session's state and hand it to the provider, whose acknowledgement goes back."""
        told = read_notification(body)
        self.check_id(told.operator_id)
        session = hub_sessions.find_hub_session(told.session_id)
        if session is None or session.operator_id != self.entry.id or session.state != HubSession.State.OPEN:
            raise OicpRefusal(statuses.SESSION_INVALID, http=404)
        if told.type == "Progress" and told.occurred is not None:
            if session.progress_at is not None and told.occurred.at - session.progress_at < _SPACING:
                raise OicpRefusal(statuses.DATA_ERROR, "two Progress notifications of a session are at least 5 minutes apart")
            hub_sessions.note_progress(session, at=told.occurred.at)
        self._keep(told, session)
        return self._hand_on(told, body, session)

    def _keep(self, told: Notification, session: HubSession) -> None:
        starts = told.session_start or told.charging_start
        energy = told.consumed_energy if told.consumed_energy is not None else told.energy_so_far
        status = ACTIVE
        if told.type == "Error":
            if told.error_type != "CriticalError":
                return
            status = INVALID
        tell_session(
            hub=session,
            directory=self.directory,
            status=status,
            at=self.at,
            starts_at=starts.at if starts else None,
            energy_kwh=energy,
        )

    def _note_losses(self, told: Notification, provider: PartyEntry) -> None:
        report = LossReport()
        is_told = note_notification(told, report)
        note_crossing(
            report,
            owner=self.party,
            receiver=provider.key,
            module="sessions",
            version=TO_OCPI,
            object_id=told.session_id,
            at=self.at,
            is_blocked=not is_told,
        )

    def _hand_on(self, told: Notification, body: dict[str, Any], session: HubSession) -> dict[str, Any]:
        provider = self.directory.party_by_row(session.provider_id or 0)
        platform = self.directory.platform_on_side(provider.key, Side.PROVIDER) if provider else None
        if provider is None or platform is None:
            raise OicpRefusal(statuses.PARTNER_NOT_FOUND)
        if not platform.is_routable:
            raise NotAuthorized("the provider is locked")
        if platform.protocol != "oicp":
            self._note_losses(told, provider)
            return self._done(session)
        if NOTIFICATION_DOOR not in platform.endpoints:
            raise OicpRefusal(statuses.NOT_AVAILABLE)
        raw = {**body, "SessionID": session.session_id}
        if session.provider_session_id:
            raw["EMPPartnerSessionID"] = session.provider_session_id
        call = write_call(platform=platform, door=NOTIFICATION_DOOR, path=NOTIFICATION_PATH, body=raw, purpose="forward", seconds=_SECONDS)
        try:
            with egress_refusals():
                answer = send(call)
            verbatim = read_json(answer.body)
        except (GatewayBroken, NotJson):
            raise OicpRefusal(statuses.PARTNER_SYSTEM_ERROR) from None
        except (PlatformOffline, GatewayRefusal):
            raise OicpRefusal(statuses.NO_RESPONSE) from None
        if type(verbatim) is not dict or type(verbatim.get("Result")) is not bool:
            raise OicpRefusal(statuses.PARTNER_SYSTEM_ERROR)
        return verbatim

    def _done(self, session: HubSession) -> dict[str, Any]:
        return statuses.acknowledgement(statuses.SUCCESS, session_id=session.session_id, operator_session_id=session.operator_session_id)
