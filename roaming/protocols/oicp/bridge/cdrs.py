"""CDRs over the bridge: OICP's has no price, place or token, OCPI's has no SessionID of its own (oicp §6.9)."""

import uuid
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from roaming import canonical
from roaming.protocols.oicp.bridge.places import in_zone
from roaming.protocols.oicp.crossing import cdr_identification
from roaming.protocols.oicp.identifiers import evse_key
from roaming.protocols.oicp.pricing import Priced
from roaming.protocols.oicp.v2_3.charge_detail_record import CalibrationLaw, ChargeDetailRecord, SignedMeteringValue
from roaming.protocols.oicp.v2_3.identification import ANY
from roaming.protocols.oicp.v2_3.kinds import Moment, moment_of
from roaming.protocols.wire.loss import LossReport

_THOUSANDTH = Decimal("0.001")
_HOUR = Decimal(3600)
_NATURES = {"Start": "Start", "Progress": "Intermediate", "End": "End"}
_STATUS_OF = {"START": "Start", "INTERMEDIATE": "Progress", "END": "End"}
_MOST_SIGNED, _LONGEST_SIGNED, _LONGEST_URL = 10, 3000, 200
_NAMESPACE = uuid.UUID("5f1c7a52-3f0e-4d57-9f5e-0b9a3d6a7c11")
NOT_PRICED = "No price was in force for this charge at its start."


def charging_periods(record: ChargeDetailRecord, *, tariff_id: str | None) -> tuple[canonical.ChargingPeriod, ...]:
    """This function will cut a session in three: parked, charging, parked. OICP's meter values have no instants, so no finer."""
    starts, begins, ends, leaves = (
        record.session_start.at,
        record.charging_start.at,
        record.charging_end.at,
        record.session_end.at,
    )
    periods = []
    if starts < begins:
        periods.append(_period(starts, tariff_id, PARKING_TIME=_hours(starts, begins)))
    periods.append(_period(begins, tariff_id, ENERGY=record.consumed_energy, TIME=_hours(begins, ends)))
    if ends < leaves:
        periods.append(_period(ends, tariff_id, PARKING_TIME=_hours(ends, leaves)))
    return tuple(periods)


def read_cdr(
    record: ChargeDetailRecord,
    *,
    operator: canonical.PartyId,
    token: canonical.CdrToken,
    auth_method: str,
    reference: str,
    place: canonical.CdrLocation | None,
    periods: tuple[canonical.ChargingPeriod, ...],
    priced: Priced,
    at: datetime,
) -> canonical.Cdr:
    """This function will return the canonical CDR: priced by the hub, at the place as it was at session start."""
    starts = min(record.session_start.at, record.charging_start.at)
    ends = record.session_end.at
    parked = sum((one.volume for period in periods for one in period.dimensions if one.type == "PARKING_TIME"), Decimal(0))
    return canonical.Cdr(
        country_code=operator.country_code,
        party_id=operator.party_id,
        id=record.session_id,
        start_date_time=starts,
        end_date_time=ends,
        session_id=record.session_id,
        cdr_token=token,
        auth_method=auth_method,
        authorization_reference=reference,
        cdr_location=place or _unknown_place(record),
        currency=priced.currency,
        tariffs=(priced.tariff,) if priced.tariff else (),
        charging_periods=periods,
        signed_data=_signed(record),
        total_cost=priced.total,
        total_energy=record.consumed_energy,
        total_time=_hours(starts, ends),
        total_parking_time=parked,
        total_fixed_cost=priced.parts.get("fixed"),
        total_energy_cost=priced.parts.get("energy"),
        total_time_cost=priced.parts.get("time"),
        total_parking_cost=priced.parts.get("parking"),
        remark=None if priced.tariff else NOT_PRICED,
        last_updated=at,
    )


def note_unsaid(record: ChargeDetailRecord, *, is_priced: bool, report: LossReport) -> None:
    """This function will note what OCPI has no word for in a record, and that its price is the hub's."""
    report.drop_unsaid(record, ("meter_start", "meter_end", "meter_between", "hub_operator_id", "hub_provider_id"))
    if record.calibration is not None:
        report.drop_unsaid(record.calibration, ("certificate_id", "instruction", "check"), at="calibration.")
    report.guessed("total_cost", "priced by the hub" if is_priced else NOT_PRICED)


def write_cdr(cdr: canonical.Cdr, *, zone: str, report: LossReport) -> ChargeDetailRecord | None:
    """This function will return the OICP record of an OCPI CDR, and note what it cannot say; None for a credit, which OICP has not."""
    if cdr.credit:
        report.dropped("credit", cdr.credit_reference_id or cdr.id)
        return None
    energetic = [period for period in cdr.charging_periods if _volume(period, "ENERGY") > 0]
    begins = energetic[0].start_date_time if energetic else cdr.start_date_time
    ends = _end_of(cdr, energetic[-1]) if energetic else cdr.end_date_time
    energy = cdr.total_energy.quantize(_THOUSANDTH, rounding=ROUND_HALF_UP)
    if energy != cdr.total_energy:
        report.changed("total_energy", cdr.total_energy, energy)
    for name in ("total_cost", "currency", "tariffs", "remark", "invoice_reference_id", "meter_id"):
        report.drop_unsaid(cdr, (name,))
    signed, calibration = _write_signed(cdr, report)
    identification = cdr_identification(token=cdr.cdr_token, auth_method=cdr.auth_method)
    return ChargeDetailRecord(
        session_id=session_id_of(cdr),
        operator_session_id=(cdr.session_id or "")[:250] or None,
        evse_id=cdr.cdr_location.evse_id,
        identification=ANY.read(identification),
        product_id=cdr.tariffs[0].id[:50] if cdr.tariffs else None,
        session_start=_local(zone, cdr.start_date_time),
        charging_start=_local(zone, begins),
        charging_end=_local(zone, ends),
        session_end=_local(zone, cdr.end_date_time),
        consumed_energy=energy,
        signed_values=signed,
        calibration=calibration,
    )


def session_id_of(cdr: canonical.Cdr) -> str:
    """This function will return the SessionID of an OCPI CDR: its authorization_reference, else one that is the same at every repeat."""
    reference = cdr.authorization_reference or ""
    try:
        return str(uuid.UUID(reference)) if len(reference) == 36 else _minted(cdr)
    except ValueError:
        return _minted(cdr)


def _minted(cdr: canonical.Cdr) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{cdr.country_code}:{cdr.party_id}:{(cdr.session_id or cdr.id).upper()}"))


def _local(zone: str, at: datetime) -> Moment:
    return moment_of(at, like=in_zone(at, zone))


def _period(at: datetime, tariff_id: str | None, **volumes: Decimal) -> canonical.ChargingPeriod:
    dimensions = tuple(canonical.Dimension(type=name, volume=volume) for name, volume in volumes.items())
    return canonical.ChargingPeriod(start_date_time=at, dimensions=dimensions, tariff_id=tariff_id)


def _hours(starts: datetime, ends: datetime) -> Decimal:
    seconds = Decimal(str((ends - starts).total_seconds()))
    return (seconds / _HOUR).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def _volume(period: canonical.ChargingPeriod, dimension: str) -> Decimal:
    return sum((one.volume for one in period.dimensions if one.type == dimension), Decimal(0))


def _end_of(cdr: canonical.Cdr, period: canonical.ChargingPeriod) -> datetime:
    later = [other.start_date_time for other in cdr.charging_periods if other.start_date_time > period.start_date_time]
    return min(later, default=cdr.end_date_time)


def _unknown_place(record: ChargeDetailRecord) -> canonical.CdrLocation:
    key = evse_key(record.evse_id)
    return canonical.CdrLocation(
        id=key[:36],
        address="#NA",
        city="#NA",
        country="DEU",
        coordinates=canonical.GeoLocation(latitude="0.00000", longitude="0.00000"),
        evse_uid=key[:36],
        evse_id=record.evse_id,
        connector_id="1",
        connector_standard="IEC_62196_T2",
        connector_format="SOCKET",
        connector_power_type="AC_3_PHASE",
    )


def _signed(record: ChargeDetailRecord) -> canonical.SignedData | None:
    if not record.signed_values:
        return None
    law = record.calibration
    return canonical.SignedData(
        encoding_method=((law.encoding if law else None) or "unknown")[:36],
        public_key=law.public_key if law else None,
        url=law.url if law else None,
        signed_values=tuple(
            canonical.SignedValue(nature=_NATURES.get(one.status or "", "Intermediate"), plain_data=one.value[:512], signed_data=one.value)
            for one in record.signed_values
        ),
    )


def _write_signed(cdr: canonical.Cdr, report: LossReport) -> tuple[tuple[SignedMeteringValue, ...], CalibrationLaw | None]:
    data = cdr.signed_data
    if data is None:
        return (), None
    url = data.url if data.url and len(data.url) <= _LONGEST_URL else None
    law = CalibrationLaw(public_key=(data.public_key or "")[:1000] or None, url=url, encoding=data.encoding_method[:50])
    if len(data.signed_values) > _MOST_SIGNED or any(len(one.signed_data) > _LONGEST_SIGNED for one in data.signed_values):
        report.dropped("signed_data.signed_values", f"{len(data.signed_values)} values")  # never cut: a cut signature is none
        return (), law
    return (
        tuple(
            SignedMeteringValue(value=one.signed_data, status=_STATUS_OF.get(one.nature.upper(), "Progress")) for one in data.signed_values
        ),
        law,
    )
