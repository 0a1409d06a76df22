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


class GetActiveChargingProfile(Open, frozen=True, kw_only=True):
    """Tell the limits that will hold for a session in the next `duration` seconds."""

    session_id: str
    duration: int


class SetChargingProfile(Open, frozen=True, kw_only=True):
    """Charge that session within these limits."""

    session_id: str
    charging_profile: ChargingProfile


class ClearChargingProfile(Open, frozen=True, kw_only=True):
    """Forget the limits that were set for a session."""

    session_id: str


ProfileRequest = GetActiveChargingProfile | SetChargingProfile | ClearChargingProfile


class ProfileResult(Open, frozen=True, kw_only=True):
    """What the charge point did with a request; `profile` where one was asked for and can be told."""

    result: str
    profile: ActiveChargingProfile | None = None


class ChargingPreferences(Open, frozen=True, kw_only=True):
    """What the driver wants; `energy_need` in kWh."""

    profile_type: str
    departure_time: datetime | None = None
    energy_need: Decimal | None = None
    discharge_allowed: bool | None = None
