"""CDRs of OCPI 2.1.1 (mod_cdrs): a whole location, a driver by auth_id, one number as the price. A credit CDR cannot be said here."""

from decimal import Decimal
from typing import Any

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import CURRENCY, INSTANT, ci_string, string
from roaming.protocols.ocpi.v2_1_1.locations import LOCATION
from roaming.protocols.ocpi.v2_1_1.sessions import (
    AMOUNT,
    AUTH_METHOD,
    CHARGING_PERIOD,
    NOT_AVAILABLE,
    QUANTITY,
    cut_to,
    stand_in_token,
)
from roaming.protocols.ocpi.v2_1_1.tariffs import TARIFF


class OldCdr(canonical.Open, frozen=True, kw_only=True):
    """A CDR as 2.1.1 writes it."""

    id: str
    start_date_time: Any
    end_date_time: Any
    contract_id: str
    auth_method: str
    location: canonical.Location
    currency: str
    charging_periods: tuple[canonical.ChargingPeriod, ...]
    total_cost: Decimal
    total_energy: Decimal
    total_time: Decimal
    last_updated: Any
    meter_id: str | None = None
    tariffs: tuple[canonical.Tariff, ...] = ()
    total_parking_time: Decimal | None = None
    remark: str | None = None


CDR = Shape(
    OldCdr,
    required("id", ci_string(39)),
    required("start_date_time", INSTANT),
    required("stop_date_time", INSTANT, as_="end_date_time"),
    required("auth_id", ci_string(36), as_="contract_id"),
    required("auth_method", AUTH_METHOD),
    required("location", LOCATION.kind),
    optional("meter_id", string(255)),
    required("currency", CURRENCY),
    optional("tariffs", many(TARIFF.kind)),
    required("charging_periods", many(CHARGING_PERIOD.kind, at_least=1)),
    required("total_cost", AMOUNT),
    required("total_energy", QUANTITY),
    required("total_time", QUANTITY),
    optional("total_parking_time", QUANTITY),
    optional("remark", string(255)),
    required("last_updated", INSTANT),
)
_SHARED = (
    "id",
    "start_date_time",
    "end_date_time",
    "auth_method",
    "currency",
    "charging_periods",
    "total_energy",
    "total_time",
    "total_parking_time",
    "meter_id",
    "remark",
    "last_updated",
    "extensions",
)


def read_cdr(
    body: Any, *, owner: canonical.PartyId, token: canonical.CdrToken | None = None, session_id: str | None = None
) -> canonical.Cdr:
    """This function will read a CDR of `owner`; `token` and `session_id` are what the hub knows of driver and session. Raises BadFields."""
    old = CDR.read(body)
    tariffs = tuple(msgspec.structs.replace(item, country_code=owner.country_code, party_id=owner.party_id) for item in old.tariffs)
    return canonical.Cdr(
        country_code=owner.country_code,
        party_id=owner.party_id,
        session_id=session_id,
        cdr_token=token or stand_in_token(old.contract_id),
        cdr_location=_flat(old.location),
        tariffs=tariffs,
        total_cost=canonical.Price(before_taxes=old.total_cost),
        **{name: getattr(old, name) for name in _SHARED},
    )


def write_cdr(cdr: canonical.Cdr, *, location: canonical.Location | None = None) -> dict[str, Any]:
    """This function will write a CDR; `location` is the stored one, without it a location is built from the CDR's flat one."""
    whole = location or _grown(cdr)
    values = {name: getattr(cdr, name) for name in _SHARED}
    values["auth_method"] = "AUTH_REQUEST" if cdr.auth_method == "COMMAND" else cdr.auth_method
    return CDR.write(
        OldCdr(
            contract_id=cdr.cdr_token.contract_id,
            location=cut_to(whole, cdr.cdr_location.evse_uid, cdr.cdr_location.connector_id),
            tariffs=cdr.tariffs,
            total_cost=cdr.total_cost.before_taxes,
            **values,
        )
    )


def _flat(location: canonical.Location) -> canonical.CdrLocation:
    evse = next(iter(location.evses), None)
    connector = evse.connectors[0] if evse else None
    return canonical.CdrLocation(
        id=location.id,
        name=location.name,
        address=location.address,
        city=location.city,
        postal_code=location.postal_code,
        country=location.country,
        coordinates=location.coordinates,
        evse_uid=evse.uid if evse else NOT_AVAILABLE,
        evse_id=(evse.evse_id if evse else None) or NOT_AVAILABLE,
        connector_id=connector.id if connector else NOT_AVAILABLE,
        connector_standard=connector.standard if connector else NOT_AVAILABLE,
        connector_format=connector.format if connector else "SOCKET",
        connector_power_type=connector.power_type if connector else "AC_3_PHASE",
    )


def _grown(cdr: canonical.Cdr) -> canonical.Location:
    flat = cdr.cdr_location
    connector = canonical.Connector(
        id=flat.connector_id,
        standard=flat.connector_standard,
        format=flat.connector_format,
        power_type=flat.connector_power_type,
        max_voltage=0,
        max_amperage=0,
        last_updated=cdr.last_updated,
    )
    evse = canonical.Evse(uid=flat.evse_uid, evse_id=flat.evse_id, status="UNKNOWN", connectors=(connector,), last_updated=cdr.last_updated)
    return canonical.Location(
        country_code=cdr.country_code,
        party_id=cdr.party_id,
        id=flat.id,
        publish=False,
        name=flat.name,
        address=flat.address,
        city=flat.city,
        postal_code=flat.postal_code or "-",
        country=flat.country,
        coordinates=flat.coordinates,
        time_zone="",
        evses=(evse,),
        last_updated=cdr.last_updated,
    )
