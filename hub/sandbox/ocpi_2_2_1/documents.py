"""The sandbox's own objects as OCPI 2.2.1 documents (plain dictionaries; amounts stay Decimal until they are written). PURE."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.sandbox.companies import Company
from hub.sandbox.line import ChargeRecord, SessionReport, Slice
from hub.sandbox.prices import Amount, Tariff
from hub.sandbox.world import Card, Charger, OperatorPlan, Site

Document = dict[str, Any]


def write_time(at: datetime) -> str:
    """This function will write an instant in UTC with a `Z`, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_role(company: Company, role: str) -> Document:
    """This function will write one role of the credentials object."""
    return {
        "role": role,
        "party_id": company.party_id,
        "country_code": company.country_code,
        "business_details": _business(company),
    }


def write_location(plan: OperatorPlan, site: Site, *, statuses: dict[str, str], updated: dict[str, datetime], at: datetime) -> Document:
    """This function will write a Location with its EVSEs; `statuses` and `updated` by EVSE uid, `at` is the site's last change."""
    company = plan.company
    return {
        "country_code": company.country_code,
        "party_id": company.party_id,
        "id": site.id,
        "publish": True,
        "name": site.name,
        "address": site.address,
        "city": site.city,
        "postal_code": site.postal_code,
        "country": company.country.alpha3,
        "coordinates": {"latitude": site.latitude, "longitude": site.longitude},
        "parking_type": "PARKING_LOT",
        "evses": [write_evse(charger, status=statuses[charger.uid], at=updated[charger.uid]) for charger in site.chargers],
        "operator": _business(company),
        "time_zone": company.country.time_zone,
        "opening_times": {"twentyfourseven": True},
        "last_updated": write_time(at),
    }


def write_evse(charger: Charger, *, status: str, at: datetime) -> Document:
    """This function will write an EVSE with its connector."""
    return {
        "uid": charger.uid,
        "evse_id": charger.evse_id,
        "status": status,
        "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
        "connectors": [
            {
                "id": charger.connector_id,
                "standard": charger.standard,
                "format": charger.format,
                "power_type": charger.power_type,
                "max_voltage": charger.voltage,
                "max_amperage": charger.amperage,
                "max_electric_power": charger.power_kw * 1000,
                "tariff_ids": [charger.tariff_id],
                "last_updated": write_time(at),
            }
        ],
        "last_updated": write_time(at),
    }


def write_tariff(company: Company, tariff: Tariff) -> Document:
    """This function will write a Tariff of one element without restrictions; prices exclude VAT."""
    components = [("FLAT", tariff.start_fee)] if tariff.start_fee else []
    components.append(("ENERGY", tariff.energy_price))
    if tariff.parking_price is not None:
        components.append(("PARKING_TIME", tariff.parking_price))
    return {
        "country_code": company.country_code,
        "party_id": company.party_id,
        "id": tariff.id,
        "currency": tariff.currency,
        "type": "REGULAR",
        "tariff_alt_text": [{"language": "en", "text": tariff.text}],
        "elements": [
            {
                "price_components": [
                    {"type": kind, "price": amount, "vat": tariff.vat_percent, "step_size": 1} for kind, amount in components
                ]
            }
        ],
        "last_updated": write_time(tariff.valid_from),
    }


def write_token(company: Company, card: Card, *, at: datetime) -> Document:
    """This function will write a Token; a card that its provider would refuse is not valid."""
    return {
        "country_code": company.country_code,
        "party_id": company.party_id,
        "uid": card.uid,
        "type": "RFID",
        "contract_id": card.contract_id,
        "visual_number": card.visual_number,
        "issuer": company.name,
        "valid": card.verdict == "ALLOWED",
        "whitelist": card.whitelist,
        "language": company.country.language,
        "last_updated": write_time(at),
    }


def write_session(report: SessionReport) -> Document:
    """This function will write a Session as it stands at `report.reported_at`."""
    visit = report.visit
    document = {
        "country_code": visit.company.country_code,
        "party_id": visit.company.party_id,
        "id": report.id,
        "start_date_time": write_time(visit.starts_at),
        "kwh": report.energy_kwh,
        "cdr_token": _cdr_token(visit.provider.company, visit.card),
        "auth_method": report.auth_method,
        "location_id": visit.site.id,
        "evse_uid": visit.charger.uid,
        "connector_id": visit.charger.connector_id,
        "currency": visit.company.country.currency,
        "charging_periods": write_periods(report.slices, tariff_id=visit.charger.tariff_id),
        "status": report.status,
        "last_updated": write_time(report.reported_at),
    }
    if report.reference is not None:
        document["authorization_reference"] = report.reference
    if report.status == "COMPLETED":
        document["end_date_time"] = write_time(visit.ends_at)
        document["total_cost"] = _price(visit.cost.total)
    return document


def write_session_changes(report: SessionReport, *, added: Iterable[Slice]) -> Document:
    """This function will write the body of a PATCH: charging periods in it are appended by the receiver."""
    return {
        "kwh": report.energy_kwh,
        "charging_periods": write_periods(added, tariff_id=report.visit.charger.tariff_id),
        "last_updated": write_time(report.reported_at),
    }


def write_periods(slices: Iterable[Slice], *, tariff_id: str) -> list[Document]:
    """This function will write charging periods: energy and time, or parking time."""
    periods = []
    for part in slices:
        measured = [("PARKING_TIME", part.hours)] if part.is_parking else [("ENERGY", part.energy_kwh), ("TIME", part.hours)]
        periods.append(
            {
                "start_date_time": write_time(part.starts_at),
                "dimensions": [{"type": kind, "volume": volume} for kind, volume in measured],
                "tariff_id": tariff_id,
            }
        )
    return periods


def write_cdr(record: ChargeRecord) -> Document:
    """This function will write a CDR; a credit negates the total cost only (OCPI 2.2.1, mod_cdrs §Credit CDRs)."""
    visit, cost = record.visit, record.cost
    tariff = visit.operator.tariff(visit.charger.tariff_id)
    parts = [Slice(visit.starts_at, visit.energy_kwh, visit.charging_hours)]
    if visit.parking_ticks:
        parts.append(Slice(visit.charged_at, Decimal(0), visit.parking_hours, is_parking=True))
    document = {
        "country_code": visit.company.country_code,
        "party_id": visit.company.party_id,
        "id": record.id,
        "start_date_time": write_time(visit.starts_at),
        "end_date_time": write_time(visit.ends_at),
        "session_id": record.session_id,
        "cdr_token": _cdr_token(visit.provider.company, visit.card),
        "auth_method": record.auth_method,
        "cdr_location": _cdr_location(visit.operator, visit.site, visit.charger),
        "currency": visit.company.country.currency,
        "tariffs": [write_tariff(visit.company, tariff)],
        "charging_periods": write_periods(parts, tariff_id=tariff.id),
        "total_cost": _price(-cost.total if record.credit_of else cost.total),
        "total_energy": visit.energy_kwh,
        "total_energy_cost": _price(cost.energy),
        "total_time": visit.total_hours,
        "last_updated": write_time(record.created_at),
    }
    if tariff.start_fee:
        document["total_fixed_cost"] = _price(cost.fixed)
    if visit.parking_ticks:
        document["total_parking_time"] = visit.parking_hours
        document["total_parking_cost"] = _price(cost.parking)
    if record.reference is not None:
        document["authorization_reference"] = record.reference
    if record.remark is not None:
        document["remark"] = record.remark
    if record.credit_of is not None:
        document.update(credit=True, credit_reference_id=record.credit_of)
    return document


def _business(company: Company) -> Document:
    return {"name": company.name, "website": company.website}


def _price(amount: Amount) -> Document:
    return {"excl_vat": amount.net, "incl_vat": amount.gross}


def _cdr_token(company: Company, card: Card) -> Document:
    return {
        "country_code": company.country_code,
        "party_id": company.party_id,
        "uid": card.uid,
        "type": "RFID",
        "contract_id": card.contract_id,
    }


def _cdr_location(plan: OperatorPlan, site: Site, charger: Charger) -> Document:
    return {
        "id": site.id,
        "name": site.name,
        "address": site.address,
        "city": site.city,
        "postal_code": site.postal_code,
        "country": plan.company.country.alpha3,
        "coordinates": {"latitude": site.latitude, "longitude": site.longitude},
        "evse_uid": charger.uid,
        "evse_id": charger.evse_id,
        "connector_id": charger.connector_id,
        "connector_standard": charger.standard,
        "connector_format": charger.format,
        "connector_power_type": charger.power_type,
    }
