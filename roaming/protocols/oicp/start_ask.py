"""AuthorizeStart: asking the providers that `start` chose, one deadline for all, and what each of them may answer (oicp §5.1, §6.4)."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any

from django.conf import settings

from roaming import canonical
from roaming.authorizations.ask import ask_one_async, budget
from roaming.authorizations.background import run_in_background
from roaming.egress.event_loop import send_async
from roaming.gateways import GatewayRefusal, GatewayTimedOut, UnknownToken, egress_refusals
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.client import read_authorization
from roaming.protocols.oicp.crossing import token_type_of, token_uid_of
from roaming.protocols.oicp.gateway import OicpGateway
from roaming.protocols.oicp.identifiers import evco_of
from roaming.protocols.oicp.start import Asking, Known, Question, Verdict, card_key, choose, kinds_of, learn, unknown_code
from roaming.protocols.oicp.v2_3.authorization import AUTHORIZED
from roaming.protocols.oicp.v2_3.identification import QR_CODE, Identification
from roaming.routing.sides import Side
from roaming.tokens.authentication_data import find_cards, find_known_owner, forget_owner, learn_owner
from roaming.tokens.contracts import find_tokens_of_contract
from roaming.tokens.queries import find_tokens

_MARGIN_SECONDS = 0.3


def decide(*, question: Question, asked: Sequence[PartyEntry], directory: Directory) -> Verdict:
    """This function will answer a question: read, choose, ask, learn. No transaction is open."""
    started = monotonic()
    choice = choose(question=question, asked=asked, directory=directory, known=_read_known(question, asked))
    if isinstance(choice, Verdict):
        return choice
    seconds = budget(deadline_seconds=settings.AUTHORIZE_DEADLINE_SECONDS, spent_seconds=monotonic() - started)
    try:
        asking = ask_start(question=question, asking=choice, directory=directory, seconds=seconds)
        verdict = run_in_background(asking, seconds=seconds + _MARGIN_SECONDS)
    except GatewayTimedOut:
        verdict = Verdict(code=statuses.NO_POSITIVE_ANSWER)
    learnt = learn(question=question, asking=choice, verdict=verdict)
    if learnt is not None and learnt.provider is not None:
        learn_owner(uid=learnt.uid, provider=learnt.provider, at=question.at)
    elif learnt is not None:
        forget_owner(uid=learnt.uid)
    return verdict


def _read_known(question: Question, asked: Sequence[PartyEntry]) -> Known:
    medium = question.medium
    cards = find_cards(record_key=card_key(medium), kinds=kinds_of(medium), providers=[entry.id for entry in asked])
    if cards:
        return Known(cards=cards)  # they decide by themselves
    if medium.contract_id is None:
        tokens = find_tokens(uid=medium.uid or "", type="RFID", viewer=question.operator.key)
        return Known(tokens=tokens, learned=find_known_owner(uid=medium.uid or ""))
    if len(asked) != 1:
        return Known()
    return Known(tokens=find_tokens_of_contract(contract_id=medium.contract_id, owner=asked[0].id))


async def ask_start(*, question: Question, asking: Asking, directory: Directory, seconds: float) -> Verdict:
    """This function will ask all at once and return the first yes; a refusal that all share, else 106."""
    if len(asking.providers) == 1:
        return await _ask_one(question, asking.providers[0], directory, seconds)  # the call itself ends with the deadline
    ends = monotonic() + seconds
    waiting = {asyncio.ensure_future(_ask_one(question, entry, directory, seconds)) for entry in asking.providers}
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
