"""How a partner really speaks, where that is not as its protocol says.

One flag per habit, declared here and nowhere else: the gateway reads them when it writes, the door when it reads. They stand in
`Platform.profile`; a flag that is not there has its default. What the hub sees by itself is a proposal (`ProfileProposal`) until an
operator of the hub confirms it; only the form of a token is learned at once, because without it nothing works.
"""

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec

from roaming.canonical import NotAPartyId, PartyId

logger = logging.getLogger(__name__)

Encoding = Literal["by-version", "raw", "base64"]
_BY_VERSION: Encoding = "by-version"


class PartnerProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of one OCPI partner."""

    token_encoding: Encoding = _BY_VERSION  # how it reads our Authorization header
    handshake_token_encoding: Encoding = _BY_VERSION  # the same on versions, details and credentials, where that differs
    slash: Literal["as-advertised", "always", "never"] = "as-advertised"  # at the end of the addresses we call
    optional_fields: Literal["omit", "null"] = "omit"  # whether it wants to see every optional field
    objects: Literal["plain", "listed"] = "plain"  # whether single objects stand in a list of one (read either way)
    enums: Literal["open", "2.2.1", "2.1.1"] = "open"  # words that this version does not know are left out of lists
    changes: Literal["patch", "put"] = "patch"  # whether it takes a PATCH, or the whole object each time
    missing_sender: str = ""  # the party, like DE-ALF, that speaks where its requests name none
    missing_receiver: Literal["refuse", "hub"] = "refuse"  # what a list without a receiver means
    patch_stamp: Literal["required", "optional"] = "required"  # whether its PATCH needs last_updated
    times: Literal["utc", "offset", "whole-seconds"] = "utc"  # …Z; …+00:00; …Z without fractions
    page_size: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0  # the most objects we ask it for at once; 0: as the puller asks
    owners: Literal["kept", "hub"] = "kept"  # 2.1.1: whether objects keep their owner's name and id, or are told as the hub's own
    queueing: Literal["keep", "never"] = "keep"  # never: a push that fails is not sent later (OCPI's advice); CDRs always are


MEANINGS: Mapping[str, str] = {
    "token_encoding": "how it reads our Authorization header",
    "handshake_token_encoding": "how it reads that header on versions, details and credentials, where that differs",
    "slash": "the end of the addresses that the hub calls",
    "optional_fields": "whether absent optional fields are written as null",
    "objects": "whether single objects stand in a list of one",
    "enums": "the version whose words it knows; others are left out of lists",
    "changes": "whether it takes a PATCH, or the whole object each time",
    "missing_sender": "the party that speaks where its requests name none",
    "missing_receiver": "what a list without a receiver means",
    "patch_stamp": "whether its PATCH needs last_updated",
    "times": "how it wants instants written",
    "page_size": "the most objects the hub asks it for at once; 0: as the puller asks",
    "owners": "hub, on 2.1.1: every object is told as the hub's own, under an id that names its owner",
    "queueing": "never: a push that fails is not sent later; CDRs always are",
}

PLAIN = PartnerProfile()


class UnknownFlag(Exception):
    """There is no flag of this name."""


class BadFlag(Exception):
    """The flag cannot have this value."""


def profile_of(stored: Mapping[str, Any]) -> PartnerProfile:
    """This function will return the flags in force of a platform's stored profile; a value nobody could have set counts as absent."""
    if not stored:
        return PLAIN
    told = tuple((name, stored[name]) for name in PartnerProfile.__struct_fields__ if isinstance(stored.get(name), str | int))
    return _profile(told) if told else PLAIN


def read_flag(*, flag: str, text: str) -> str | int:
    """This function will return the value of a flag told as text, as it is stored; it raises UnknownFlag or BadFlag."""
    if flag not in PartnerProfile.__struct_fields__:
        raise UnknownFlag(f"there is no flag {flag!r}; the flags are {', '.join(PartnerProfile.__struct_fields__)}")
    try:
        read = msgspec.convert({flag: text}, PartnerProfile, strict=False)
        if flag == "missing_sender" and text:
            return str(PartyId.parse(text))
    except (msgspec.ValidationError, NotAPartyId) as wrong:
        raise BadFlag(f"{flag} cannot be {text!r}: {wrong}") from None
    value: str | int = getattr(read, flag)
    return value


@lru_cache(maxsize=512)
def _profile(told: tuple[tuple[str, Any], ...]) -> PartnerProfile:
    try:
        return msgspec.convert(dict(told), PartnerProfile)
    except msgspec.ValidationError as wrong:
        logger.error("a partner's profile holds a value that none can have", extra={"reason": str(wrong)})
        kept = {}
        for name, value in told:
            try:
                msgspec.convert({name: value}, PartnerProfile)
            except msgspec.ValidationError:
                continue
            kept[name] = value
        return msgspec.convert(kept, PartnerProfile)
