"""Who is who: companies by country code and party id, market roles, and the provider named inside a contract ID."""

import re
from enum import StrEnum
from typing import NamedTuple


class NotAPartyId(ValueError):
    """The text is not a country code of two letters and a party id of three letters or digits."""


class Role(StrEnum):
    """The market roles of OCPI 2.2.1 and 2.3.0 (HUB exists in 2.2.1 only)."""

    CPO = "CPO"
    EMSP = "EMSP"
    HUB = "HUB"
    NAP = "NAP"
    NSP = "NSP"
    OTHER = "OTHER"
    SCSP = "SCSP"


_PARTY = re.compile(r"^([A-Z]{2})[-*:]?([A-Z0-9]{3})$")
# ISO 15118 eMAID and DIN EvcoID: country, provider, instance, optional check digit; separators optional.
_CONTRACT = re.compile(r"^([A-Z]{2})[-*]?([A-Z0-9]{3})[-*]?[A-Z0-9*-]{6,}$")


class PartyId(NamedTuple):
    """A company, e.g. `DE-ALF`. Always upper case: the protocols compare these without case."""

    country_code: str
    party_id: str

    @classmethod
    def parse(cls, text: str) -> "PartyId":
        """This function will read `DE-ALF`, `DE*ALF`, `DE:ALF` or `DEALF`; it raises NotAPartyId for anything else."""
        match = _PARTY.match(text.strip().upper())
        if match is None:
            raise NotAPartyId(f"{text!r} is not a party: expected a country code of 2 letters and a party id of 3, like DE-ALF")
        return cls(match[1], match[2])

    def __str__(self) -> str:
        return f"{self.country_code}-{self.party_id}"


def contract_provider(contract_id: str) -> PartyId | None:
    """This function will return the provider that a contract ID (eMAID, EvcoID) names by its prefix, or None where it names none."""
    match = _CONTRACT.match(contract_id.strip().upper())
    return PartyId(match[1], match[2]) if match else None
