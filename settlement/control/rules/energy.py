"""Group D: energy and power."""

from collections.abc import Iterator
from decimal import Decimal

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, NORMALIZE, Remark, Rule


def energy_makes_sense(evidence: Evidence) -> Iterator[Remark]:
    """Checks 47, 52 and 53: not more than a vehicle holds, and no money for nothing."""
    kwh, limits = evidence.energy_kwh, evidence.limits
    car, truck = limits.number(47, "car_kwh"), limits.number(47, "truck_kwh")
    watts = evidence.place.power_watts if evidence.place else None
    for_trucks = (watts or 0) >= limits.number(47, "truck_kw") * 1000
    if kwh > (truck if for_trucks else car):
        yield Remark(
            47, "ENERGY_IMPLAUSIBLE", HOLD, f"{kwh.normalize():f} kWh; a car takes {car.normalize():f}, a truck {truck.normalize():f}"
        )
    if kwh == 0 and evidence.net > 0:
        action = HOLD if evidence.seconds < limits.number(52, "hold_below_seconds") else FLAG
        yield Remark(52, "COST_WITHOUT_ENERGY", action, f"{evidence.net} {evidence.currency} for no energy in {evidence.seconds:.0f} s")
    if kwh == 0 and evidence.net == 0:
        yield Remark(53, "NIL_CDR", NORMALIZE, "no energy and no cost: kept, nothing to pay")


def energy_fits_the_power(evidence: Evidence) -> Iterator[Remark]:
    """Checks 45, 46 and 51: the EVSE's greatest power, and the connector's current, over the whole time could deliver it."""
    place, kwh = evidence.place, evidence.energy_kwh
    if place is None or not evidence.seconds or kwh <= 0:
        return
    hours = Decimal(str(evidence.seconds)) / 3600
    for check, code, watts in ((45, "ENERGY_ABOVE_POWER", place.power_watts), (46, "ENERGY_ABOVE_CONNECTOR", place.connector_watts)):
        if not watts:
            continue
        possible = Decimal(watts) / 1000 * hours
        if kwh > possible * evidence.limits.number(check, "factor"):
            message = f"{kwh.normalize():f} kWh in {evidence.seconds / 60:.0f} min; {watts / 1000:g} kW can give {possible:.2f} kWh"
            yield Remark(check, code, HOLD, message)
            break
    told = evidence.session.energy_kwh if evidence.session is not None and evidence.session.energy_kwh > 0 else None
    possible = Decimal(place.power_watts or 0) / 1000 * hours
    # A thousand times what another source says: Wh told as kWh.
    if (told is not None and Decimal(900) < kwh / told < Decimal(1100)) or (possible and kwh > possible * 100 and kwh / 1000 <= possible):
        yield Remark(51, "UNIT_SLIP", HOLD, f"{kwh.normalize():f} kWh are probably Wh: {(kwh / 1000).normalize():f} kWh")


def power_is_measured(evidence: Evidence) -> Iterator[Remark]:
    """Check 57: an average that is the rated power to three decimals was computed, not measured."""
    watts = evidence.place.power_watts if evidence.place else None
    if watts and evidence.seconds >= 600:
        average = float(evidence.energy_kwh) * 3600 / evidence.seconds
        if f"{average:.3f}" == f"{watts / 1000:.3f}":
            yield Remark(57, "SYNTHETIC_POWER", FLAG, f"{average:.3f} kW on average, exactly the rated power")


def periods_sum_to_the_energy(evidence: Evidence) -> Iterator[Remark]:
    """Check 58: the periods' energies sum to total_energy (the door rejects above 1 %; held where such a one came another way)."""
    volumes = [
        dimension.volume for period in evidence.cdr.charging_periods for dimension in period.dimensions if dimension.type == "ENERGY"
    ]
    if not volumes:
        return
    told = sum(volumes, Decimal(0))
    off = abs(told - evidence.cdr.total_energy)
    if off > evidence.limits.number(58, "kwh"):
        action = HOLD if off > evidence.cdr.total_energy / 100 else FLAG
        message = f"the periods sum to {told.normalize():f} kWh, total_energy is {evidence.cdr.total_energy.normalize():f} kWh"
        yield Remark(58, "PERIOD_ENERGIES_DIFFER", action, message)


def parking_is_proven(evidence: Evidence) -> Iterator[Remark]:
    """Checks 55 and 56: parking is charged after the end of charging, and not while the EVSE was out of order."""
    cdr, place = evidence.cdr, evidence.place
    cost = cdr.total_parking_cost.before_taxes if cdr.total_parking_cost is not None else Decimal(0)
    if not (cdr.total_parking_time or cost > 0):
        return
    if not any(dimension.type == "PARKING_TIME" for period in cdr.charging_periods for dimension in period.dimensions):
        yield Remark(55, "PARKING_UNPROVEN", FLAG, "parking is told, but no charging period shows when charging had ended")
    if (
        place is not None
        and place.evse_status in ("OUTOFORDER", "INOPERATIVE")
        and place.evse_changed_at is not None
        and evidence.started_at <= place.evse_changed_at <= evidence.ended_at
    ):
        since = f"{place.evse_changed_at:%Y-%m-%d %H:%M} UTC"
        yield Remark(56, "PARKING_OUT_OF_ORDER", HOLD, f"parking is charged, but the EVSE is {place.evse_status} since {since}")


RULES: tuple[Rule, ...] = (
    energy_fits_the_power,
    energy_makes_sense,
    power_is_measured,
    periods_sum_to_the_energy,
    parking_is_proven,
)
