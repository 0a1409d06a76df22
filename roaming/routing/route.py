"""Which provider decides about a token? Mirrors OICP's three ways (known data, contract ID, ask all) and OCPI's open routing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from roaming.canonical import PartyId


class NoWay(StrEnum):
    """Why nobody can be asked."""

    UNKNOWN_RECEIVER = "the party it is addressed to is not a provider this operator may roam with"
    RECEIVER_LOCKED = "the platform of the provider it is addressed to is locked or suspended"
    NO_PARTNER = "this operator has no agreement with any provider"
    OWNER_NOT_A_PARTNER = "the token's provider has no agreement with this operator"


@dataclass(frozen=True, slots=True)
class DecideHere:
    """The token's provider lets the hub decide from the token it pushed."""

    provider: PartyId


@dataclass(frozen=True, slots=True)
class AskOne:
    """One provider is known to be the right one."""

    provider: PartyId


@dataclass(frozen=True, slots=True)
class AskEach:
    """Nobody knows whose token it is: all are asked at once, under one deadline."""

    providers: tuple[PartyId, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """There is nobody to ask."""

    reason: NoWay


Route = DecideHere | AskOne | AskEach | Refuse


def choose_route(
    *,
    receiver: PartyId | None,
    hub: PartyId,
    known_owner: PartyId | None,
    contract_provider: PartyId | None,
    partners: Sequence[PartyId],
    can_decide_here: bool,
) -> Route:
    """This function will choose who answers an authorisation.

    `receiver` is the addressee of the request: a provider, the hub (it then finds out as in open routing), or None.
    `known_owner` owns the stored token, `contract_provider` is named inside the contract ID, `partners` may roam with the
    asking operator in the module tokens, `can_decide_here` says that the stored token allows an answer without asking.
    """
    if receiver is not None and receiver != hub:
        if receiver not in partners:
            return Refuse(NoWay.UNKNOWN_RECEIVER)
        # The stored token answers for its own provider only: two providers may have given out the same uid.
        return DecideHere(receiver) if can_decide_here and known_owner == receiver else AskOne(receiver)
    if known_owner is not None:
        if known_owner not in partners:
            return Refuse(NoWay.OWNER_NOT_A_PARTNER)
        return DecideHere(known_owner) if can_decide_here else AskOne(known_owner)
    if contract_provider is not None and contract_provider in partners:
        return AskOne(contract_provider)
    if not partners:
        return Refuse(NoWay.NO_PARTNER)
    return AskOne(partners[0]) if len(partners) == 1 else AskEach(tuple(partners))
