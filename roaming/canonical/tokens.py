"""A driver's means to identify: RFID card, app user or contract ID (OCPI mod_tokens)."""

from datetime import datetime
from enum import StrEnum

from roaming.canonical.identifiers import PartyId
from roaming.canonical.messages import Open


class Whitelist(StrEnum):
    """How far the operator may decide by itself (OCPI mod_tokens, WhitelistType)."""

    ALWAYS = "ALWAYS"
    ALLOWED = "ALLOWED"
    ALLOWED_OFFLINE = "ALLOWED_OFFLINE"
    NEVER = "NEVER"


class TokenType(StrEnum):
    """The printed token types; the enumeration is open from 2.3.0, so messages carry plain text."""

    AD_HOC_USER = "AD_HOC_USER"
    APP_USER = "APP_USER"
    EMAID = "EMAID"
    OTHER = "OTHER"
    RFID = "RFID"


class EnergyContract(Open, frozen=True, kw_only=True):
    """The driver's own energy contract."""

    supplier_name: str
    contract_id: str | None = None


class Token(Open, frozen=True, kw_only=True):
    """A token of one provider; `uid` and `type` together are unique inside that provider."""

    country_code: str
    party_id: str
    uid: str
    type: str
    contract_id: str
    issuer: str
    valid: bool
    whitelist: Whitelist
    last_updated: datetime
    visual_number: str | None = None
    group_id: str | None = None
    language: str | None = None
    default_profile_type: str | None = None
    energy_contract: EnergyContract | None = None

    @property
    def owner(self) -> PartyId:
        """The provider that issued the token."""
        return PartyId(self.country_code.upper(), self.party_id.upper())
