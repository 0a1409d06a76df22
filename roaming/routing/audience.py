"""Who hears a push addressed to the hub (OCPI 2.2.1, transport_and_format §Broadcast Push)."""

from collections.abc import Sequence

from roaming.canonical import PartyId, Role
from roaming.routing.sides import Side, side_of

# Only data meant for everyone is ever fanned out; a session or a CDR belongs to one provider (ocpi §2.3, privacy).
_BROADCAST = {Side.OPERATOR: frozenset({"locations", "tariffs"}), Side.PROVIDER: frozenset({"tokens"})}


class NotForEveryone(Exception):
    """A module whose objects belong to one receiver, or that this role does not own, is never broadcast."""


def is_broadcast(*, sender_role: Role, module: str) -> bool:
    """This function will say whether a push of this module by this role, addressed to the hub, is meant for all its partners."""
    side = side_of(sender_role)
    return side is not None and module in _BROADCAST[side]


def who_hears(*, sender: PartyId, sender_role: Role, module: str, partners: Sequence[PartyId]) -> list[PartyId]:
    """This function will list the partners that a push addressed to the hub goes to, each once, never its sender.

    `partners` are the parties of the opposite side with an agreement. It raises NotForEveryone.
    """
    if not is_broadcast(sender_role=sender_role, module=module):
        raise NotForEveryone(f"{module} of a {sender_role} are never broadcast: address them to their receiver")
    return [partner for partner in dict.fromkeys(partners) if partner != sender]
