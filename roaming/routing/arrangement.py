"""The four arrangements of a message through a hub, decided from its addressee, method and interface (ocpi §2.2)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from roaming.canonical import PartyId

Interface = Literal["SENDER", "RECEIVER"]

_PUSHES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# CDRs and sessions addressed to the hub are meant for the one provider of their token, never for everyone (ocpi §2.3).
_FOR_ONE_RECEIVER = frozenset({"sessions", "cdrs", "commands", "chargingprofiles", "bookings", "invoicereconciliation", "payments"})


class Misdirected(StrEnum):
    """Why a message cannot be placed."""

    LIST_WITHOUT_RECEIVER = "OCPI-to-country-code, OCPI-to-party-id: a list needs its receiver, or the hub to get all"


@dataclass(frozen=True, slots=True)
class Direct:
    """To one party through the hub; nobody else may see it (issue 507 of the specification's tracker)."""

    receiver: PartyId


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Pushed to the hub: stored, answered, then told to every entitled partner as the hub's own push."""


@dataclass(frozen=True, slots=True)
class GetAll:
    """A list asked of the hub: answered from what was pushed to it."""


@dataclass(frozen=True, slots=True)
class HubAddressed:
    """The hub as a plain addressee: answered from its own store."""


@dataclass(frozen=True, slots=True)
class OpenRouting:
    """No receiver named: the hub finds the one that fits (ocpi §2.4)."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The message goes nowhere."""

    reason: Misdirected


Arrangement = Direct | Broadcast | GetAll | HubAddressed | OpenRouting | Refuse


def choose_arrangement(*, to: PartyId | None, hub: PartyId, method: str, interface: Interface, is_list: bool, module: str) -> Arrangement:
    """This function will place a message of a functional module. `interface` is the side of the module that is called."""
    if to is not None and to != hub:
        return Direct(to)
    is_push = method in _PUSHES
    if to is None:
        if is_list and not is_push:
            return Refuse(Misdirected.LIST_WITHOUT_RECEIVER)
        return OpenRouting()
    if not is_push:
        return GetAll() if is_list and interface == "SENDER" else HubAddressed()
    # A write on the Sender interface (authorize, charging preferences) is not defined for the hub as addressee: the hub looks for
    # the one it is meant for.
    if interface == "SENDER" or module in _FOR_ONE_RECEIVER:
        return OpenRouting()
    return Broadcast()
