"""AuthorizeStart: whose medium is it, what did that provider upload, who is asked (oicp §5.1). No I/O: both lanes choose by this."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from roaming import canonical
from roaming.parties.directory import Directory, PartyEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.identifiers import contract_key
from roaming.protocols.oicp.partners import candidates, find_provider, is_online, takes_broadcasts
from roaming.protocols.oicp.v2_3.authorization import Authorization, AuthorizeStart
from roaming.protocols.oicp.v2_3.identification import QR_CODE, Identification
from roaming.routing.sides import Side
from roaming.tokens.authentication_data import FoundCard

_DECIDABLE = (canonical.Whitelist.ALWAYS, canonical.Whitelist.ALLOWED)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A start as it came: read, raw, and the session that the hub opened for it."""

    start: AuthorizeStart
    raw: dict[str, Any]
    operator: PartyEntry
    session_id: str
    location: canonical.LocationReferences | None
    at: datetime

    @property
    def medium(self) -> Identification:
        """What the driver held to the reader."""
        return self.start.identification


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a question. `provider` is who said so, or whose card it is; None where nobody knows it."""

    code: str
    provider: PartyEntry | None = None
    is_offline: bool = False
    contract_id: str = ""
    group_id: str = ""
    reference: str = ""
    additional: str | None = None
    description: str | None = None
    answer: Authorization | None = None

    @property
    def is_authorized(self) -> bool:
        """Whether the driver may charge."""
        return self.code == statuses.SUCCESS


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub has stored of a medium: uploaded cards of any provider, tokens of its uid or its contract, who said yes to it last."""

    cards: Sequence[FoundCard] = ()
    tokens: Sequence[canonical.Token] = ()
    learned: int | None = None


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be asked. `owner_is_known`: it is one provider's medium, and strangers are not asked."""

    providers: Sequence[PartyEntry]
    owner_is_known: bool


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """Whose card a uid turned out to be; without a provider, that it is nobody's any more."""

    uid: str
    provider: int | None


def kinds_of(medium: Identification) -> tuple[str, ...]:
    """This function will return the kinds of uploaded cards that a medium may be."""
    return ("mifare", "rfid") if medium.is_rfid else ("qr",) if medium.member == QR_CODE else ("pnc",)


def card_key(medium: Identification) -> str:
    """This function will return the key that uploaded cards are found by."""
    return medium.uid or contract_key(medium.contract_id or "")


def unknown_code(medium: Identification) -> str:
    """This function will return the code for a medium that nobody knows."""
    if medium.is_rfid:
        return statuses.INVALID_UID
    return statuses.INVALID_CREDENTIALS if medium.member == QR_CODE else statuses.INVALID_EVCO


def find_asked(*, question: Question, directory: Directory) -> list[PartyEntry]:
    """This function will list the providers that may be asked: of a contract the one it names, of a uid all with an agreement."""
    partners = candidates(operator=question.operator.key, module="tokens", on=question.at.date(), directory=directory)
    if question.medium.contract_id is None:
        return partners
    named = find_provider(contract_id=question.medium.contract_id, directory=directory)
    return [partner for partner in partners if named is not None and partner.key == named.key]


def choose(*, question: Question, asked: Sequence[PartyEntry], directory: Directory, known: Known) -> Verdict | Asking:
    """This function will decide from what is stored, uploaded cards first, else say who is asked: the owner, else everybody at once."""
    medium = question.medium
    offline = _from_uploaded(question, asked, known.cards)
    if offline is not None:
        return offline
    owner = _owner_of(question, asked, known)
    if isinstance(owner, Verdict):
        return owner
    is_named = owner is not None or medium.contract_id is not None
    wanted = [owner] if owner is not None else asked
    online = [entry for entry in wanted if _is_asked(entry, directory, is_named=is_named)]
    if not online:
        return Verdict(code=unknown_code(medium), provider=owner)
    return Asking(providers=online, owner_is_known=owner is not None)


def learn(*, question: Question, asking: Asking, verdict: Verdict) -> Learnt | None:
    """This function will say what an answer tells of whose card the uid is, or None."""
    uid = question.medium.uid
    if not uid:
        return None
    if verdict.is_authorized and verdict.provider is not None and not asking.owner_is_known:
        return Learnt(uid=uid, provider=verdict.provider.id)
    if asking.owner_is_known and verdict.code == statuses.INVALID_UID:
        return Learnt(uid=uid, provider=None)
    return None


def _from_uploaded(question: Question, asked: Sequence[PartyEntry], cards: Sequence[FoundCard]) -> Verdict | None:
    """This function will decide from what OICP providers uploaded; None where nothing of it fits."""
    medium = question.medium
    rows = {entry.id: entry for entry in asked}
    for card in cards:
        provider = rows.get(card.provider)
        if provider is None:
            continue
        if card.expires_at is not None and card.expires_at <= question.at:
            return Verdict(code=unknown_code(medium), provider=provider, additional="the card has expired")
        if medium.member == QR_CODE and not _opens(card, medium):
            return Verdict(code=statuses.INVALID_CREDENTIALS, provider=provider)
        return Verdict(code=statuses.SUCCESS, provider=provider, is_offline=True, contract_id=card.contract_id)
    return None


def _opens(card: FoundCard, medium: Identification) -> bool:
    return medium.pin is not None and card.opens(medium.pin)


def _owner_of(question: Question, asked: Sequence[PartyEntry], known: Known) -> PartyEntry | Verdict | None:
    """This function will name the one provider whose card it is, decide where its stored token says so, or return None."""
    medium = question.medium
    if medium.contract_id is not None or not medium.uid:
        return _from_contract(question, asked, known)
    by_key = {entry.key: entry for entry in asked}
    owned = [token for token in known.tokens if token.owner in by_key]
    if known.tokens and not owned:
        return Verdict(code=statuses.NO_CONTRACT)  # its owner is known, and is no partner: strangers are not asked
    if len(owned) == 1:
        return _from_token(owned[0], by_key[owned[0].owner], question)
    return next((entry for entry in asked if entry.id == known.learned), None)


def _from_contract(question: Question, asked: Sequence[PartyEntry], known: Known) -> PartyEntry | Verdict | None:
    if len(asked) != 1 or question.medium.contract_id is None or question.medium.member == QR_CODE:
        return None
    found = next((token for token in known.tokens if token.owner == asked[0].key), None)
    return _from_token(found, asked[0], question) if found else None


def _from_token(token: canonical.Token, owner: PartyEntry, question: Question) -> PartyEntry | Verdict:
    if token.whitelist not in _DECIDABLE:
        return owner
    if not token.valid:
        return Verdict(code=statuses.CONTRACT_LOCKED, provider=owner)
    return Verdict(code=statuses.SUCCESS, provider=owner, is_offline=True, contract_id=token.contract_id, group_id=token.group_id or "")


def _is_asked(entry: PartyEntry, directory: Directory, *, is_named: bool) -> bool:
    platform = directory.platform_on_side(entry.key, Side.PROVIDER)
    if platform is None or not platform.is_routable:
        return False
    if platform.protocol == "oicp":
        return is_online(platform) and (is_named or takes_broadcasts(platform))
    return platform.status == "CONNECTED"
