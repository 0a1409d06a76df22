"""How commands say what state a platform is in."""

from typing import Any

from roaming.parties.models import Platform


def describe_platform(platform: Platform) -> dict[str, Any]:
    """This function will return a platform as the commands' JSON; a locked one is SUSPENDED, whatever its connection does."""
    parties = sorted(f"{role.role}:{role.party.country_code}:{role.party.party_id}" for role in platform.party_roles.all())
    return {
        "platform": platform.id,
        "name": platform.name,
        "protocol": platform.protocol,
        "version": platform.version,
        "status": platform.state,
        "locked": platform.is_locked,
        "parties": parties,
        "allowed_hosts": platform.allowed_hosts,
        "last_seen_at": platform.last_seen_at,
    }
