"""EVSE records of OICP as canonical locations (oicp §6.1, direction →): grouped by pool, station or address, connectors paired."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

import msgspec

from roaming import canonical
from roaming.protocols.oicp.bridge.tariffs import tariff_id_of
from roaming.protocols.oicp.bridge.vocabulary import (
    CAPABILITY_OF_MODE,
    DAYS_OF,
    PARKING_OF_PLACE,
    SOURCE_OF_ENERGY,
    STANDARD_OF_PLUG,
    STATUS_OF_OICP,
)
from roaming.protocols.oicp.identifiers import evse_key
from roaming.protocols.oicp.v2_3.coordinates import degrees
from roaming.protocols.oicp.v2_3.evse_data import Address, ChargingFacility, EvseDataRecord
from roaming.protocols.oicp.zones import zone_at
from roaming.protocols.wire.loss import LossReport

_KILO = 1000
# Type CiString(36) of ids.
_LONGEST = 36
_AC_VOLTS, _DC_VOLTS, _FAST_DC_VOLTS = 230, 400, 920


def location_id_of(record: EvseDataRecord) -> str:
    """This function will name the location that an EVSE belongs to: its pool, else its station, else its address."""
    if record.pool_id:
        return _fit(record.pool_id.replace("*", ""))
    if record.station_id:
        return _fit(f"S-{record.station_id}", always=not record.station_id.isascii() or not record.station_id.isprintable())
    address = record.address
    place = "|".join((address.country, address.postal_code, address.city, address.street, address.house_number))
    return _fit(f"{place}|{record.coordinates.latitude}|{record.coordinates.longitude}", always=True)


def evse_uid_of(evse_id: str) -> str:
    """This function will name an EVSE inside its location: its id without separators."""
    return _fit(evse_key(evse_id))


def group(records: Sequence[EvseDataRecord]) -> Mapping[str, list[EvseDataRecord]]:
    """This function will put the records of one location together."""
    grouped: dict[str, list[EvseDataRecord]] = defaultdict(list)
    for record in records:
        grouped[location_id_of(record)].append(record)
    return grouped


def write_location(
    records: Sequence[EvseDataRecord],
    *,
    owner: canonical.PartyId,
    operator_name: str,
    statuses: Mapping[str, str],
    at: datetime,
    report: LossReport,
    prices: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> canonical.Location:
    """This function will write one location with its EVSEs; `statuses` are OICP's by key, `prices` the products that apply, by key."""
    first = records[0]
    address = first.address
    hours = _hours(first)
    return canonical.Location(
        country_code=owner.country_code,
        party_id=owner.party_id,
        id=location_id_of(first),
        publish=first.accessibility != "Test Station",
        name=_name(first, report),
        address=_address_line(address)[:255],
        city=address.city[:45],
        postal_code=address.postal_code or None,
        state=address.region[:20] if address.region else None,
        country=address.country,
        coordinates=canonical.GeoLocation(latitude=_degrees(first.coordinates.latitude), longitude=_degrees(first.coordinates.longitude)),
        time_zone=zone_at(country=address.country, offset=address.time_zone),
        parking_type=PARKING_OF_PLACE.get(first.accessibility_location or ""),
        operator=canonical.BusinessDetails(name=operator_name[:100]) if operator_name else None,
        suboperator=canonical.BusinessDetails(name=first.sub_operator[:100]) if first.sub_operator else None,
        directions=tuple(canonical.DisplayText(language=one.lang[:2].lower(), text=one.value) for one in first.location_reference),
        opening_times=hours,
        energy_mix=_energy(first),
        help_phone=first.hotline,
        evses=tuple(_evse(record, statuses, prices, at, report) for record in records),
        last_updated=at,
    )


def removed(evse: canonical.Evse, *, at: datetime) -> canonical.Evse:
    """This function will return an EVSE that is not there any more: OCPI deletes none, it says REMOVED."""
    return msgspec.structs.replace(evse, status="REMOVED", last_updated=at)


def _evse(
    record: EvseDataRecord, statuses: Mapping[str, str], prices: Mapping[str, Sequence[str]], at: datetime, report: LossReport
) -> canonical.Evse:
    key = evse_key(record.evse_id)
    for name in ("manufacturer", "dynamic_power", "max_capacity", "clearinghouse_id", "hub_operator_id", "impact"):
        report.drop_unsaid(record, (name,))
    capabilities = {CAPABILITY_OF_MODE[mode] for mode in record.authentication_modes if mode in CAPABILITY_OF_MODE}
    if "Reservation" in record.value_added_services:
        capabilities.add("RESERVABLE")
    return canonical.Evse(
        uid=evse_uid_of(record.evse_id),
        evse_id=record.evse_id,
        status=STATUS_OF_OICP[statuses.get(key, "Unknown")],
        capabilities=tuple(sorted(capabilities)),
        connectors=_connectors(record, tuple(tariff_id_of(product) for product in prices.get(key, ())), at, report),
        floor_level=record.address.floor[:4] if record.address.floor else None,
        physical_reference=record.address.parking_spot[:16] if record.address.parking_spot else None,
        parking_restrictions=("CUSTOMERS",) if record.accessibility == "Restricted access" else (),
        last_updated=at,
    )


def _connectors(record: EvseDataRecord, tariff_ids: tuple[str, ...], at: datetime, report: LossReport) -> tuple[canonical.Connector, ...]:
    """This function will pair plugs with facilities: by place where there are as many, else each plug with the strongest of its kind."""
    plugs = [plug for plug in record.plugs if plug in STANDARD_OF_PLUG]
    if len(plugs) < len(record.plugs):
        report.dropped("Plugs", ", ".join(plug for plug in record.plugs if plug not in STANDARD_OF_PLUG))
    found = []
    for number, plug in enumerate(plugs, start=1):
        paired = len(record.plugs) == len(record.facilities)
        facility = record.facilities[record.plugs.index(plug)] if paired else _strongest(record.facilities, plug)
        connector = _connector(str(number), plug, facility, at, report)
        found.append(msgspec.structs.replace(connector, tariff_ids=tariff_ids) if tariff_ids else connector)
    return tuple(found)


def _strongest(facilities: Sequence[ChargingFacility], plug: str) -> ChargingFacility:
    is_dc = "CCS" in plug or plug == "CHAdeMO"
    fitting = [facility for facility in facilities if (facility.power_type == "DC") is is_dc] or list(facilities)
    return max(fitting, key=lambda facility: facility.power)


def _connector(number: str, plug: str, facility: ChargingFacility, at: datetime, report: LossReport) -> canonical.Connector:
    standard, form = STANDARD_OF_PLUG[plug]
    watts = int(facility.power * _KILO)
    volts = facility.voltage or _volts(facility)
    if facility.voltage is None:
        report.guessed("max_voltage", volts)
    phases = 3 if facility.power_type == "AC_3_PHASE" else 1
    amperes = facility.amperage or max(1, round(watts / volts / phases))
    if facility.amperage is None:
        report.guessed("max_amperage", amperes)
    return canonical.Connector(
        id=number,
        standard=standard,
        format=form,
        power_type=facility.power_type,
        max_voltage=volts,
        max_amperage=amperes,
        max_electric_power=watts or None,
        last_updated=at,
    )


def _volts(facility: ChargingFacility) -> int:
    if facility.power_type != "DC":
        return _AC_VOLTS
    return _DC_VOLTS if facility.power <= 50 else _FAST_DC_VOLTS


def _name(record: EvseDataRecord, report: LossReport) -> str:
    names = record.names
    for lost in names[1:]:
        report.dropped("ChargingStationNames", lost.value)
    return names[0].value[:255]


def _address_line(address: Address) -> str:
    return f"{address.street} {address.house_number}".strip()


def _degrees(value: Decimal) -> str:
    text = degrees(value)
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<5}"


def _hours(record: EvseDataRecord) -> canonical.Hours:
    if record.is_open_24_hours:
        return canonical.Hours(twentyfourseven=True)
    regular = [
        canonical.RegularHours(weekday=day, period_begin=_clock(period.begin, is_end=False), period_end=_clock(period.end, is_end=True))
        for times in record.opening_times
        for day in DAYS_OF[times.on]
        for period in times.periods
    ]
    return canonical.Hours(twentyfourseven=False, regular_hours=tuple(sorted(regular, key=lambda one: (one.weekday, one.period_begin))))


def _clock(text: str, *, is_end: bool) -> str:
    return "23:59" if is_end and text.startswith("24") else text.replace("24:", "00:")


def _energy(record: EvseDataRecord) -> canonical.EnergyMix:
    sources = [
        canonical.EnergySource(source=SOURCE_OF_ENERGY[one.energy], percentage=one.percentage)
        for one in record.energy_sources
        if one.percentage is not None
    ]
    impacts = []
    if record.impact is not None and record.impact.co2 is not None:
        impacts.append(canonical.EnvironmentalImpact(category="CARBON_DIOXIDE", amount=record.impact.co2))
    if record.impact is not None and record.impact.nuclear_waste is not None:
        impacts.append(canonical.EnvironmentalImpact(category="NUCLEAR_WASTE", amount=record.impact.nuclear_waste))
    return canonical.EnergyMix(is_green_energy=record.renewable_energy, energy_sources=tuple(sources), environ_impact=tuple(impacts))


def _fit(text: str, *, always: bool = False) -> str:
    if not always and len(text) <= _LONGEST:
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:32]
