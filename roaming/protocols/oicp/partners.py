"""Which operator an EvseID means and which provider an EvcoID means: registered partners first, then their sub-partners (oicp §3.5)."""

from collections.abc import Mapping
from datetime import date

from roaming.canonical import PartyId, Role
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry
from roaming.protocols.oicp.authentication import direct_party
from roaming.protocols.oicp.identifiers import operator_of_evse, provider_of_contract, read_party
from roaming.routing.sides import Side


def find_operator(*, evse_id: str, directory: Directory) -> PartyEntry | None:
    """This function will return the operator that answers for an EVSE: itself, or the partner that it is a sub-partner of."""
    return _find(operator_of_evse(evse_id), Side.OPERATOR, directory)


def find_provider(*, contract_id: str, directory: Directory) -> PartyEntry | None:
    """This function will return the provider that answers for a contract: itself, or the partner that it is a sub-partner of."""
    return _find(provider_of_contract(contract_id), Side.PROVIDER, directory)


def is_own_evse(*, evse_id: str, operator: PartyId, platform: PlatformEntry) -> bool:
    """This function will say whether an EvseID begins with the operator's id or with that of one of its sub-partners."""
    key = operator_of_evse(evse_id)
    return key is not None and key in _keys(platform, Side.OPERATOR, operator)


def is_own_contract(*, contract_id: str, provider: PartyId, platform: PlatformEntry) -> bool:
    """This function will say whether an EvcoID begins with the provider's id or with that of one of its sub-partners."""
    key = provider_of_contract(contract_id)
    return key is not None and key in _keys(platform, Side.PROVIDER, provider)


def is_online(platform: PlatformEntry | None) -> bool:
    """This function will say whether an OICP provider is asked in real time; without an address it is decided from its uploaded cards."""
    return platform is not None and ("tokens", "SENDER") in platform.endpoints


def takes_broadcasts(platform: PlatformEntry) -> bool:
    """This function will say whether a provider wants to be asked about cards that nobody knows (a switch of its profile)."""
    return bool(platform.profile.get("oicp", {}).get("broadcast", True))


def candidates(*, operator: PartyId, module: str, on: date, directory: Directory) -> list[PartyEntry]:
    """This function will list the providers that the operator may roam with in this module."""
    return directory.partners_of(operator, Role.CPO, module=module, on=on)


def _find(key: str | None, side: Side, directory: Directory) -> PartyEntry | None:
    if key is None:
        return None
    named = read_party(key)
    if named is not None and (platform := directory.platform_on_side(named, side)) is not None:
        own = direct_party(platform, side) if platform.protocol == "oicp" else named
        return directory.party(own or named)
    for platform in directory.platforms:
        told: Mapping[str, str] = platform.profile.get("oicp", {}).get("aliases", {})
        if key in told:
            return directory.party(PartyId.parse(told[key]))
    return None


def _keys(platform: PlatformEntry, side: Side, direct: PartyId) -> set[str]:
    hosted = {f"{key.country_code}{key.party_id}" for role, key in platform.roles if role in side.roles}
    aliases: Mapping[str, str] = platform.profile.get("oicp", {}).get("aliases", {})
    return hosted | set(aliases) | {f"{direct.country_code}{direct.party_id}"}
