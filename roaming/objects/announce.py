"""Who is told about a stored object: one party where it was addressed to one, else every partner that may know it."""

from collections import defaultdict
from datetime import date
from typing import Any

import msgspec

from roaming import canonical
from roaming.deliveries.enqueue import Verb, enqueue
from roaming.parties.directory import Directory, PartyEntry
from roaming.routing.audience import who_hears
from roaming.routing.sides import Side, side_of


class UnknownParty(Exception):
    """No party of that name is on the hub in the role it needs."""


class UnknownProvider(UnknownParty):
    """No provider of that name is on the hub."""


class NoAgreement(Exception):
    """No agreement that covers this module is in force between the two parties, or one of them is locked."""


class Parties(msgspec.Struct, frozen=True):
    """The owner of an object and, where it is private to one party, that party."""

    owner: PartyEntry
    owner_role: canonical.Role
    audience: PartyEntry | None

    @property
    def audience_row(self) -> int | None:
        """The row of the party the object is private to, or None."""
        return self.audience.id if self.audience else None


def find_parties(
    *, directory: Directory, owner: canonical.PartyId, role: canonical.Role, audience: canonical.PartyId | None, module: str, on: date
) -> Parties:
    """This function will find the parties of an object; it raises UnknownParty, and NoAgreement where a named audience may not know it."""
    entry = directory.party(owner)
    if entry is None:
        raise UnknownParty(f"{owner} is not a party of this hub")
    if audience is None:
        return Parties(owner=entry, owner_role=role, audience=None)
    receiver = directory.party(audience)
    if receiver is None:
        raise UnknownParty(f"{audience} is not a party of this hub")
    if receiver not in directory.partners_of(owner, role, module=module, on=on):
        raise NoAgreement(f"no agreement covers {module} between {owner} and {audience}")
    return Parties(owner=entry, owner_role=role, audience=receiver)


def find_provider_of(*, directory: Directory, operator: canonical.PartyId, token: canonical.CdrToken, module: str, on: date) -> PartyEntry:
    """This function will find the provider whose token an operator's record names; it raises UnknownProvider and NoAgreement."""
    provider = directory.party(token.owner)
    if provider is None or directory.platform_on_side(token.owner, Side.PROVIDER) is None:
        raise UnknownProvider(f"cdr_token: {token.owner} is not a provider on this hub")
    if not directory.may_roam(operator=operator, provider=token.owner, module=module, on=on):
        raise NoAgreement(f"no agreement covers {module} between {operator} and {token.owner} on {on:%Y-%m-%d}")
    return provider


def provider_role(provider: PartyEntry) -> canonical.Role:
    """This function will return the most usual role of a party on the provider side."""
    return next(role for role in Side.PROVIDER.roles if role in provider.roles)


def announce(
    *,
    directory: Directory,
    parties: Parties,
    module: str,
    verb: Verb,
    object_type: str,
    object_row: int,
    object_path: str = "",
    payload: dict[str, Any] | None = None,
    on: date,
    correlation_id: str,
) -> int:
    """This function will queue the object for those who may know it, in the caller's transaction; it returns how many will be told.

    What was pushed to the hub leaves as the hub's own push, what was addressed to one party as its owner's (OCPI 2.2.1,
    transport §Broadcast Push).
    """
    if parties.audience is None:
        partners = directory.partners_of(parties.owner.key, parties.owner_role, module=module, on=on)
        keys = [partner.key for partner in partners]
        hearing = set(who_hears(sender=parties.owner.key, sender_role=parties.owner_role, module=module, partners=keys))
        receivers = [partner for partner in partners if partner.key in hearing]
        sender = None
    else:
        receivers, sender = [parties.audience], parties.owner.key
    side = side_of(parties.owner_role)
    assert side is not None, "the hub owns no objects"
    by_role: dict[canonical.Role, list[PartyEntry]] = defaultdict(list)
    for receiver in receivers:
        by_role[next(role for role in side.opposite.roles if role in receiver.roles)].append(receiver)
    return sum(
        enqueue(
            receivers=group,
            receiver_role=role,
            module=module,
            verb=verb,
            object_type=object_type,
            object_row=object_row,
            object_path=object_path,
            payload=payload,
            sender=sender,
            correlation_id=correlation_id,
        )
        for role, group in by_role.items()
    )
