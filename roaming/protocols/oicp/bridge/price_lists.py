"""What an OICP provider pulls of OCPI operators' prices: their tariffs as products, and which applies at which EVSE (oicp §6.10)."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from roaming import canonical
from roaming.locations.queries import list_locations
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.bridge.crossings import TO_OICP, note_crossing
from roaming.protocols.oicp.bridge.products import NotSayable, is_in_force, write_product
from roaming.protocols.oicp.identifiers import EVSE_ID
from roaming.protocols.wire.loss import LossReport, Touches
from roaming.tariffs.queries import list_own_tariffs, list_tariffs

_AT_ONCE = 500
_WATTS = 1000
_MOST_KW = 350  # of a product that no EVSE names


class PriceList(msgspec.Struct, frozen=True):
    """One operator's prices for one provider: products, and (EvseID, product ids) where any applies."""

    products: list[dict[str, Any]]
    evses: list[tuple[str, list[str]]]


def price_lists(
    *, viewer: canonical.PartyId, owners: Mapping[canonical.PartyId, int], since: datetime | None, at: datetime
) -> dict[int, PriceList]:
    """This function will return the price lists of OCPI operators (`owners`: their rows) as `viewer` may see them, by row.

    With `since` those in which a tariff changed after it; a tariff that is no product is left out, and counted as lost.
    """
    tariffs: dict[canonical.PartyId, dict[str, canonical.Tariff]] = {}
    for tariff in _tariffs(viewer, at):
        if tariff.owner in owners and is_in_force(tariff, at=at):
            tariffs.setdefault(tariff.owner, {})[tariff.id.upper()] = tariff
    changed = {owner for owner, held in tariffs.items() if since is None or any(tariff.last_updated > since for tariff in held.values())}
    if not changed:
        return {}
    evses: dict[canonical.PartyId, list[tuple[str, list[str], int]]] = {owner: [] for owner in changed}
    for location in _locations(viewer, at):
        if location.owner in changed and location.publish:
            evses[location.owner] += _offers(location)
    return {owners[owner]: _list(owner, viewer, tariffs[owner], evses[owner], at) for owner in changed}


def unsayable_tariffs(*, owner: PartyEntry, at: datetime) -> list[tuple[str, str]]:
    """This function will list the operator's tariffs in force that are no products, with the reason."""
    found = []
    for tariff in list_own_tariffs(owner=owner.key):
        try:
            write_product(tariff, power_kw=_MOST_KW, report=LossReport())
        except NotSayable as reason:
            if is_in_force(tariff, at=at):
                found.append((tariff.id, str(reason)))
    return found


def _list(
    owner: canonical.PartyId,
    viewer: canonical.PartyId,
    tariffs: Mapping[str, canonical.Tariff],
    evses: list[tuple[str, list[str], int]],
    at: datetime,
) -> PriceList:
    products: dict[str, dict[str, Any]] = {}
    for key, tariff in tariffs.items():
        report = LossReport()
        power = max((kw for _, told, kw in evses if key in told), default=_MOST_KW)
        try:
            products[key] = write_product(tariff, power_kw=power, report=report)
        except NotSayable as reason:
            report.dropped("elements", str(reason), touches=Touches.PRICE)
        note_crossing(
            report, owner=owner, receiver=viewer, module="tariffs", version=TO_OICP, object_id=tariff.id, at=at, is_blocked=report.blocks
        )
    applied = [(evse_id, [products[key]["ProductID"] for key in told if key in products]) for evse_id, told, _ in evses]
    return PriceList(list(products.values()), [(evse_id, told) for evse_id, told in applied if told])


def _offers(location: canonical.Location) -> Iterator[tuple[str, list[str], int]]:
    for evse in location.evses:
        told = list(dict.fromkeys(key.upper() for connector in evse.connectors for key in connector.tariff_ids))
        if told and evse.evse_id and re.fullmatch(EVSE_ID, evse.evse_id):
            yield evse.evse_id, told, max(_kilowatts(connector) for connector in evse.connectors)


def _kilowatts(connector: canonical.Connector) -> int:
    watts = connector.max_electric_power or connector.max_voltage * connector.max_amperage * (
        3 if connector.power_type == "AC_3_PHASE" else 1
    )
    return max(1, round(watts / _WATTS))


def _tariffs(viewer: canonical.PartyId, at: datetime) -> Iterator[canonical.Tariff]:
    page = list_tariffs(viewer=viewer, at=at, limit=_AT_ONCE)
    yield from page.items
    while page.next is not None:
        page = list_tariffs(viewer=viewer, at=at, limit=_AT_ONCE, after=page.next)
        yield from page.items


def _locations(viewer: canonical.PartyId, at: datetime) -> Iterator[canonical.Location]:
    page = list_locations(viewer=viewer, at=at, limit=_AT_ONCE)
    yield from page.items
    while page.next is not None:
        page = list_locations(viewer=viewer, at=at, limit=_AT_ONCE, after=page.next)
        yield from page.items
