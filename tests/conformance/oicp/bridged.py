"""CDRs of the OCPI operator FR-KOP for the driver of the OICP provider NL-BET."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from roaming import canonical
from tests.wire import oicp

UID = "04A1B2C3D4E5F6"


def ocpi_cdr(location: canonical.Location, ends: Any) -> canonical.Cdr:
    """K's CDR for M's driver, with the SessionID as its reference."""
    evse = location.evses[0]
    period = canonical.ChargingPeriod(
        start_date_time=ends - timedelta(hours=1), dimensions=(canonical.Dimension(type="ENERGY", volume=Decimal(10)),)
    )
    return canonical.Cdr(
        country_code="FR",
        party_id="KOP",
        id="CDR1",
        start_date_time=ends - timedelta(hours=1),
        end_date_time=ends,
        session_id="S1",
        cdr_token=canonical.CdrToken(country_code="NL", party_id="BET", uid=UID, type="RFID", contract_id="NL-BET-C12345678-9"),
        auth_method="AUTH_REQUEST",
        authorization_reference=oicp.SESSION_ID,
        cdr_location=canonical.CdrLocation(
            id=location.id,
            address=location.address,
            city=location.city,
            country=location.country,
            coordinates=location.coordinates,
            evse_uid=evse.uid,
            evse_id=evse.evse_id or "",
            connector_id="1",
            connector_standard="IEC_62196_T2_COMBO",
            connector_format="CABLE",
            connector_power_type="DC",
        ),
        currency="EUR",
        charging_periods=(period,),
        total_cost=canonical.Price(before_taxes=Decimal("5.00")),
        total_energy=Decimal(10),
        total_time=Decimal(1),
        last_updated=ends,
    )


def credit_of(cdr: canonical.Cdr) -> canonical.Cdr:
    """Its credit."""
    return msgspec.structs.replace(
        cdr, id="CREDIT1", credit=True, credit_reference_id=cdr.id, total_cost=canonical.Price(before_taxes=-cdr.total_cost.before_taxes)
    )
