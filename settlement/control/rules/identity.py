"""Group A: who and where. Agreement, card, contract, location."""

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


def _plain(contract_id: str) -> str:
    return re.sub(r"[-*]", "", contract_id).upper()


RULES: tuple[Rule, ...] = (agreement_in_force, token_known, token_valid, contract_of_the_token, place_known)
