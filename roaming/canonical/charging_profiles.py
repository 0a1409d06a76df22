"""Smart charging: limits over time and what the driver prefers (OCPI mod_charging_profiles)."""

from datetime import datetime
from decimal import Decimal

from roaming.canonical.messages import Open


class ChargingProfilePeriod(Open, frozen=True, kw_only=True):
    """From `start_period` seconds on, at most `limit` (W or A, as the profile's unit says)."""

    start_period: int
    limit: Decimal


class ChargingProfile(Open, frozen=True, kw_only=True):
    """Limits over time; `duration` in seconds."""

    charging_rate_unit: str
    start_date_time: datetime | None = None
    duration: int | None = None
    min_charging_rate: Decimal | None = None
    charging_profile_period: tuple[ChargingProfilePeriod, ...] = ()


class ActiveChargingProfile(Open, frozen=True, kw_only=True):
    """The limits in force at the charge point."""

    start_date_time: datetime
    charging_profile: ChargingProfile


class ChargingPreferences(Open, frozen=True, kw_only=True):
    """What the driver wants; `energy_need` in kWh."""

    profile_type: str
    departure_time: datetime | None = None
    energy_need: Decimal | None = None
    discharge_allowed: bool | None = None
