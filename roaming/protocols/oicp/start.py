"""AuthorizeStart: whose medium is it, what did that provider upload, what does it say; one deadline for all (oicp §5.1)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec
from django.conf import settings

from roaming import canonical
from roaming.authorizations.ask import ask_one_async, budget
from roaming.authorizations.background import run_in_background
from roaming.egress.event_loop import send_async
from roaming.gateways import GatewayRefusal, GatewayTimedOut, UnknownToken, egress_refusals
from roaming.objects.ids import new_row_id
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.client import read_authorization
from roaming.protocols.oicp.crossing import token_type_of, token_uid_of
from roaming.protocols.oicp.gateway import OicpGateway
from roaming.protocols.oicp.identifiers import contract_key, evco_of
from roaming.protocols.oicp.partners import candidates, find_provider, is_online, takes_broadcasts
from roaming.protocols.oicp.v2_3.authorization import AUTHORIZED, Authorization, AuthorizeStart
from roaming.protocols.oicp.v2_3.identification import QR_CODE, Identification
from roaming.routing.sides import Side
from roaming.tokens.authentication_data import FoundCard, find_cards, find_known_owner, forget_owner, learn_owner
from roaming.tokens.contracts import find_tokens_of_contract
from roaming.tokens.queries import find_tokens

_MARGIN_SECONDS = 0.3
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


def decide(*, question: Question, asked: Sequence[PartyEntry], directory: Directory) -> Verdict:
    """This function will answer a question: from uploaded data first, else the owner, else everybody at once. No transaction is open."""
    started = monotonic()
    offline = _from_uploaded(question, asked, directory)
    if offline is not None:
        return offline
    owner = _owner_of(question, asked, directory)
    if isinstance(owner, Verdict):
        return owner
    online = [entry for entry in ([owner] if owner is not None else asked) if _is_asked(entry, directory, is_named=owner is not None)]
    if question.medium.contract_id is not None:
        online = [entry for entry in asked if _is_asked(entry, directory, is_named=True)]
    if not online:
        return Verdict(code=unknown_code(question.medium), provider=owner)
    seconds = budget(deadline_seconds=settings.AUTHORIZE_DEADLINE_SECONDS, spent_seconds=monotonic() - started)
    try:
        verdict = run_in_background(_ask(question, online, directory, seconds), seconds=seconds + _MARGIN_SECONDS)
    except GatewayTimedOut:
        verdict = Verdict(code=statuses.NO_POSITIVE_ANSWER)
    _remember(question, verdict, was_known=owner is not None)
    return verdict


def _from_uploaded(question: Question, asked: Sequence[PartyEntry], directory: Directory) -> Verdict | None:
    """This function will decide from what OICP providers uploaded; None where nothing of it fits."""
    medium = question.medium
    kinds = ("mifare", "rfid") if medium.is_rfid else ("qr",) if medium.member == QR_CODE else ("pnc",)
    key = medium.uid if medium.uid else contract_key(medium.contract_id or "")
    rows = {entry.id: entry for entry in asked}
    for card in find_cards(record_key=key or "", kinds=kinds, providers=list(rows)):
        provider = rows[card.provider]
        if card.expires_at is not None and card.expires_at <= question.at:
            return Verdict(code=unknown_code(medium), provider=provider, additional="the card has expired")
        if medium.member == QR_CODE and not _opens(card, medium):
            return Verdict(code=statuses.INVALID_CREDENTIALS, provider=provider)
        return Verdict(code=statuses.SUCCESS, provider=provider, is_offline=True, contract_id=card.contract_id)
    return None


def _opens(card: FoundCard, medium: Identification) -> bool:
    return medium.pin is not None and card.opens(medium.pin)


def _owner_of(question: Question, asked: Sequence[PartyEntry], directory: Directory) -> PartyEntry | Verdict | None:
    """This function will name the one provider whose card it is, decide where its stored token says so, or return None."""
    medium = question.medium
    if medium.contract_id is not None or not medium.uid:
        return _from_contract(question, asked)
    by_key = {entry.key: entry for entry in asked}
    known = find_tokens(uid=medium.uid, type="RFID", viewer=question.operator.key)
    owned = [token for token in known if token.owner in by_key]
    if known and not owned:
        return Verdict(code=statuses.NO_CONTRACT)  # its owner is known, and is no partner: strangers are not asked
    if len(owned) == 1:
        return _from_token(owned[0], by_key[owned[0].owner], question)
    learned = find_known_owner(uid=medium.uid)
    return next((entry for entry in asked if entry.id == learned), None)


def _from_contract(question: Question, asked: Sequence[PartyEntry]) -> PartyEntry | Verdict | None:
    if len(asked) != 1 or question.medium.contract_id is None or question.medium.member == QR_CODE:
        return None
    found = find_tokens_of_contract(contract_id=question.medium.contract_id, owner=asked[0].id)
    return _from_token(found[0], asked[0], question) if found else None


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


async def _ask(question: Question, asked: Sequence[PartyEntry], directory: Directory, seconds: float) -> Verdict:
    """This function will ask all at once and return the first yes; a refusal that all share, else 106."""
    ends = monotonic() + seconds
    waiting = {asyncio.ensure_future(_ask_one(question, entry, directory, seconds)) for entry in asked}
    refusals: list[Verdict] = []
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=max(ends - monotonic(), 0), return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            for verdict in (task.result() for task in done):
                if verdict.is_authorized:
                    return verdict
                refusals.append(verdict)
    finally:
        for task in waiting:
            task.cancel()
    if waiting or not refusals:
        return Verdict(code=statuses.NO_POSITIVE_ANSWER)
    if len(refusals) == 1:
        return refusals[0]
    codes = {refusal.code for refusal in refusals}
    return Verdict(code=codes.pop() if len(codes) == 1 else statuses.NO_POSITIVE_ANSWER)


async def _ask_one(question: Question, entry: PartyEntry, directory: Directory, seconds: float) -> Verdict:
    platform = directory.platform_on_side(entry.key, Side.PROVIDER)
    assert platform is not None, "only hosted providers are asked"
    try:
        if platform.protocol == "oicp":
            return await _ask_oicp(question, entry, platform, seconds)
        return await _ask_ocpi(question, entry, directory, seconds)
    except UnknownToken:
        return Verdict(code=unknown_code(question.medium), provider=entry)
    except GatewayRefusal:
        return Verdict(code=statuses.NO_POSITIVE_ANSWER, provider=entry)


async def _ask_oicp(question: Question, entry: PartyEntry, platform: PlatformEntry, seconds: float) -> Verdict:
    # The raw message with the SessionID filled in: nothing of it is written anew (oicp §1.1).
    body = {**question.raw, "SessionID": question.session_id}
    if question.medium.uid:
        body["Identification"] = _with_upper_uid(body["Identification"], question.medium)
    call = OicpGateway(platform).write_start(body=body, operator=question.operator.key, seconds=seconds)
    with egress_refusals():
        answer = read_authorization(await send_async(call))
    code = answer.status.code
    if answer.authorization == AUTHORIZED:
        return Verdict(code=statuses.SUCCESS, provider=entry, answer=answer, description=answer.status.description)
    refused = statuses.NO_POSITIVE_ANSWER if code == statuses.SUCCESS else code
    return Verdict(code=refused, provider=entry, answer=answer, description=answer.status.description, additional=answer.status.additional)


def _with_upper_uid(identification: dict[str, Any], medium: Identification) -> dict[str, Any]:
    return {**identification, medium.member: {**identification[medium.member], "UID": medium.uid}}


async def _ask_ocpi(question: Question, entry: PartyEntry, directory: Directory, seconds: float) -> Verdict:
    medium = question.medium
    if medium.member == QR_CODE:
        return Verdict(code=statuses.INVALID_CREDENTIALS, provider=entry)  # OCPI has no PIN (§6.4)
    request = canonical.AuthorizationRequest(
        operator=question.operator.key,
        token_uid=token_uid_of(medium),
        token_type=token_type_of(medium),
        contract_id=evco_of(medium.contract_id) if medium.contract_id else None,
        location=question.location,
        receiver=entry.key,
        correlation_id=question.session_id,
    )
    decision = await ask_one_async(request=request, provider=entry.key, directory=directory, deadline_seconds=seconds)
    return _verdict_of(decision, entry, question)


def _verdict_of(decision: canonical.AuthorizationDecision, entry: PartyEntry, question: Question) -> Verdict:
    allowed = canonical.Allowed
    codes = {
        allowed.ALLOWED: statuses.SUCCESS,
        allowed.BLOCKED: statuses.CONTRACT_LOCKED,
        allowed.EXPIRED: statuses.INVALID_UID if question.medium.is_rfid else statuses.INVALID_EVCO,
        allowed.NO_CREDIT: statuses.NO_CONTRACT,
        allowed.NOT_ALLOWED: statuses.NO_POSITIVE_ANSWER,
    }
    code = codes[decision.allowed]
    wanted = question.location
    if code == statuses.SUCCESS and decision.location is not None and decision.location.evse_uids and wanted is not None:
        inside = {uid.upper() for uid in decision.location.evse_uids}
        if not {uid.upper() for uid in wanted.evse_uids} <= inside:
            code = statuses.NO_POSITIVE_ANSWER  # the provider allows it elsewhere (§6.4)
    return Verdict(
        code=code,
        provider=entry,
        contract_id=decision.token.contract_id if decision.token else "",
        group_id=(decision.token.group_id or "") if decision.token else "",
        reference=decision.reference or "",
        additional=decision.info.text if decision.info else None,
    )


def _remember(question: Question, verdict: Verdict, *, was_known: bool) -> None:
    if not question.medium.uid:
        return
    if verdict.is_authorized and verdict.provider is not None and not was_known:
        learn_owner(uid=question.medium.uid, provider=verdict.provider.id, at=question.at)
    elif was_known and verdict.code == statuses.INVALID_UID:
        forget_owner(uid=question.medium.uid)


def record_columns(*, question: Question, verdict: Verdict, platform_id: int, duration_ms: int, digest: bytes) -> dict[str, Any]:
    """This function will return the columns of the authorisation's durable record."""
    source = "whitelist" if verdict.is_offline else "provider" if verdict.provider else "none"
    outcomes = {statuses.SUCCESS: "ALLOWED", statuses.CONTRACT_LOCKED: "BLOCKED", statuses.NO_CONTRACT: "NO_ROUTE"}
    location = question.location
    return {
        "id": new_row_id(at=question.at),
        "at": question.at,
        "platform_id": platform_id,
        "operator_id": question.operator.id,
        "provider_id": verdict.provider.id if verdict.provider else None,
        "token_uid": token_uid_of(question.medium)[:64],
        "token_type": token_type_of(question.medium),
        "contract_id": (verdict.contract_id or question.medium.contract_id or "")[:64],
        "location_id": (location.location_id if location else "")[:64],
        "evse_uid": (location.evse_uids[0] if location and location.evse_uids else "")[:64],
        "outcome": outcomes.get(verdict.code, "UNKNOWN_TOKEN"),
        "source": source,
        "reference": verdict.reference or (question.session_id if verdict.is_authorized else ""),
        "request_id": "",
        "correlation_id": question.session_id,
        "duration_ms": duration_ms,
        "request_digest": digest,
        "decision": "",
    }
