"""The two sides of roaming: who offers charging and who brings drivers."""

from enum import StrEnum

from roaming import canonical

OPERATOR_ROLES = (canonical.Role.CPO,)
# OCPI 2.2.1, transport_and_format §Broadcast Push: CPO data is for eMSP, NSP and OTHER; NAP and SCSP follow by analogy (ocpi §2.3).
# The order is the order of preference where one company holds several of these roles.
PROVIDER_ROLES = (canonical.Role.EMSP, canonical.Role.NSP, canonical.Role.OTHER, canonical.Role.NAP, canonical.Role.SCSP)


class Side(StrEnum):
    """Operators own locations, tariffs, sessions and CDRs; providers own tokens and send commands."""

    OPERATOR = "operator"
    PROVIDER = "provider"

    @property
    def opposite(self) -> "Side":
        """The side that this one does business with."""
        return Side.PROVIDER if self is Side.OPERATOR else Side.OPERATOR

    @property
    def roles(self) -> tuple[canonical.Role, ...]:
        """The market roles of this side, the most usual one first."""
        return OPERATOR_ROLES if self is Side.OPERATOR else PROVIDER_ROLES


def side_of(role: canonical.Role) -> Side | None:
    """This function will return the side of a market role; the hub itself stands on none."""
    if role in OPERATOR_ROLES:
        return Side.OPERATOR
    return Side.PROVIDER if role in PROVIDER_ROLES else None
