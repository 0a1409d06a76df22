"""Group A: who and where. Agreement, card, contract, location."""

import math
import re
from collections.abc import Iterator

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, Remark, Rule


def agreement_in_force(evidence: Evidence) -> Iterator[Remark]:
    """Check 8: settlement terms join the pair on the day the session started."""
    if evidence.terms is None:
        yield Remark(
            8,
            "NO_AGREEMENT",
            HOLD,
            f"no agreement says how {evidence.provider_key} pays {evidence.owner_key} on {evidence.started_at:%Y-%m-%d}",
        )


def token_known(evidence: Evidence) -> Iterator[Remark]:
    """Check 13: the provider had pushed the card, or said ALLOWED for it, or started the session itself."""
    if evidence.token is None and not evidence.allowed:
        yield Remark(13, "TOKEN_UNKNOWN", HOLD, f"{evidence.provider_key} never pushed nor authorised the token of this CDR")


def token_valid(evidence: Evidence) -> Iterator[Remark]:
    """Check 14: the card was not blocked before the session started."""
    token = evidence.token
    if token is not None and not token.valid and not evidence.allowed and token.last_updated <= evidence.started_at:
        yield Remark(14, "TOKEN_NOT_VALID", HOLD, f"the token is invalid since {token.last_updated:%Y-%m-%d %H:%M} UTC or before")


def contract_of_the_token(evidence: Evidence) -> Iterator[Remark]:
    """Check 15: the contract ID is the one of the card, and not one of another provider."""
    if evidence.contract_holder is not None:
        yield Remark(15, "CONTRACT_OF_ANOTHER", HOLD, f"the contract ID belongs to {evidence.contract_holder}, not {evidence.provider_key}")
    elif evidence.token is not None and _plain(evidence.token.contract_id) != _plain(evidence.cdr.cdr_token.contract_id):
        yield Remark(15, "CONTRACT_DIFFERS", HOLD, "the contract ID is not the one that the provider told for this token")


def place_known(evidence: Evidence) -> Iterator[Remark]:
    """Check 10: the operator had told the location and its EVSE. Flag only: homes are charged at too, and locations come late."""
    if evidence.place is None:
        yield Remark(10, "LOCATION_UNKNOWN", FLAG, f"{evidence.owner_key} never told the hub this location")
    elif not evidence.place.knows_evse:
        yield Remark(10, "EVSE_UNKNOWN", FLAG, f"the location has no EVSE {evidence.cdr.cdr_location.evse_id}")


def partner_in_service(evidence: Evidence) -> Iterator[Remark]:
    """Check 7: neither side was suspended meanwhile."""
    if evidence.context is not None and evidence.context.suspended:
        yield Remark(7, "PARTNER_SUSPENDED", HOLD, f"{evidence.owner_key} or {evidence.provider_key} is suspended on this hub")


def inside_the_scope(evidence: Evidence) -> Iterator[Remark]:
    """Check 9: country, token type and power type are those that the terms name, where they name any."""
    scope = evidence.terms.scope if evidence.terms else {}
    told = {
        "countries": evidence.country,
        "token_types": evidence.cdr.cdr_token.type,
        "power_types": evidence.cdr.cdr_location.connector_power_type,
    }
    for name, value in told.items():
        allowed = scope.get(name)
        if allowed and value.upper() not in {str(item).upper() for item in allowed}:
            yield Remark(9, "OUT_OF_SCOPE", HOLD, f"{value or 'nothing'} is outside the agreed {name}: {', '.join(map(str, allowed))}")
            return


def evse_in_use(evidence: Evidence) -> Iterator[Remark]:
    """Check 11: the EVSE was not removed nor only planned, and the location is a public one."""
    place = evidence.place
    if place is not None and not place.is_public:
        yield Remark(11, "LOCATION_PRIVATE", FLAG, "the operator told the location with publish false")
    if place is None or place.evse_status not in ("REMOVED", "PLANNED"):
        return
    if place.evse_changed_at is not None and place.evse_changed_at > evidence.ended_at:
        return
    action = HOLD if place.evse_status == "PLANNED" else FLAG
    yield Remark(11, "EVSE_NOT_IN_USE", action, f"the EVSE was {place.evse_status} when the session ran")


def connector_as_told(evidence: Evidence) -> Iterator[Remark]:
    """Check 12: connector and power type are those of the location."""
    place, told = evidence.place, evidence.cdr.cdr_location
    if place is None or not place.connector_standard:
        return
    if (place.connector_standard, place.connector_power_type) != (told.connector_standard, told.connector_power_type):
        known = f"{place.connector_standard} {place.connector_power_type}"
        yield Remark(12, "CONNECTOR_DIFFERS", FLAG, f"{told.connector_standard} {told.connector_power_type}; the location has {known}")


def token_of_one_provider(evidence: Evidence) -> Iterator[Remark]:
    """Check 16: no other provider told the same uid with the same contract."""
    if evidence.context is not None and evidence.context.token_of_two:
        yield Remark(16, "TOKEN_OF_TWO", HOLD, "another provider told the same token with the same contract ID")


def place_as_told(evidence: Evidence) -> Iterator[Remark]:
    """Check 17: not far from the location (flag), nor in another country (hold: the VAT depends on it)."""
    place, told = evidence.place, evidence.cdr.cdr_location
    if place is None:
        return
    if place.country and told.country and place.country.upper() != told.country.upper():
        yield Remark(17, "COUNTRY_DIFFERS", HOLD, f"the CDR says {told.country}, the location {place.country}")
    metres = metres_between(place.latitude, place.longitude, told.coordinates.latitude, told.coordinates.longitude)
    limit = float(evidence.limits.number(17, "metres"))
    if metres is not None and metres > limit:
        yield Remark(17, "PLACE_DIFFERS", FLAG, f"{metres:.0f} m from where the location is; the limit is {limit:.0f} m")


def metres_between(
    latitude: float | None, longitude: float | None, other_latitude: str | None, other_longitude: str | None
) -> float | None:
    """This function will return the distance over the ground; None where a coordinate is missing, no number, or the zero of nowhere."""
    try:
        points = [float(value) for value in (latitude, longitude, other_latitude, other_longitude) if value is not None]
    except ValueError:
        return None
    if len(points) != 4 or points[:2] == [0.0, 0.0] or points[2:] == [0.0, 0.0]:
        return None
    north, east, to_north, to_east = map(math.radians, points)
    half = math.sin((to_north - north) / 2) ** 2 + math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    return 12_742_000 * math.asin(min(1.0, math.sqrt(half)))


def _plain(contract_id: str) -> str:
    return re.sub(r"[-*]", "", contract_id).upper()


RULES: tuple[Rule, ...] = (
    partner_in_service,
    agreement_in_force,
    inside_the_scope,
    place_known,
    evse_in_use,
    connector_as_told,
    token_known,
    token_valid,
    contract_of_the_token,
    token_of_one_provider,
    place_as_told,
)
