"""Group D: energy and power."""

from collections.abc import Iterator
from decimal import Decimal

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, Remark, Rule

_MOST_KWH_FLAG = Decimal(150)  # the largest car batteries
_MOST_KWH_HOLD = Decimal(1000)  # the largest trucks
_POWER_TOLERANCE = 1.1
_LOST_KWH = Decimal("0.01")


def energy_makes_sense(evidence: Evidence) -> Iterator[Remark]:
    """Checks 44, 47 and 52: not negative, not more than a vehicle holds, and no money for nothing."""
    kwh = evidence.energy_kwh
    if kwh < 0:
        yield Remark(44, "NEGATIVE_ENERGY", HOLD, f"{kwh.normalize():f} kWh")
    if kwh > _MOST_KWH_FLAG:
        action = HOLD if kwh > _MOST_KWH_HOLD else FLAG
        yield Remark(47, "ENERGY_IMPLAUSIBLE", action, f"{kwh.normalize():f} kWh; a car takes {_MOST_KWH_FLAG}, a truck {_MOST_KWH_HOLD}")
    if kwh == 0 and evidence.net > 0:
        action = HOLD if evidence.seconds < 120 else FLAG
        yield Remark(52, "COST_WITHOUT_ENERGY", action, f"{evidence.net} {evidence.currency} for no energy in {evidence.seconds:.0f} s")


def energy_fits_the_power(evidence: Evidence) -> Iterator[Remark]:
    """Check 45: the EVSE's greatest power over the whole time, plus 10 %, could deliver it."""
    if evidence.place is None or evidence.place.power_watts is None or not evidence.seconds:
        return
    possible = evidence.place.power_watts / 1000 * evidence.seconds / 3600
    if float(evidence.energy_kwh) > possible * _POWER_TOLERANCE:
        message = (
            f"{evidence.energy_kwh.normalize():f} kWh in {evidence.seconds / 60:.0f} min; "
            f"{evidence.place.power_watts / 1000:g} kW can give {possible:.2f} kWh"
        )
        yield Remark(45, "ENERGY_ABOVE_POWER", HOLD, message)


def periods_sum_to_the_energy(evidence: Evidence) -> Iterator[Remark]:
    """Check 58: the periods' energies sum to total_energy (hold above 1 %)."""
    volumes = [
        dimension.volume for period in evidence.cdr.charging_periods for dimension in period.dimensions if dimension.type == "ENERGY"
    ]
    if not volumes:
        return
    told = sum(volumes, Decimal(0))
    off = abs(told - evidence.cdr.total_energy)
    if off > _LOST_KWH:
        action = HOLD if off > evidence.cdr.total_energy / 100 else FLAG
        message = f"the periods sum to {told.normalize():f} kWh, total_energy is {evidence.cdr.total_energy.normalize():f} kWh"
        yield Remark(58, "PERIOD_ENERGIES_DIFFER", action, message)


RULES: tuple[Rule, ...] = (energy_makes_sense, energy_fits_the_power, periods_sum_to_the_energy)
