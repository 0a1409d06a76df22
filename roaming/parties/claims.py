"""Parties that a platform's credentials name and nobody approved: held until the operator of the hub decides.

OCPI authenticates platforms, not parties: nothing stops a platform from naming somebody else's (ocpi §3.3). A claim routes nothing.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.credentials import Identified
from roaming.parties.invite import HostedElsewhere, NotAMarketRole, host_parties
from roaming.parties.models import PartyClaim, Platform

__all__ = ["Claim", "HostedElsewhere", "NotAMarketRole", "NotClaimed", "approve_claim", "hold_claims", "list_pending", "refuse_claim"]


class NotClaimed(Exception):
    """There is no claim of this number that waits for a decision."""


class Claim(NamedTuple):
    """A party in a role, as credentials name it."""

    role: str
    party: PartyId
    name: str

    def __str__(self) -> str:
        return f"{self.role}:{self.party.country_code}:{self.party.party_id}"


def hold_claims(*, platform: Identified, claims: Iterable[Claim], at: datetime) -> None:
    """This function will keep claims that wait for a decision; one that was refused before stays refused."""
    for claim in claims:
        PartyClaim.objects.get_or_create(
            platform_id=platform.id,
            role=claim.role[:8],
            country_code=claim.party.country_code,
            party_id=claim.party.party_id,
            defaults={"name": claim.name[:100], "claimed_at": at},
        )


def list_pending(*, platform: Identified) -> list[str]:
    """This function will list a platform's claims that wait, written ROLE:CC:PID."""
    return [str(claim) for claim in PartyClaim.objects.filter(platform_id=platform.id, state="pending").order_by("id")]


def approve_claim(*, claim_id: int, by: str, at: datetime) -> PartyClaim:
    """This function will host the claimed party on its platform: it roams from now on, under the agreements in force.

    It raises NotClaimed, HostedElsewhere where another platform speaks for that role, or NotAMarketRole; then nothing changed.
    """
    with transaction.atomic():
        claim = _pending(claim_id)
        if claim.role not in set(Role):
            raise NotAMarketRole(f"{claim} is no role of a market")
        host_parties(claim.platform, [(Role(claim.role), PartyId(claim.country_code, claim.party_id))], at)
        _decide(claim, PartyClaim.State.APPROVED, by, at)
        # Others have never heard of this party: its platform's state is news again (HubClientInfo).
        Platform.objects.filter(id=claim.platform_id).update(told_state="")
        directory.changed()
    return claim


def refuse_claim(*, claim_id: int, by: str, at: datetime) -> PartyClaim:
    """This function will refuse a claim for good; it raises NotClaimed."""
    with transaction.atomic():
        claim = _pending(claim_id)
        _decide(claim, PartyClaim.State.REFUSED, by, at)
    return claim


def _pending(claim_id: int) -> PartyClaim:
    found = PartyClaim.objects.select_for_update(of=("self",)).select_related("platform").filter(id=claim_id, state="pending").first()
    if found is None:
        raise NotClaimed(f"there is no claim {claim_id} that waits for a decision")
    # Two decisions about one platform must not cross.
    Platform.objects.select_for_update().get(id=found.platform_id)
    return found


def _decide(claim: PartyClaim, state: PartyClaim.State, by: str, at: datetime) -> None:
    claim.state, claim.decided_at, claim.decided_by = state, at, by
    claim.save(update_fields=["state", "decided_at", "decided_by"])
