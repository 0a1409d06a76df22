"""How commands say what state a claim is in."""

from typing import Any

from roaming.parties.models import PartyClaim


def describe_claim(claim: PartyClaim) -> dict[str, Any]:
    """This function will return a claim as the commands' JSON."""
    return {
        "claim": claim.pk,
        "party": str(claim),
        "platform": claim.platform_id,
        "name": claim.platform.name,
        "told_name": claim.name,
        "state": claim.state,
        "claimed_at": claim.claimed_at,
        "decided_at": claim.decided_at,
        "decided_by": claim.decided_by,
    }
