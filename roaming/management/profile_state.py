"""How commands say what a partner's profile holds."""

from typing import Any

from roaming.parties.models import Platform, ProfileProposal
from roaming.parties.profile import MEANINGS, PLAIN, profile_of


def describe_profile(platform: Platform) -> dict[str, Any]:
    """This function will return a platform's flags and proposals as the commands' JSON."""
    profile = profile_of(platform.profile)
    proposals = ProfileProposal.objects.filter(platform=platform).exclude(state="dismissed").order_by("flag", "id")
    return {
        "platform": platform.pk,
        "name": platform.name,
        "flags": [
            {"flag": flag, "value": getattr(profile, flag), "is_default": getattr(profile, flag) == getattr(PLAIN, flag), "means": means}
            for flag, means in MEANINGS.items()
        ],
        "proposals": [
            {
                "proposal": row.pk,
                "flag": row.flag,
                "value": row.value,
                "state": row.state,
                "count": row.count,
                "evidence": row.evidence,
                "correlation_id": row.correlation_id,
                "first_at": row.first_at,
                "last_at": row.last_at,
            }
            for row in proposals
        ],
    }


def profile_lines(result: dict[str, Any]) -> str:
    """This function will say a profile to people: a line per flag, then what was seen."""
    lines = [f"{result['name']} (platform {result['platform']})"]
    lines += [f"  {item['flag']} = {item['value']}{'' if item['is_default'] else '  *'}: {item['means']}" for item in result["flags"]]
    if result["proposals"]:
        lines.append("Seen in traffic:")
    lines += [
        f"  {item['proposal']}: {item['flag']}={item['value']} ({item['state']}, {item['count']} times): {item['evidence']}"
        for item in result["proposals"]
    ]
    return "\n".join(lines)
