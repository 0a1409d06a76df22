"""Sessions that the hub makes for OICP operators: OCPI providers learn a session only from a Session object (oicp §6.6, §6.8)."""

import logging
from datetime import datetime
from decimal import Decimal

from roaming import canonical
from roaming.cdrs.checks import RefusedCdr
from roaming.objects.announce import NoAgreement, UnknownParty
from roaming.objects.limits import DoesNotFit
from roaming.parties.directory import Directory
from roaming.protocols.oicp.bridge.places import read_place
from roaming.protocols.oicp.crossing import pseudonym
from roaming.revisions import StampInFuture
from roaming.routing.sides import Side
from roaming.sessions.models import HubSession
from roaming.sessions.queries import find_session
from roaming.sessions.receive import ProviderChanged, SessionIsBilled, SessionIsOver, put_session

logger = logging.getLogger(__name__)

PENDING, ACTIVE, COMPLETED, INVALID = "PENDING", "ACTIVE", "COMPLETED", "INVALID"
_METHODS = {"authorize": "AUTH_REQUEST", "remote": "COMMAND", "reservation": "COMMAND"}
_REFUSALS = (NoAgreement, UnknownParty, DoesNotFit, StampInFuture, ProviderChanged, SessionIsBilled, SessionIsOver, RefusedCdr)


def cdr_token_of(hub: HubSession, provider: canonical.PartyId) -> canonical.CdrToken:
    """This function will write the token of a hub session as sessions and CDRs carry it."""
    return canonical.CdrToken(
        country_code=provider.country_code,
        party_id=provider.party_id,
        uid=hub.token_uid[:36],
        type=hub.token_type,
        contract_id=(hub.contract_id or pseudonym(provider=provider, uid=hub.token_uid))[:36],
    )


def auth_method_of(hub: HubSession) -> str:
    """This function will name how a session was authorised."""
    return "WHITELIST" if hub.is_offline else _METHODS[hub.kind]


def tell_session(
    *,
    hub: HubSession,
    directory: Directory,
    status: str,
    at: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    energy_kwh: Decimal | None = None,
    currency: str = "EUR",
) -> bool:
    """This function will store the session as it is now and queue it for an OCPI provider; False where it cannot be said yet.

    Without an EVSE that the hub knows there is no session to tell; the CDR then stands alone. An OICP provider hears the raw
    notification instead.
    """
    operator = directory.party_by_row(hub.operator_id)
    provider = directory.party_by_row(hub.provider_id) if hub.provider_id else None
    place = read_place(hub.place)
    if operator is None or provider is None or place is None:
        return False
    former = find_session(owner=operator.key, session_id=hub.session_id)
    platform = directory.platform_on_side(provider.key, Side.PROVIDER)
    session = canonical.Session(
        country_code=operator.key.country_code,
        party_id=operator.key.party_id,
        id=hub.session_id,
        start_date_time=starts_at or (former.start_date_time if former else hub.created_at),
        end_date_time=ends_at,
        kwh=energy_kwh if energy_kwh is not None else former.kwh if former else Decimal(0),
        cdr_token=cdr_token_of(hub, provider.key),
        auth_method=auth_method_of(hub),
        authorization_reference=hub.reference or hub.session_id,
        location_id=place.id,
        evse_uid=place.evse_uid,
        connector_id=place.connector_id,
        currency=former.currency if former else currency,
        charging_periods=_periods(former, energy_kwh, at),
        status=status,
        last_updated=max(at, former.last_updated) if former else at,
    )
    try:
        put_session(session=session, at=at, correlation_id=hub.session_id, deliver=platform is not None and platform.protocol != "oicp")
    except _REFUSALS as refusal:
        # The operator has done nothing wrong: what it told is stored, only this copy for the other protocol is not.
        logger.warning("a session could not be told", extra={"hub_session": hub.session_id, "reason": type(refusal).__name__})
        return False
    return True


def _periods(former: canonical.Session | None, energy_kwh: Decimal | None, at: datetime) -> tuple[canonical.ChargingPeriod, ...]:
    told = former.charging_periods if former else ()
    before = former.kwh if former else Decimal(0)
    if energy_kwh is None or energy_kwh <= before:
        return told
    grown = canonical.Dimension(type="ENERGY", volume=energy_kwh - before)
    return (*told, canonical.ChargingPeriod(start_date_time=at, dimensions=(grown,)))
