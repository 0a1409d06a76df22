"""Locations with their EVSEs and connectors (OCPI 2.2.1, mod_locations)."""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.locations.parts import find_part
from roaming.locations.queries import find_location, find_own_location, find_owners_of, list_locations
from roaming.locations.receive import patch_location, put_connector, put_evse, put_location
from roaming.protocols.ocpi.article import Article
from roaming.protocols.ocpi.endpoints.door import KIB
from roaming.protocols.ocpi.endpoints.functional import ListDoor, PushDoor, check_same
from roaming.protocols.ocpi.envelope import UNKNOWN_LOCATION, OcpiRefusal, bad_parameter
from roaming.protocols.ocpi.paging import PageRequest
from roaming.protocols.ocpi.versions import SENDER, Dialect, Interface
from roaming.revisions import Receipt
from roaming.routing.arrangement import Direct, OpenRouting
from roaming.routing.sides import Side


def _article(dialect: Dialect, depth: int) -> Article[Any]:
    articles: tuple[Article[Any], ...] = (dialect.location, dialect.evse, dialect.connector)
    return articles[depth]


class LocationsSender(ListDoor):
    """What providers ask of operators: the list, and one location, EVSE or connector."""

    module = "locations"
    side = Side.PROVIDER

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will answer a page of locations."""
        return self.listing(self.dialect.location, self._page)

    def _page(self, page: PageRequest) -> Any:
        return list_locations(
            viewer=self.address.sender,
            role=self.address.sender_role,
            at=self.at,
            date_from=page.date_from,
            date_to=page.date_to,
            after=page.cursor,
            offset=page.offset,
            limit=page.limit,
        )


class LocationSender(ListDoor):
    """One location of an operator, or a part of it."""

    module = "locations"
    side = Side.PROVIDER
    interface: ClassVar[Interface] = SENDER

    def get(self, request: Request, version: str, **ids: str) -> HttpResponse:
        """This function will answer from the operator that is addressed or found by the id, or from the store where the hub is asked."""
        path = tuple(self.object_id(name) for name in ids)
        article = _article(self.dialect, len(path) - 1)
        arrangement = self.arrange()
        owner, location_id = self.own_id(path[0])
        path = (location_id, *path[1:])
        if owner is None and isinstance(arrangement, OpenRouting):
            owner = self._owner_of(path[0])
            if self.dialect.routes:  # without routing the hub itself is asked: it answers from what it keeps
                arrangement = Direct(owner)
        if isinstance(arrangement, Direct):
            platform = self.reach(arrangement.receiver)
            if platform.protocol == "ocpi":
                forwarded = self.forward(arrangement.receiver, platform, path=path)
                return self.relay(forwarded, self.found(article, forwarded.data, owner=arrangement.receiver))
        owner = arrangement.receiver if isinstance(arrangement, Direct) else owner
        location = find_location(viewer=self.address.sender, location_id=path[0], at=self.at, owner=owner)
        part = find_part(location, path[1:]) if location else None
        if part is None:
            raise OcpiRefusal("not found", http=404, code=UNKNOWN_LOCATION)
        if location is not None and not (location.publish or self.dialect.routes):
            part = location  # a part of what must not be shown is not shown either
            article = self.dialect.location
        return self.success(self.found(article, part, owner=location.owner if location else None))

    def limit_of(self, request: Request) -> Any:
        """This function will count single objects as what they are: no lists."""
        return self.limit

    def _owner_of(self, location_id: str) -> canonical.PartyId:
        owners = find_owners_of(location_id=location_id, viewer=self.address.sender, at=self.at)
        if len(owners) > 1:
            raise bad_parameter("OCPI-to-country-code, OCPI-to-party-id: required, several operators have a location of this id")
        if not owners:
            raise OcpiRefusal("no operator is known for this location", code=UNKNOWN_LOCATION)
        return owners[0]


class LocationReceiver(PushDoor):
    """What operators push: locations, EVSEs and connectors."""

    module = "locations"
    side = Side.OPERATOR
    body_limit = 4 * KIB * KIB

    def get(self, request: Request, version: str, country_code: str, party_id: str, **ids: str) -> HttpResponse:
        """This function will answer the object as its receiver keeps it."""
        path = self._path(ids)

        def find() -> Any:
            location = find_own_location(owner=self.address.sender, location_id=path[0], audience=self._audience())
            return find_part(location, path[1:]) if location else None

        return self.stored(_article(self.dialect, len(path) - 1), find, path=(country_code, party_id, *path))

    def put(self, request: Request, version: str, country_code: str, party_id: str, **ids: str) -> HttpResponse:
        """This function will take a whole location, EVSE or connector."""
        owner, path = self.own_party(), self._path(ids)
        message = _article(self.dialect, len(path) - 1).read(self.body(), owner=owner)
        if len(path) == 1:
            check_same(
                country_code=(message.country_code, owner.country_code),
                party_id=(message.party_id, owner.party_id),
                id=(message.id, path[0]),
            )
        elif len(path) == 2:
            check_same(uid=(message.uid, path[1]))
        else:
            check_same(id=(message.id, path[2]))
        return self.push(
            self._store(owner, path, message),
            path=(country_code, party_id, *path),
            message=message,
            last_updated=message.last_updated,
        )

    def patch(self, request: Request, version: str, country_code: str, party_id: str, **ids: str) -> HttpResponse:
        """This function will take changed fields of a location, EVSE or connector."""
        owner, path = self.own_party(), self._path(ids)
        changes = _article(self.dialect, len(path) - 1).read_patch(self.body(), at=self.at, needs_stamp=self.needs_stamp())
        name = "uid" if len(path) == 2 else "id"
        if name in changes:
            check_same(**{name: (changes[name], path[-1])})
        for name in ("country_code", "party_id"):
            if name in changes:
                check_same(**{name: (changes[name], getattr(owner, name))})

        def store(audience: canonical.PartyId | None, deliver: bool) -> Receipt:
            return patch_location(
                owner=owner,
                location_id=path[0],
                evse_uid=path[1] if len(path) > 1 else None,
                connector_id=path[2] if len(path) > 2 else None,
                changes=changes,
                audience=audience,
                at=self.at,
                correlation_id=self.ids.correlation_id,
                deliver=deliver,
            )

        return self.push(store, path=(country_code, party_id, *path), changes=changes)

    def _path(self, ids: dict[str, str]) -> tuple[str, ...]:
        return tuple(self.object_id(name) for name in ids)

    def _audience(self) -> canonical.PartyId | None:
        receiver = self.address.receiver
        return receiver if receiver not in (None, self.directory.hub.key) else None

    def _store(
        self, owner: canonical.PartyId, path: tuple[str, ...], message: msgspec.Struct
    ) -> Callable[[canonical.PartyId | None, bool], Receipt]:
        def store(audience: canonical.PartyId | None, deliver: bool) -> Receipt:
            told: dict[str, Any] = {
                "audience": audience,
                "at": self.at,
                "correlation_id": self.ids.correlation_id,
                "deliver": deliver,
            }
            match message:
                case canonical.Location():
                    return put_location(location=message, **told)
                case canonical.Evse():
                    return put_evse(owner=owner, location_id=path[0], evse=message, **told)
                case canonical.Connector():
                    return put_connector(owner=owner, location_id=path[0], evse_uid=path[1], connector=message, **told)
            raise TypeError(type(message))

        return store
