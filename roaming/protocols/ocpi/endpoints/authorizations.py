"""Real-time authorisation (OCPI 2.2.1, mod_tokens §POST): may this token charge here?"""

from datetime import datetime
from typing import ClassVar

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.authorizations.authorize import authorize
from roaming.parties.directory import Directory
from roaming.protocols.ocpi import limits
from roaming.protocols.ocpi.endpoints.functional import FunctionalDoor
from roaming.protocols.ocpi.memory import find_token_type
from roaming.protocols.ocpi.versions import SENDER, Interface
from roaming.routing.sides import Side
from roaming.tokens.queries import find_token


class AuthorizeToken(FunctionalDoor):
    """What operators ask of providers before a session: may this token charge?"""

    module = "tokens"
    side = Side.OPERATOR
    interface: ClassVar[Interface] = SENDER
    limit = limits.AUTHORIZE

    def post(self, request: Request, version: str, token_uid: str) -> HttpResponse:
        """This function will answer with the decision of the token's provider, who is addressed, known, or asked for.

        A word of the provider, also BLOCKED, is HTTP 200 with 1000; an unknown token 404 with 2004 (mod_tokens §POST).
        """
        told = request.query_params.get("type") if self.dialect.routes else find_token_type(uid=token_uid)
        question = self.dialect.read_authorization_request(
            token_uid=token_uid,
            token_type=told,
            body=self.optional_body(),
            operator=self.address.sender,
            receiver=self.address.receiver,
            correlation_id=self.ids.correlation_id,
        )
        decision = authorize(
            request=question,
            platform_id=self.caller.platform.id,
            request_id=self.ids.request_id,
            at=self.at,
        )
        self.responder = decision.provider
        answer = _with_token(decision, question, self)
        return self.success(self.found(self.dialect.authorization, answer, owner=decision.provider))


def _with_token(
    decision: canonical.AuthorizationDecision, question: canonical.AuthorizationRequest, door: AuthorizeToken
) -> canonical.AuthorizationDecision:
    """This function will fill in the token where the provider's protocol does not send it: OCPI requires it in the answer."""
    if decision.token is not None:
        return decision
    token = find_token(uid=question.token_uid, type=question.token_type, owner=decision.provider, viewer=question.operator)
    return msgspec.structs.replace(
        decision, token=token or unpushed_token(decision=decision, question=question, directory=door.directory, at=door.at)
    )


def unpushed_token(
    *, decision: canonical.AuthorizationDecision, question: canonical.AuthorizationRequest, directory: Directory, at: datetime
) -> canonical.Token:
    """This function will write the token of an answer about one that its provider never pushed."""
    provider = directory.party(decision.provider)
    return canonical.Token(
        country_code=decision.provider.country_code,
        party_id=decision.provider.party_id,
        uid=question.token_uid,
        type=question.token_type,
        contract_id=question.contract_id or question.token_uid,
        issuer=(provider.name if provider else "") or str(decision.provider),
        valid=decision.allowed is canonical.Allowed.ALLOWED,
        whitelist=canonical.Whitelist.NEVER,
        last_updated=decision.decided_at or at,
    )
