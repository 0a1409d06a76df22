"""ChargeDetailRecord of operators and GetChargeDetailRecords of providers (oicp §5.6)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.cdrs.checks import RefusedCdr
from roaming.cdrs.receive import SecondCdrForSession, receive_cdr
from roaming.cdrs.received import list_received_cdrs
from roaming.locations.evse_queries import find_evse
from roaming.objects.announce import NoAgreement, UnknownParty
from roaming.objects.limits import DoesNotFit
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.cdrs import charging_periods, note_unsaid, read_cdr
from roaming.protocols.oicp.bridge.crossings import TO_OCPI, note_crossing
from roaming.protocols.oicp.bridge.places import find_place, read_place, zone_of
from roaming.protocols.oicp.bridge.sessions import COMPLETED, auth_method_of, cdr_token_of, tell_session
from roaming.protocols.oicp.endpoints.door import OicpDoor
from roaming.protocols.oicp.endpoints.pages import envelope
from roaming.protocols.oicp.identifiers import evse_key, read_party
from roaming.protocols.oicp.parcels import oicp_bytes
from roaming.protocols.oicp.partners import is_own_evse
from roaming.protocols.oicp.pricing import find_tariff, price
from roaming.protocols.oicp.refusals import OicpRefusal
from roaming.protocols.oicp.v2_3.charge_detail_record import CDR_REQUEST, CHARGE_DETAIL_RECORD, ChargeDetailRecord
from roaming.protocols.wire.loss import LossReport
from roaming.routing.sides import Side
from roaming.sessions import hub_sessions
from roaming.sessions.models import HubSession

PROTOCOL = "oicp-2.3"
_MOST_KWH = Decimal(1000)
_CLOCKS_DRIFT = timedelta(minutes=5)
_LONGEST_PULL = timedelta(days=90)


class ChargeDetailRecordDoor(OicpDoor):
    """POST cdrmgmt/v22/operators/{operatorID}/charge-detail-record."""

    side = Side.OPERATOR
    operation = "cdr"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will price, seal and queue a CDR, and close its session; acknowledged once stored, whatever the provider does."""
        record = CHARGE_DETAIL_RECORD.read(body)
        with transaction.atomic():
            session = hub_sessions.find_hub_session(record.session_id, for_update=True)
            if session is None or session.operator_id != self.entry.id:
                raise OicpRefusal(statuses.SESSION_INVALID, "the session is not known", http=404)
            if not is_own_evse(evse_id=record.evse_id, operator=self.party, platform=self.caller):
                raise OicpRefusal(statuses.INCONSISTENT_EVSE)
            if session.state != HubSession.State.OPEN:
                raise OicpRefusal(statuses.SESSION_INVALID, "the session is not in a state that takes a CDR", http=404)
            self._check_plausible(record)
            self._seal(record, session)
        return statuses.acknowledgement(
            statuses.SUCCESS,
            session_id=session.session_id,
            operator_session_id=session.operator_session_id or record.operator_session_id,
            provider_session_id=session.provider_session_id,
        )

    def _check_plausible(self, record: ChargeDetailRecord) -> None:
        wrong = ""
        if record.charging_end.at < record.charging_start.at:
            wrong = "ChargingEnd lies before ChargingStart"
        elif record.session_end.at <= min(record.session_start.at, record.charging_start.at):
            wrong = "SessionEnd lies before SessionStart"
        elif record.session_end.at > self.at + _CLOCKS_DRIFT:
            wrong = "SessionEnd lies in the future"
        elif not 0 <= record.consumed_energy <= _MOST_KWH:
            wrong = "ConsumedEnergy must be 0 to 1000 kWh"
        elif record.meter_start is not None and record.meter_end is not None and record.meter_end < record.meter_start:
            wrong = "MeterValueEnd lies below MeterValueStart"
        elif self._needs_signed(record) and not record.signed_values:
            wrong = "SignedMeteringValues are needed where CalibrationLawDataAvailability is External"
        if wrong:
            raise OicpRefusal(statuses.DATA_ERROR, wrong)

    def _needs_signed(self, record: ChargeDetailRecord) -> bool:
        evse = find_evse(evse_key=evse_key(record.evse_id), owner=self.entry.id)
        return evse is not None and evse.document.get("CalibrationLawDataAvailability") == "External"

    def _seal(self, record: ChargeDetailRecord, session: HubSession) -> None:
        provider = self.directory.party_by_row(session.provider_id or 0)
        if provider is None:
            raise OicpRefusal(statuses.PARTNER_NOT_FOUND)
        place = read_place(session.place) or find_place(evse_id=record.evse_id, owner_row=self.entry.id, owner=self.party)
        if session.place is None and place is not None:
            session.place = canonical.to_builtins(place)
        cdr = self._price(record, session, provider, place)
        tell_session(
            hub=session,
            directory=self.directory,
            status=COMPLETED,
            at=self.at,
            starts_at=cdr.start_date_time,
            ends_at=cdr.end_date_time,
            energy_kwh=cdr.total_energy,
            currency=cdr.currency,
        )
        try:
            receive_cdr(cdr=cdr, received=self.raw_body, protocol=PROTOCOL, at=self.at, correlation_id=session.session_id, priced_by="hub")
        except SecondCdrForSession:
            raise OicpRefusal(statuses.SESSION_INVALID, "the session has its CDR", http=404) from None
        except (RefusedCdr, DoesNotFit) as refused:
            raise OicpRefusal(statuses.DATA_ERROR, str(refused)) from None
        except NoAgreement:
            raise OicpRefusal(statuses.NO_CONTRACT) from None
        except UnknownParty:
            raise OicpRefusal(statuses.PARTNER_NOT_FOUND) from None
        hub_sessions.close_hub_session(session_id=session.session_id, at=self.at)
        self._note_losses(record, cdr, provider)

    def _note_losses(self, record: ChargeDetailRecord, cdr: canonical.Cdr, provider: PartyEntry) -> None:
        platform = self.directory.platform_on_side(provider.key, Side.PROVIDER)
        if platform is None or platform.protocol == "oicp":
            return
        report = LossReport()
        note_unsaid(record, is_priced=bool(cdr.tariffs), report=report)
        note_crossing(report, owner=self.party, receiver=provider.key, module="cdrs", version=TO_OCPI, object_id=cdr.id, at=self.at)

    def _price(
        self, record: ChargeDetailRecord, session: HubSession, provider: PartyEntry, place: canonical.CdrLocation | None
    ) -> canonical.Cdr:
        tariff = find_tariff(
            operator=self.entry,
            provider=provider,
            product_id=record.product_id or session.product_id,
            evse_key=evse_key(record.evse_id),
            at=record.session_start.at,
        )
        periods = charging_periods(record, tariff_id=tariff.id if tariff else None)
        zone = zone_of(owner=self.party, location_id=place.id) if place else "Europe/Berlin"
        return read_cdr(
            record,
            operator=self.party,
            token=cdr_token_of(session, provider.key),
            auth_method=auth_method_of(session),
            reference=session.reference or session.session_id,
            place=place,
            periods=periods,
            priced=price(tariff=tariff, periods=periods, ends_at=record.session_end.at, zone=zone),
            at=self.at,
        )


class GetChargeDetailRecordsDoor(OicpDoor):
    """POST cdrmgmt/v22/providers/{providerID}/get-charge-detail-records-request."""

    side = Side.PROVIDER
    operation = "get-cdrs"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will return a page of the provider's CDRs by the time the hub received them, OICP's own as they came."""
        request = CDR_REQUEST.read(body)
        self.check_id(request.provider_id)
        if request.received_to.at - request.received_from.at > _LONGEST_PULL or request.received_to.at < request.received_from.at:
            raise OicpRefusal(statuses.DATA_ERROR, "From and To span at most 90 days", http=400)
        page, size = self.page()
        operators = [entry.id for text in request.operator_ids if (entry := self._operator(text)) is not None]
        found, total = list_received_cdrs(
            provider=self.entry.id,
            received_from=request.received_from.at,
            received_to=request.received_to.at,
            operators=(operators or [0]) if request.operator_ids else None,
            session_ids=request.session_ids or None,
            is_forwarded=request.is_forwarded,
            offset=page * size,
            limit=size,
        )
        written = [oicp_bytes(protocol=one.protocol, received=one.received, body=one.body) for one in found]
        return envelope([msgspec.Raw(content) for content in written if content is not None], page=page, size=size, total=total)

    def _operator(self, text: str) -> PartyEntry | None:
        key = read_party(text)
        return self.directory.party(key) if key else None
