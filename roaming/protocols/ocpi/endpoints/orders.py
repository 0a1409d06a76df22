"""What commands and requests about charging profiles share: an order of a provider that goes to one operator."""

from typing import ClassVar

from roaming import canonical
from roaming.commands.forward import forward_command
from roaming.commands.receiver import find_receiver
from roaming.protocols.ocpi.endpoints.functional import FunctionalDoor
from roaming.protocols.ocpi.versions import RECEIVER, Interface
from roaming.routing.arrangement import Direct
from roaming.routing.sides import Side


class OrderDoor(FunctionalDoor):
    """A door where providers give orders."""

    side = Side.PROVIDER
    interface: ClassVar[Interface] = RECEIVER

    def hand_on(self, order: canonical.Command | canonical.ProfileRequest, *, response_url: str) -> canonical.CommandResponse:
        """This function will hand the order to the operator that is addressed, or to the one it is about, and return what it said.

        The result comes to `response_url` later. It raises UnknownSubject where nobody knows what the order is about.
        """
        return forward_command(
            command=order,
            sender=self.address.sender,
            receiver=self._receiver(order),
            platform_id=self.caller.platform.id,
            response_url=response_url,
            correlation_id=self.ids.correlation_id,
            at=self.at,
        )

    def _receiver(self, order: canonical.Command | canonical.ProfileRequest) -> canonical.PartyId:
        arrangement = self.arrange()
        if isinstance(arrangement, Direct):
            self.reach(arrangement.receiver)
            return arrangement.receiver
        found = find_receiver(command=order, sender=self.address.sender, receiver=None, directory=self.directory, at=self.at)
        self.responder = found.key
        return found.key
