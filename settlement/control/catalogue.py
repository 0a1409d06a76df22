"""The 80 checks of CDR control: number, code, severity, default action and parameters (docs/cdr-checks.md is written from here).

`reject` happens at the door (roaming.cdrs), before anything is sealed; `hold`, `flag` and `normalize` are settlement's. Agreements
may tighten an action or a parameter, never loosen one; the hub may do both, with four eyes (settlement.control.settings).
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Room(StrEnum):
    """Where a check looks: at the door, when a CDR is cleared, in the register of expected CDRs, or over many CDRs."""

    DOOR = "door"
    CONTROL = "control"
    REGISTER = "register"
    TREND = "trend"
    NOWHERE = "nowhere"  # nothing on the wire carries what the check asks for


class Limit(NamedTuple):
    """A parameter: its default and which way is tighter (`lower` or `higher`)."""

    default: Decimal
    tighter: str = "lower"


class Check(NamedTuple):
    """One check of the catalogue."""

    number: int
    code: str
    severity: str
    action: str
    room: Room
    asks: str
    limits: Mapping[str, Limit] = {}


def _limit(default: str, tighter: str = "lower") -> Limit:
    return Limit(Decimal(default), tighter)


_D, _C, _R, _T, _N = Room.DOOR, Room.CONTROL, Room.REGISTER, Room.TREND, Room.NOWHERE

_ALL = (
    Check(1, "BAD_FIELDS", "fatal", "reject", _D, "Schema, type, length or enumeration violated; every error is listed."),
    Check(2, "NOT_ENTITLED", "fatal", "reject", _D, "The sender may not speak for this operator or EVSE."),
    Check(3, "REPEAT", "info", "normalize", _D, "Same id and content again: answered as before, nothing new."),
    Check(4, "ALREADY_SEALED", "fatal", "reject", _D, "Same id, other content: send a credit and a new CDR."),
    Check(5, "SECOND_CDR", "severe", "hold", _C, "Another CDR, not credited, for the same authorisation (same session: rejected)."),
    Check(
        6,
        "NEAR_DUPLICATE",
        "severe",
        "hold",
        _C,
        "Same EVSE and token, start within seconds, energy within percent.",
        {"seconds": _limit("120", "higher"), "percent": _limit("1", "higher")},
    ),
    Check(7, "PARTNER_SUSPENDED", "severe", "hold", _C, "Unknown operator or provider: rejected; suspended since the start: held."),
    Check(8, "NO_AGREEMENT", "severe", "hold", _C, "No terms between the pair at the start of the session."),
    Check(9, "OUT_OF_SCOPE", "severe", "hold", _C, "Country, power type or token type outside the terms."),
    Check(10, "EVSE_UNKNOWN", "warning", "flag", _C, "The hub was never told this location or EVSE."),
    Check(11, "EVSE_NOT_IN_USE", "warning", "flag", _C, "The EVSE was removed, planned or private."),
    Check(12, "CONNECTOR_DIFFERS", "warning", "flag", _C, "Connector or power type contradict the location."),
    Check(13, "TOKEN_UNKNOWN", "severe", "hold", _C, "The provider never told nor authorised the token."),
    Check(14, "TOKEN_NOT_VALID", "severe", "hold", _C, "The token was blocked before the session started."),
    Check(
        15,
        "CONTRACT_DIFFERS",
        "severe",
        "hold",
        _C,
        "The contract ID is of another provider, or not that of the token.",
    ),
    Check(16, "TOKEN_OF_TWO", "severe", "hold", _C, "Two providers told the same token uid with the same contract."),
    Check(
        17, "PLACE_DIFFERS", "warning", "flag", _C, "Too far from the location, or in another country (held).", {"metres": _limit("500")}
    ),
    Check(18, "NO_SESSION_NO_AUTHORIZATION", "severe", "hold", _C, "Neither a session nor an authorisation was seen."),
    Check(19, "AUTHORIZATION_DENIED", "severe", "hold", _C, "The authorisation that the CDR names was refused."),
    Check(20, "REFERENCE_MISSING", "warning", "flag", _C, "The provider gave an authorization_reference, the CDR carries none."),
    Check(
        21,
        "START_OFF_AUTHORIZATION",
        "warning",
        "flag",
        _C,
        "Started before its authorisation, or long after (held).",
        {"minutes_before": _limit("2"), "minutes_after": _limit("30")},
    ),
    Check(22, "REMOTE_START_REFUSED", "severe", "hold", _C, "The remote start was refused or timed out, yet there is a CDR."),
    Check(23, "SESSION_NOT_BILLABLE", "severe", "hold", _C, "The session is invalid, pending or a reservation."),
    Check(
        24,
        "SESSION_DIFFERS",
        "warning",
        "flag",
        _C,
        "Energy, time or cost differ from the completed session.",
        {"percent": _limit("1"), "kwh": _limit("0.1"), "seconds": _limit("60"), "cost": _limit("0.01"), "hold_percent": _limit("5")},
    ),
    Check(25, "CDR_MISSING", "warning", "flag", _R, "A finished or long open session without CDR.", {"hours": _limit("48")}),
    Check(26, "WHITELIST_POLICY", "warning", "flag", _C, "Started offline although the token must be asked for."),
    Check(27, "RESERVATION_UNKNOWN", "severe", "hold", _C, "Reservation time without a reservation on record."),
    Check(28, "HOME_COMPENSATION", "severe", "hold", _C, "Home reimbursement belongs into another ledger."),
    Check(29, "ENDS_BEFORE_START", "fatal", "reject", _D, "End before start."),
    Check(30, "IN_THE_FUTURE", "fatal", "reject", _D, "Time stamps more than five minutes ahead."),
    Check(31, "CDR_BEFORE_END", "fatal", "reject", _D, "Received before the session ended."),
    Check(32, "ENERGY_WITHOUT_TIME", "fatal", "reject", _D, "Energy in no time."),
    Check(
        33,
        "DURATION_IMPLAUSIBLE",
        "severe",
        "hold",
        _C,
        "Longer than anybody charges.",
        {"hours_ac": _limit("24"), "hours_dc": _limit("6")},
    ),
    Check(34, "PERIOD_OUTSIDE_SESSION", "fatal", "reject", _D, "A charging period outside the session."),
    Check(35, "PERIODS_OVERLAP", "severe", "hold", _C, "Charging periods overlap (held), are out of order or leave gaps."),
    Check(
        36,
        "TOTAL_TIME_DIFFERS",
        "warning",
        "flag",
        _C,
        "total_time is not end − start, nor the sum of the periods.",
        {"seconds": _limit("1"), "hold_seconds": _limit("60")},
    ),
    Check(37, "LOCAL_TIME_AS_UTC", "severe", "hold", _C, "Shifted from its session by exactly the zone's offset."),
    Check(38, "CLOCK_CHANGE", "warning", "flag", _C, "The session spans a clock change."),
    Check(39, "FIXED_OFFSET_ZONE", "warning", "flag", _C, "The location has an offset instead of a time zone."),
    Check(40, "DATE_OF_A_RESET", "fatal", "reject", _D, "A date of a meter reset."),
    Check(41, "CDR_TOO_OLD", "warning", "flag", _C, "Sent long after the session.", {"flag_days": _limit("30"), "hold_days": _limit("90")}),
    Check(42, "LATE_PERIOD", "info", "normalize", _C, "Belongs to a closed period: charged in the next open one."),
    Check(43, "CLOCK_DRIFT", "warning", "flag", _T, "The station's receive lag shifts.", {"minutes": _limit("10")}),
    Check(44, "NEGATIVE_ENERGY", "fatal", "reject", _D, "Negative energy."),
    Check(45, "ENERGY_ABOVE_POWER", "severe", "hold", _C, "More than the EVSE's power over the whole time.", {"factor": _limit("1.05")}),
    Check(
        46,
        "ENERGY_ABOVE_CONNECTOR",
        "severe",
        "hold",
        _C,
        "More than volts × amperes × phases of the connector.",
        {"factor": _limit("1.05")},
    ),
    Check(
        47,
        "ENERGY_IMPLAUSIBLE",
        "severe",
        "hold",
        _C,
        "More than a vehicle holds.",
        {"car_kwh": _limit("150"), "truck_kwh": _limit("1000"), "truck_kw": _limit("350", "higher")},
    ),
    Check(48, "METER_DIFFERS", "severe", "hold", _C, "meter end − meter start is not total_energy.", {"kwh": _limit("0.01")}),
    Check(49, "METER_ROLLBACK", "severe", "hold", _C, "The meter starts below the end of the CDR before.", {"kwh": _limit("0.01")}),
    Check(50, "METER_GAP", "warning", "flag", _C, "Energy between two CDRs of a meter that nobody explains.", {"kwh": _limit("1")}),
    Check(51, "UNIT_SLIP", "severe", "hold", _C, "Wh told as kWh or the other way round."),
    Check(
        52,
        "COST_WITHOUT_ENERGY",
        "warning",
        "flag",
        _C,
        "A fee for no energy; short sessions are held.",
        {"hold_below_seconds": _limit("120", "higher")},
    ),
    Check(53, "NIL_CDR", "info", "normalize", _C, "No energy and no cost: kept, nothing to pay."),
    Check(
        54,
        "FAILED_STARTS",
        "severe",
        "hold",
        _C,
        "Repeated micro sessions with a fee.",
        {"kwh": _limit("0.1", "higher"), "seconds": _limit("60", "higher"), "count": _limit("3")},
    ),
    Check(55, "PARKING_UNPROVEN", "warning", "flag", _C, "Parking is charged, no period shows the end of charging."),
    Check(56, "PARKING_OUT_OF_ORDER", "severe", "hold", _C, "Parking is charged while the EVSE was out of order."),
    Check(57, "SYNTHETIC_POWER", "warning", "flag", _C, "The average power is the rated power to three decimals."),
    Check(
        58,
        "PERIOD_ENERGIES_DIFFER",
        "warning",
        "flag",
        _C,
        "The periods' energies do not sum to total_energy (above 1 %: rejected).",
        {"kwh": _limit("0.01")},
    ),
    Check(59, "SIGNED_DATA_MISSING", "severe", "hold", _C, "The EVSE declares signed values, the CDR has none."),
    Check(60, "SIGNATURE_INVALID", "severe", "hold", _C, "A signed value does not verify with the key of the EVSE."),
    Check(
        61,
        "SIGNED_VALUES_DIFFER",
        "severe",
        "hold",
        _C,
        "Signed values are not the CDR's, not of one transaction, or pages are missing.",
        {"kwh": _limit("0.01"), "seconds": _limit("60")},
    ),
    Check(62, "SIGNED_DATA_REUSED", "fatal", "hold", _C, "The same signed value stands in another CDR."),
    Check(63, "EVSE_OVERLAP", "severe", "hold", _C, "Overlaps another CDR on the same EVSE.", {"minutes": _limit("5")}),
    Check(
        64,
        "TOKEN_OVERLAP",
        "severe",
        "hold",
        _C,
        "The token charges elsewhere at the same time, or travels too fast again and again.",
        {"minutes": _limit("5"), "km_per_hour": _limit("200")},
    ),
    Check(
        65,
        "TOKEN_VELOCITY",
        "warning",
        "flag",
        _C,
        "Too many sessions or kWh a day on one token.",
        {"sessions": _limit("15"), "kwh": _limit("600")},
    ),
    Check(66, "VOLUME_JUMP", "warning", "flag", _T, "The pair's volume jumps.", {"sigmas": _limit("5")}),
    Check(67, "JUST_UNDER_LIMITS", "warning", "flag", _T, "Many values just under a limit.", {"percent": _limit("10")}),
    Check(68, "TEST_RECORD", "warning", "flag", _C, "A test token or test EVSE."),
    Check(69, "CURRENCY_DIFFERS", "severe", "hold", _C, "The currency is not that of the tariff (at the door too, with the session's)."),
    Check(70, "TARIFF_UNKNOWN", "severe", "hold", _C, "The tariff is unknown, was not in force, or is not the published one."),
    Check(
        71,
        "PRICE_MISMATCH",
        "severe",
        "hold",
        _C,
        "The hub's price differs from the operator's.",
        {"amount": _limit("0.01"), "percent": _limit("0.5")},
    ),
    Check(72, "COMPONENTS_DIFFER", "severe", "hold", _C, "Parts, taxes or signs of the cost contradict each other (at the door too)."),
    Check(
        73,
        "PRICE_ABOVE_CAP",
        "severe",
        "hold",
        _C,
        "The price per kWh is above the agreed cap (0: no cap), or far off the market's (0: not compared).",
        {"per_kwh": _limit("0", "cap"), "market_factor": _limit("5", "cap"), "market_cdrs": _limit("500")},
    ),
    Check(
        74,
        "ABOVE_QUOTE",
        "severe",
        "hold",
        _N,
        "Dearer than quoted when authorised: no protocol carries a quote (70 and 76 compare with the tariff).",
    ),
    Check(75, "TARIFF_MISREAD", "severe", "hold", _C, "Minimum, maximum or step_size misapplied."),
    Check(76, "TARIFF_CHANGED", "severe", "hold", _C, "Priced with a tariff that began during the session."),
    Check(77, "VAT_ON_REVERSE_CHARGE", "warning", "flag", _C, "VAT on a reverse charge (only the net counts), or none told."),
    Check(78, "UNPRICED", "warning", "normalize", _C, "Costs nothing though the tariff does: priced by the hub."),
    Check(
        79,
        "PARTIAL_CREDIT",
        "severe",
        "hold",
        _C,
        "A credit that does not take its original back in full (unknown or second credits: rejected).",
    ),
    Check(
        80,
        "CORRECTION_CHURN",
        "severe",
        "hold",
        _C,
        "Corrected again and again, or credited very late.",
        {"revisions": _limit("2"), "days": _limit("90")},
    ),
)

CHECKS: Mapping[int, Check] = {check.number: check for check in _ALL}

ACTIONS = ("normalize", "flag", "hold", "reject")  # ever tighter


class Limits:
    """The parameters in force for one pair at one instant: `number(71, "percent")`. Values that nobody changed are the defaults."""

    __slots__ = ("_actions", "_changed")

    def __init__(self, changed: Mapping[tuple[int, str], Decimal] | None = None, actions: Mapping[int, str] | None = None) -> None:
        self._changed = changed or {}
        self._actions = actions or {}

    def number(self, check: int, name: str) -> Decimal:
        """This function will return a parameter of a check; it raises KeyError where the check has no such parameter."""
        return self._changed.get((check, name), CHECKS[check].limits[name].default)

    def action(self, check: int, told: str) -> str:
        """This function will return the action for a remark: what the rule said, or what was set for its check."""
        return self._actions.get(check, told)


DEFAULTS = Limits()
