"""Copies of an OICP operator's locations for OCPI providers that pay by products of their own: their `tariff_ids` differ (oicp §6.10)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import connection

from roaming import canonical
from roaming.locations.queries import find_own_location
from roaming.locations.receive import put_location
from roaming.objects.announce import NoAgreement
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.bridge.locations import evse_uid_of
from roaming.protocols.oicp.bridge.tariffs import tariff_id_of
from roaming.routing.sides import Side
from roaming.tariffs.pricing_data import find_special_prices

Holders = Mapping[str, Sequence[PartyEntry]]  # by location id in upper case


def find_holders(*, owner: PartyEntry, location_ids: Sequence[str], at: datetime) -> Holders:
    """This function will name the OCPI providers that have copies of these locations and may still see them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT location_key, audience_id FROM roaming_location"
            " WHERE owner_id = %s AND location_key = ANY(%s) AND audience_id IS NOT NULL ORDER BY id",
            [owner.id, [location_id.upper() for location_id in location_ids]],
        )
        found = cursor.fetchall()
    holders: dict[str, list[PartyEntry]] = defaultdict(list)
    for key, row in found:
        if (provider := _provider(owner, row, at)) is not None:
            holders[key].append(provider)
    return holders


class Copies:
    """The copies that locations, as they are for everybody, need beside them."""

    def __init__(self, *, owner: PartyEntry, locations: Sequence[canonical.Location], evse_keys: Sequence[str], at: datetime) -> None:
        self._owner, self._locations, self._at = owner, locations, at
        special = find_special_prices(owner=owner.id, evse_keys=evse_keys)
        self._products = {row: {evse_uid_of(key): told for key, told in by_key.items()} for row, by_key in special.items()}
        paying = [provider for row in special if (provider := _provider(owner, row, at)) is not None]
        had = find_holders(owner=owner, location_ids=[location.id for location in locations], at=at)
        self.holders: dict[str, list[PartyEntry]] = {}
        for location in locations:
            uids = {evse.uid for evse in location.evses}
            kept = list(had.get(location.id.upper(), ()))
            kept += [provider for provider in paying if provider not in kept and uids & self._products[provider.id].keys()]
            if kept:
                self.holders[location.id.upper()] = kept

    def put(self, *, correlation_id: str) -> None:
        """This function will store and queue each copy with its provider's own tariffs."""
        for location in self._locations:
            for provider in self.holders.get(location.id.upper(), ()):
                copy = _with_products(location, self._products.get(provider.id, {}))
                _put(copy, provider, at=self._at, correlation_id=correlation_id)


def put_statuses(
    *, owner: PartyEntry, holders: Holders, statuses: Mapping[tuple[str, str], str], at: datetime, correlation_id: str
) -> None:
    """This function will set statuses (OCPI's, by location and EVSE in upper case) in every copy."""
    for key, providers in holders.items():
        for provider in providers:
            held = find_own_location(owner=owner.key, location_id=key, audience=provider.key)
            if held is not None:
                _put(with_statuses(held, statuses, at=at), provider, at=at, correlation_id=correlation_id)


def with_statuses(location: canonical.Location, statuses: Mapping[tuple[str, str], str], *, at: datetime) -> canonical.Location:
    """This function will return a location in which those EVSEs have their new status."""
    evses = tuple(
        msgspec.structs.replace(evse, status=told, last_updated=at)
        if (told := statuses.get((location.id.upper(), evse.uid.upper()))) is not None
        else evse
        for evse in location.evses
    )
    return msgspec.structs.replace(location, evses=evses, last_updated=at)


def _provider(owner: PartyEntry, row: int, at: datetime) -> PartyEntry | None:
    table = directory.current()
    entry = table.party_by_row(row)
    platform = table.platform_on_side(entry.key, Side.PROVIDER) if entry else None
    if entry is None or platform is None or platform.protocol == "oicp":
        return None
    return entry if table.may_roam(operator=owner.key, provider=entry.key, module="locations", on=at.date()) else None


def _with_products(location: canonical.Location, products: Mapping[str, Sequence[str]]) -> canonical.Location:
    return msgspec.structs.replace(location, evses=tuple(_evse(evse, products.get(evse.uid)) for evse in location.evses))


def _evse(evse: canonical.Evse, products: Sequence[str] | None) -> canonical.Evse:
    if products is None:
        return evse
    tariff_ids = tuple(tariff_id_of(product) for product in products)
    connectors = tuple(msgspec.structs.replace(connector, tariff_ids=tariff_ids) for connector in evse.connectors)
    return msgspec.structs.replace(evse, connectors=connectors)


def _put(location: canonical.Location, provider: PartyEntry, *, at: datetime, correlation_id: str) -> None:
    try:
        put_location(location=location, audience=provider.key, at=at, correlation_id=correlation_id)
    except NoAgreement:
        return  # it ended while this was written
