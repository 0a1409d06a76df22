"""Tokens as providers push them and operators pull them (OCPI 2.2.1, mod_tokens)."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.protocols.ocpi.endpoints.functional import ListDoor, PushDoor, check_same
from roaming.protocols.ocpi.memory import find_token_type
from roaming.protocols.ocpi.paging import PageRequest
from roaming.revisions import Receipt
from roaming.routing.sides import Side
from roaming.tokens.queries import find_own_token, list_tokens
from roaming.tokens.receive import patch_token, put_token


class TokensSender(ListDoor):
    """What operators ask of providers: the list."""

    module = "tokens"
    side = Side.OPERATOR

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will answer a page of tokens."""
        return self.listing(self.dialect.token, self._page)

    def _page(self, page: PageRequest) -> Any:
        return list_tokens(
            viewer=self.address.sender,
            at=self.at,
            date_from=page.date_from,
            date_to=page.date_to,
            after=page.cursor,
            offset=page.offset,
            limit=page.limit,
        )


class TokenReceiver(PushDoor):
    """What providers push: tokens, whole or changed fields."""

    module = "tokens"
    side = Side.PROVIDER

    def get(self, request: Request, version: str, country_code: str, party_id: str, token_uid: str) -> HttpResponse:
        """This function will answer the token as its receiver keeps it."""
        token_uid = self.object_id("token_uid")
        kind = self._type(request, token_uid)
        receiver = self.address.receiver
        audience = receiver if receiver not in (None, self.directory.hub.key) else None
        return self.stored(
            self.dialect.token,
            lambda: find_own_token(owner=self.address.sender, uid=token_uid, type=kind, audience=audience),
            path=(country_code, party_id, token_uid),
            query={"type": kind},
        )

    def put(self, request: Request, version: str, country_code: str, party_id: str, token_uid: str) -> HttpResponse:
        """This function will take a whole token."""
        owner, token_uid = self.own_party(), self.object_id("token_uid")
        token = self.dialect.token.read(self.body(), owner=owner)
        check_same(
            country_code=(token.country_code, owner.country_code),
            party_id=(token.party_id, owner.party_id),
            uid=(token.uid, token_uid),
        )
        if self.dialect.routes and (
            told := request.query_params.get("type")
        ):  # absent means RFID; partners leave it out for other types too
            check_same(type=(token.type, self.dialect.read_token_type(told)))

        def store(audience: canonical.PartyId | None, deliver: bool) -> Receipt:
            return put_token(token=token, audience=audience, at=self.at, correlation_id=self.ids.correlation_id, deliver=deliver)

        return self.push(
            store,
            path=(country_code, party_id, token_uid),
            query={"type": token.type},
            message=token,
            last_updated=token.last_updated,
        )

    def patch(self, request: Request, version: str, country_code: str, party_id: str, token_uid: str) -> HttpResponse:
        """This function will take changed fields of a token."""
        owner, token_uid = self.own_party(), self.object_id("token_uid")
        kind = self._type(request, token_uid)
        changes = self.dialect.token.read_patch(self.body(), at=self.at, needs_stamp=self.needs_stamp())
        fixed = {"country_code": owner.country_code, "party_id": owner.party_id, "uid": token_uid, "type": kind}
        check_same(**{name: (changes[name], path) for name, path in fixed.items() if name in changes})

        def store(audience: canonical.PartyId | None, deliver: bool) -> Receipt:
            return patch_token(
                owner=owner,
                uid=token_uid,
                type=kind,
                changes=changes,
                audience=audience,
                at=self.at,
                correlation_id=self.ids.correlation_id,
                deliver=deliver,
            )

        return self.push(store, path=(country_code, party_id, token_uid), query={"type": kind}, changes=changes)

    def _type(self, request: Request, token_uid: str) -> str:
        if not self.dialect.routes:  # its requests name no type
            return find_token_type(uid=token_uid, owner=self.address.sender)
        return self.dialect.read_token_type(request.query_params.get("type"))
