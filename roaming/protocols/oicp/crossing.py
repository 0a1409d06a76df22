"""Identities on their way between the protocols: a token for an identification, an identification for a token (oicp §6.3, §6.4)."""

import hashlib
import hmac
from datetime import datetime
from typing import Any

from roaming import canonical
from roaming.parties.keys import key_ring
from roaming.protocols.oicp.identifiers import contract_key, evco_of, is_uid, iso_check_digit
from roaming.protocols.oicp.v2_3.identification import MIFARE, PLUG_AND_CHARGE, QR_CODE, REMOTE, Identification

_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def token_type_of(identification: Identification) -> str:
    """This function will return the type of token that stands for a medium."""
    if identification.is_rfid:
        return "RFID"
    return {PLUG_AND_CHARGE: "EMAID", REMOTE: "APP_USER", QR_CODE: "APP_USER"}[identification.member]


def token_uid_of(identification: Identification) -> str:
    """This function will return the uid of the token that stands for a medium: of a contract, the contract id itself."""
    return identification.uid or identification.contract_id or ""


def pseudonym(*, provider: canonical.PartyId, uid: str) -> str:
    """This function will make a contract id for a card of which only the uid is known.

    The same each time, and nobody reads the uid in it.
    """
    digest = hmac.new(key_ring().pepper, b"contract:" + uid.upper().encode(), hashlib.sha256).digest()
    body = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:8])
    bare = f"{provider.country_code}{provider.party_id}C{body}"
    return f"{provider.country_code}-{provider.party_id}-C{body}-{iso_check_digit(bare)}"


def make_token(
    *,
    provider: canonical.PartyId,
    uid: str,
    type: str,
    contract_id: str | None,
    issuer: str,
    at: datetime,
    whitelist: canonical.Whitelist = canonical.Whitelist.NEVER,
    valid: bool = True,
    visual_number: str | None = None,
) -> canonical.Token:
    """This function will write the token that OCPI operators know an OICP medium as."""
    return canonical.Token(
        country_code=provider.country_code,
        party_id=provider.party_id,
        uid=uid[:36],
        type=type,
        contract_id=(contract_id or pseudonym(provider=provider, uid=uid))[:36],
        issuer=issuer or str(provider),
        valid=valid,
        whitelist=whitelist,
        last_updated=at,
        visual_number=visual_number[:64] if visual_number else None,
    )


def identification_of(*, uid: str, type: str, contract_id: str | None) -> dict[str, Any] | None:
    """This function will write the medium that an OCPI token is in OICP for an AuthorizeStart; None where it cannot be said (§6.4)."""
    if type == "RFID":
        return {MIFARE: {"UID": uid.upper()}} if is_uid(uid) else None
    evco = evco_of(contract_id or uid) or evco_of(uid)
    if type in ("EMAID", "OTHER") and evco is not None:
        return {PLUG_AND_CHARGE: {"EvcoID": evco}}
    return None


def remote_identification(token: canonical.Token) -> dict[str, Any] | None:
    """This function will write the driver of a command: by contract id, else by a uid that is one; None where neither is (§6.6)."""
    evco = evco_of(token.contract_id) or evco_of(token.uid)
    return {REMOTE: {"EvcoID": evco}} if evco else None


def cdr_identification(*, token: canonical.CdrToken, auth_method: str) -> dict[str, Any]:
    """This function will write who charged, for a CDR: remote where a command started it, else the card, else the contract (§6.9)."""
    evco = evco_of(token.contract_id) or evco_of(token.uid)
    if auth_method == "COMMAND" and evco:
        return {REMOTE: {"EvcoID": evco}}
    if is_uid(token.uid):
        return {MIFARE: {"UID": token.uid.upper()}}
    owner = canonical.PartyId(token.country_code.upper(), token.party_id.upper())
    return {PLUG_AND_CHARGE: {"EvcoID": evco or pseudonym(provider=owner, uid=token.uid)}}


def is_same_medium(identification: Identification, *, uid: str, contract_id: str) -> bool:
    """This function will say whether a medium is the one that started: the same uid, or the same contract."""
    if identification.uid:
        return identification.uid == uid.upper()
    told = identification.contract_id or ""
    return bool(told) and contract_key(told) == contract_key(contract_id or uid)
