"""Tariffs (OCPI 2.2.1, mod_tariffs). PATCH exists in 2.1.1 only."""

from typing import Any

from django.http import HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request

from roaming import canonical
from roaming.protocols.ocpi.endpoints.functional import ListDoor, PushDoor, check_same
from roaming.protocols.ocpi.envelope import not_found
from roaming.protocols.ocpi.paging import PageRequest
from roaming.revisions import Receipt
from roaming.routing.sides import Side
from roaming.tariffs.queries import find_own_tariff, list_tariffs
from roaming.tariffs.receive import delete_tariff, put_tariff


class TariffsSender(ListDoor):
    """What providers ask of operators: the list."""

    module = "tariffs"
    side = Side.PROVIDER

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will answer a page of tariffs."""
        return self.listing(self.dialect.tariff, self._page)

    def _page(self, page: PageRequest) -> Any:
        return list_tariffs(
            viewer=self.address.sender,
            role=self.address.sender_role,
            at=self.at,
            date_from=page.date_from,
            date_to=page.date_to,
            after=page.cursor,
            offset=page.offset,
            limit=page.limit,
        )


class TariffReceiver(PushDoor):
    """What operators push: tariffs, whole, and that one is gone."""

    module = "tariffs"
    side = Side.OPERATOR

    def get(self, request: Request, version: str, country_code: str, party_id: str, tariff_id: str) -> HttpResponse:
        """This function will answer the tariff as its receiver keeps it."""
        tariff_id = self.object_id("tariff_id")
        receiver = self.address.receiver
        audience = receiver if receiver not in (None, self.directory.hub.key) else None
        return self.stored(
            self.dialect.tariff,
            lambda: find_own_tariff(owner=self.address.sender, tariff_id=tariff_id, audience=audience),
            path=(country_code, party_id, tariff_id),
        )

    def put(self, request: Request, version: str, country_code: str, party_id: str, tariff_id: str) -> HttpResponse:
        """This function will take a whole tariff."""
        owner, tariff_id = self.own_party(), self.object_id("tariff_id")
        tariff = self.dialect.tariff.read(self.body(), owner=owner)
        check_same(
            country_code=(tariff.country_code, owner.country_code),
            party_id=(tariff.party_id, owner.party_id),
            id=(tariff.id, tariff_id),
        )

        def store(audience: canonical.PartyId | None, deliver: bool) -> Receipt:
            return put_tariff(tariff=tariff, audience=audience, at=self.at, correlation_id=self.ids.correlation_id, deliver=deliver)

        return self.push(store, path=(country_code, party_id, tariff_id), message=tariff, last_updated=tariff.last_updated)

    def patch(self, request: Request, version: str, country_code: str, party_id: str, tariff_id: str) -> HttpResponse:
        """This function will merge a PATCH of 2.1.1 into the stored tariff and take the whole as if it had been PUT (ocpi §5.2)."""
        if self.dialect.merge_tariff is None:
            raise MethodNotAllowed("PATCH")
        owner, tariff_id = self.own_party(), self.object_id("tariff_id")
        stored = find_own_tariff(owner=owner, tariff_id=tariff_id)
        if stored is None:
            raise not_found()
        tariff = self.dialect.merge_tariff(tariff=stored, body=self.body(), at=self.at)
        check_same(id=(tariff.id, tariff_id))
        return self.receipt(put_tariff(tariff=tariff, audience=None, at=self.at, correlation_id=self.ids.correlation_id))

    @property
    def allowed_methods(self) -> list[str]:
        """The methods that this endpoint offers in the caller's version."""
        offered = super().allowed_methods
        merges = hasattr(self, "dialect") and self.dialect.merge_tariff is not None
        return offered if merges else [method for method in offered if method != "PATCH"]

    def delete(self, request: Request, version: str, country_code: str, party_id: str, tariff_id: str) -> HttpResponse:
        """This function will bury a tariff; its revisions stay for what was charged by them."""
        owner, tariff_id = self.own_party(), self.object_id("tariff_id")

        def store(audience: canonical.PartyId | None, deliver: bool) -> Receipt:
            return delete_tariff(
                owner=owner,
                tariff_id=tariff_id,
                audience=audience,
                at=self.at,
                correlation_id=self.ids.correlation_id,
                deliver=deliver,
            )

        return self.push(store, path=(country_code, party_id, tariff_id))
