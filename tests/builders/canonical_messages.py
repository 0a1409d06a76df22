"""Canonical messages with sensible defaults: one charge of 20 kWh in an hour at DE-ALF with a card of NL-BET, 7.80 EUR and 1.48 EUR VAT.

Each builder takes any field of its message as a keyword; what is not told keeps its default.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from roaming import canonical

OPERATOR = canonical.PartyId("DE", "ALF")
PROVIDER = canonical.PartyId("NL", "BET")
STARTED_AT = datetime(2026, 10, 5, 10, 0, tzinfo=UTC)
ENDED_AT = datetime(2026, 10, 5, 11, 0, tzinfo=UTC)
# The hub's clock in tests: an hour after the charge.
NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def a_token(*, provider: canonical.PartyId = PROVIDER, **over: Any) -> canonical.Token:
    """This function will return a valid RFID token that the operator may decide on (whitelist ALLOWED)."""
    fields: dict[str, Any] = {
        "country_code": provider.country_code,
        "party_id": provider.party_id,
        "uid": "04A2B3C4D5E6F7",
        "type": "RFID",
        "contract_id": f"{provider}-C00123456-X",
        "issuer": "Beta Mobility",
        "valid": True,
        "whitelist": canonical.Whitelist.ALLOWED,
        "last_updated": datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    }
    return canonical.Token(**{**fields, **over})


def a_connector(**over: Any) -> canonical.Connector:
    """This function will return an AC socket of 22 kW with the tariff AC-1."""
    fields: dict[str, Any] = {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "max_electric_power": 22000,
        "tariff_ids": ("AC-1",),
        "last_updated": datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    }
    return canonical.Connector(**{**fields, **over})


def an_evse(*, operator: canonical.PartyId = OPERATOR, **over: Any) -> canonical.Evse:
    """This function will return a free EVSE with one connector."""
    fields: dict[str, Any] = {
        "uid": "EVSE-1",
        "evse_id": f"{operator.country_code}*{operator.party_id}*E0001*1",
        "status": "AVAILABLE",
        "connectors": (a_connector(),),
        "last_updated": datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    }
    return canonical.Evse(**{**fields, **over})


def a_location(*, operator: canonical.PartyId = OPERATOR, **over: Any) -> canonical.Location:
    """This function will return a published location in Hamburg with one EVSE."""
    fields: dict[str, Any] = {
        "country_code": operator.country_code,
        "party_id": operator.party_id,
        "id": "LOC-1",
        "publish": True,
        "name": "Hafenstrasse",
        "address": "Hafenstrasse 12",
        "city": "Hamburg",
        "postal_code": "20457",
        "country": "DEU",
        "coordinates": canonical.GeoLocation(latitude="53.545100", longitude="9.966700"),
        "time_zone": "Europe/Berlin",
        "evses": (an_evse(operator=operator),),
        "last_updated": datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    }
    return canonical.Location(**{**fields, **over})


def a_tariff(*, operator: canonical.PartyId = OPERATOR, price: str = "0.39", **over: Any) -> canonical.Tariff:
    """This function will return a tariff of one price per kWh with 19 % VAT."""
    fields: dict[str, Any] = {
        "country_code": operator.country_code,
        "party_id": operator.party_id,
        "id": "AC-1",
        "currency": "EUR",
        "elements": (
            canonical.TariffElement(
                price_components=(canonical.PriceComponent(type="ENERGY", price=Decimal(price), vat=Decimal("19.0")),),
            ),
        ),
        "last_updated": datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    }
    return canonical.Tariff(**{**fields, **over})


def a_cdr_token(*, provider: canonical.PartyId = PROVIDER, **over: Any) -> canonical.CdrToken:
    """This function will return the token of `a_token` as sessions and CDRs carry it."""
    fields: dict[str, Any] = {
        "country_code": provider.country_code,
        "party_id": provider.party_id,
        "uid": "04A2B3C4D5E6F7",
        "type": "RFID",
        "contract_id": f"{provider}-C00123456-X",
    }
    return canonical.CdrToken(**{**fields, **over})


def a_charging_period(*, kwh: str = "20.0", starts_at: datetime = STARTED_AT, **over: Any) -> canonical.ChargingPeriod:
    """This function will return a charging period of `kwh` at the tariff AC-1."""
    fields: dict[str, Any] = {
        "start_date_time": starts_at,
        "dimensions": (canonical.Dimension(type="ENERGY", volume=Decimal(kwh)),),
        "tariff_id": "AC-1",
    }
    return canonical.ChargingPeriod(**{**fields, **over})


def a_session(
    *, operator: canonical.PartyId = OPERATOR, provider: canonical.PartyId = PROVIDER, kwh: str = "8.0", **over: Any
) -> canonical.Session:
    """This function will return a running session with one charging period."""
    fields: dict[str, Any] = {
        "country_code": operator.country_code,
        "party_id": operator.party_id,
        "id": "SESSION-1",
        "start_date_time": STARTED_AT,
        "kwh": Decimal(kwh),
        "cdr_token": a_cdr_token(provider=provider),
        "auth_method": "AUTH_REQUEST",
        "location_id": "LOC-1",
        "evse_uid": "EVSE-1",
        "connector_id": "1",
        "currency": "EUR",
        "status": "ACTIVE",
        "charging_periods": (a_charging_period(kwh=kwh),),
        "last_updated": STARTED_AT + timedelta(minutes=20),
    }
    return canonical.Session(**{**fields, **over})


def a_completed_session(
    *, operator: canonical.PartyId = OPERATOR, provider: canonical.PartyId = PROVIDER, kwh: str = "20.0", **over: Any
) -> canonical.Session:
    """This function will return the session of `a_cdr`, finished after 20 kWh."""
    ended: dict[str, Any] = {
        "status": "COMPLETED",
        "end_date_time": ENDED_AT,
        "last_updated": ENDED_AT,
        "total_cost": a_price("7.80", "1.48"),
    }
    return a_session(operator=operator, provider=provider, kwh=kwh, **{**ended, **over})


def a_price(net: str, vat: str | None = None) -> canonical.Price:
    """This function will return a price of `net` before taxes; `vat` None means that the taxes were not told."""
    taxes = None if vat is None else (canonical.TaxAmount(name="VAT", amount=Decimal(vat)),)
    return canonical.Price(before_taxes=Decimal(net), taxes=taxes)


def a_cdr_location(*, operator: canonical.PartyId = OPERATOR, **over: Any) -> canonical.CdrLocation:
    """This function will return the place of `a_location`, flat as CDRs carry it."""
    fields: dict[str, Any] = {
        "id": "LOC-1",
        "name": "Hafenstrasse",
        "address": "Hafenstrasse 12",
        "city": "Hamburg",
        "postal_code": "20457",
        "country": "DEU",
        "coordinates": canonical.GeoLocation(latitude="53.545100", longitude="9.966700"),
        "evse_uid": "EVSE-1",
        "evse_id": f"{operator.country_code}*{operator.party_id}*E0001*1",
        "connector_id": "1",
        "connector_standard": "IEC_62196_T2",
        "connector_format": "SOCKET",
        "connector_power_type": "AC_3_PHASE",
    }
    return canonical.CdrLocation(**{**fields, **over})


def a_cdr(
    *,
    operator: canonical.PartyId = OPERATOR,
    provider: canonical.PartyId = PROVIDER,
    net: str = "7.80",
    vat: str | None = "1.48",
    **over: Any,
) -> canonical.Cdr:
    """This function will return the CDR of an hour with 20 kWh at 0.39 EUR: 7.80 EUR net, 1.48 EUR VAT (19 %)."""
    fields: dict[str, Any] = {
        "country_code": operator.country_code,
        "party_id": operator.party_id,
        "id": "CDR-0001",
        "session_id": "SESSION-1",
        "start_date_time": STARTED_AT,
        "end_date_time": ENDED_AT,
        "cdr_token": a_cdr_token(provider=provider),
        "auth_method": "AUTH_REQUEST",
        "cdr_location": a_cdr_location(operator=operator),
        "currency": "EUR",
        "tariffs": (a_tariff(operator=operator),),
        "charging_periods": (a_charging_period(),),
        "total_cost": a_price(net, vat),
        "total_energy": Decimal("20.0"),
        "total_time": Decimal("1.0"),
        "last_updated": ENDED_AT + timedelta(minutes=1),
    }
    return canonical.Cdr(**{**fields, **over})


def a_credit_of(cdr: canonical.Cdr, **over: Any) -> canonical.Cdr:
    """This function will return the credit CDR that takes `cdr` back in full: all data copied, only `total_cost` negated."""
    original = cdr.total_cost
    taxes = original.taxes and tuple(msgspec.structs.replace(tax, amount=-tax.amount) for tax in original.taxes)
    credit: dict[str, Any] = {
        "id": f"{cdr.id}-C",
        "credit": True,
        "credit_reference_id": cdr.id,
        "total_cost": msgspec.structs.replace(original, before_taxes=-original.before_taxes, taxes=taxes),
        "last_updated": cdr.last_updated + timedelta(minutes=10),
    }
    return msgspec.structs.replace(cdr, **{**credit, **over})
