"""Sessions of OCPI 2.1.1 (mod_sessions): the whole location inside, the driver by auth_id alone, a price without tax."""

from decimal import Decimal
from typing import Any

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import CURRENCY, INSTANT, ci_string, number, one_of, string
from roaming.protocols.ocpi.v2_1_1.locations import LOCATION, NOBODY

AUTH_METHOD = one_of("AUTH_REQUEST", "WHITELIST")
QUANTITY = number(10**7)
AMOUNT = number(10**9)
NOT_AVAILABLE = "#NA"

# FLAT was a dimension here and means nothing for the price; it is read and dropped where a period goes up.
_DIMENSION = Shape(
    canonical.Dimension,
    required("type", one_of("ENERGY", "FLAT", "MAX_CURRENT", "MIN_CURRENT", "PARKING_TIME", "TIME")),
    required("volume", number()),
)


def _build_period(*, dimensions: tuple[canonical.Dimension, ...] = (), **values: Any) -> canonical.ChargingPeriod:
    return canonical.ChargingPeriod(dimensions=tuple(item for item in dimensions if item.type != "FLAT"), **values)


CHARGING_PERIOD = Shape(
    canonical.ChargingPeriod,
    required("start_date_time", INSTANT),
    required("dimensions", many(_DIMENSION.kind)),
    build=_build_period,
)


class OldSession(canonical.Open, frozen=True, kw_only=True):
    """A session as 2.1.1 writes it. The hub turns it into a canonical one with what it knows of the driver's token."""

    id: str
    start_date_time: Any
    kwh: Decimal
    contract_id: str
    auth_method: str
    location: canonical.Location
    currency: str
    status: str
    last_updated: Any
    end_date_time: Any = None
    meter_id: str | None = None
    charging_periods: tuple[canonical.ChargingPeriod, ...] = ()
    total_cost: Decimal | None = None


SESSION = Shape(
    OldSession,
    required("id", ci_string(36)),
    required("start_datetime", INSTANT, as_="start_date_time"),
    optional("end_datetime", INSTANT, as_="end_date_time"),
    required("kwh", QUANTITY),
    required("auth_id", ci_string(36), as_="contract_id"),
    required("auth_method", AUTH_METHOD),
    required("location", LOCATION.kind),
    optional("meter_id", string(255)),
    required("currency", CURRENCY),
    optional("charging_periods", many(CHARGING_PERIOD.kind)),
    optional("total_cost", AMOUNT),
    required("status", one_of("ACTIVE", "COMPLETED", "INVALID", "PENDING")),
    required("last_updated", INSTANT),
)


def stand_in_token(contract_id: str) -> canonical.CdrToken:
    """This function will return the token of a driver known by contract id alone; its provider is the contract's prefix, or nobody."""
    provider = canonical.contract_provider(contract_id) or canonical.PartyId(*NOBODY)
    return canonical.CdrToken(
        country_code=provider.country_code, party_id=provider.party_id, uid=NOT_AVAILABLE, type="OTHER", contract_id=contract_id
    )


def place_of(location: canonical.Location) -> tuple[str, str]:
    """This function will return the uid of the one EVSE and the id of its connector in a session's location (`#NA` where none)."""
    evse = next(iter(location.evses), None)
    return (evse.uid, evse.connectors[0].id) if evse else (NOT_AVAILABLE, NOT_AVAILABLE)


def read_session(body: Any, *, owner: canonical.PartyId, token: canonical.CdrToken | None = None) -> canonical.Session:
    """This function will read a session of `owner`; `token` is what the hub knows of the driver, else a stand-in. It raises BadFields."""
    old = SESSION.read(body)
    evse_uid, connector_id = place_of(old.location)
    return canonical.Session(
        country_code=owner.country_code,
        party_id=owner.party_id,
        id=old.id,
        start_date_time=old.start_date_time,
        end_date_time=old.end_date_time,
        kwh=old.kwh,
        cdr_token=token or stand_in_token(old.contract_id),
        auth_method=old.auth_method,
        location_id=old.location.id,
        evse_uid=evse_uid,
        connector_id=connector_id,
        meter_id=old.meter_id,
        currency=old.currency,
        charging_periods=old.charging_periods,
        total_cost=None if old.total_cost is None else canonical.Price(before_taxes=old.total_cost),
        status=old.status,
        last_updated=old.last_updated,
        extensions=old.extensions,
    )


def write_session(session: canonical.Session, *, location: canonical.Location) -> dict[str, Any]:
    """This function will write a session with its `location` cut to the one EVSE and connector in use (2.1.1 wants exactly one of each)."""
    old = OldSession(
        id=session.id,
        start_date_time=session.start_date_time,
        end_date_time=session.end_date_time,
        kwh=session.kwh,
        contract_id=session.cdr_token.contract_id,
        auth_method=session.auth_method,
        location=cut_to(location, session.evse_uid, session.connector_id),
        meter_id=session.meter_id,
        currency=session.currency,
        charging_periods=session.charging_periods,
        total_cost=session.total_cost.before_taxes if session.total_cost else None,
        status=session.status,
        last_updated=session.last_updated,
        extensions=session.extensions,
    )
    return SESSION.write(old)


def cut_to(location: canonical.Location, evse_uid: str, connector_id: str) -> canonical.Location:
    """This function will return the location with only that EVSE and connector (with the first ones where they are not known there)."""
    evses = [evse for evse in location.evses if evse.uid.upper() == evse_uid.upper()] or list(location.evses[:1])
    cut = []
    for evse in evses:
        connectors = [item for item in evse.connectors if item.id.upper() == connector_id.upper()] or list(evse.connectors[:1])
        cut.append(msgspec.structs.replace(evse, connectors=tuple(connectors)))
    return msgspec.structs.replace(location, evses=tuple(cut))
