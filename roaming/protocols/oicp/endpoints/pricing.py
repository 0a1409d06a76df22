"""PushPricingProductData and PushEVSEPricing of operators, and the pulls of providers (oicp §1.3, no. 18 to 21)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from roaming.canonical import PartyId
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.offers import publish_tariffs
from roaming.protocols.oicp.bridge.price_lists import price_lists
from roaming.protocols.oicp.bridge.publication import locations_of, publish
from roaming.protocols.oicp.endpoints.door import MIB, OicpDoor
from roaming.protocols.oicp.endpoints.evse_data import visible_operators
from roaming.protocols.oicp.identifiers import evse_key, party_key, read_party, write_operator, write_provider
from roaming.protocols.oicp.partners import is_own_evse
from roaming.protocols.oicp.refusals import OicpRefusal
from roaming.protocols.oicp.v2_3.pricing import EVSE_PRICE_PUSH, PRICE_PULL, PRODUCT_PUSH, PricePull
from roaming.routing.sides import Side
from roaming.tariffs.pricing_data import list_evse_prices, list_products, push_evse_prices, push_products

_RECORDS = "PricingProductDataRecords"


class PushPricingProductDataDoor(OicpDoor):
    """POST dynamicpricing/v10/operators/{operatorID}/pricing-products."""

    side = Side.OPERATOR
    operation = "push-products"
    body_limit = 16 * MIB
    is_large = True

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will apply a push of products for one provider or for all, and tell OCPI providers the tariffs."""
        push = PRODUCT_PUSH.read(body)
        self.check_id(push.data.operator_id)
        provider = find_addressed(self, push.data.provider_id)
        raw = body["PricingProductData"]
        header = {name: value for name, value in raw.items() if name != _RECORDS}
        push_products(
            owner=self.entry.id,
            provider=provider.id if provider else None,
            action=push.action,  # type: ignore[arg-type]
            header=header,
            products=raw[_RECORDS],
            at=self.at,
        )
        publish_tariffs(owner=self.entry, provider=provider, products=push.data.products, action=push.action, at=self.at)
        return statuses.acknowledgement(statuses.SUCCESS)


class PushEvsePricingDoor(OicpDoor):
    """POST dynamicpricing/v10/operators/{operatorID}/evse-pricing."""

    side = Side.OPERATOR
    operation = "push-evse-pricing"
    body_limit = 64 * MIB
    is_large = True

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will apply a push of which products apply where."""
        push = EVSE_PRICE_PUSH.read(body)
        if any(not is_own_evse(evse_id=one.evse_id, operator=self.party, platform=self.caller) for one in push.prices):
            raise OicpRefusal(statuses.INCONSISTENT_EVSE)
        prices = []
        for one in push.prices:
            provider = find_addressed(self, one.provider_id)
            prices.append((provider.id if provider else None, evse_key(one.evse_id), one.evse_id, list(one.products)))
        with transaction.atomic():
            change = push_evse_prices(owner=self.entry.id, action=push.action, prices=prices, at=self.at)  # type: ignore[arg-type]
            # Which tariff applies stands in OCPI's locations: those of the EVSEs concerned are told anew.
            touched = [key for _, key in (*change.inserted, *change.updated, *change.deleted)]
            places = locations_of(owner=self.entry, evse_keys=touched, at=self.at)
            publish(owner=self.entry, location_ids=sorted(places), at=self.at, correlation_id="")
        return statuses.acknowledgement(statuses.SUCCESS)


class PullPricingProductDataDoor(OicpDoor):
    """POST dynamicpricing/v10/providers/{providerID}/pricing-products."""

    side = Side.PROVIDER
    operation = "pull-products"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will return the products that operators told this provider, or all."""
        pull = PRICE_PULL.read(body)
        self.check_id(pull.provider_id)
        owners = asked_operators(self, pull)
        since = pull.last_call.at if pull.last_call else None
        grouped: dict[tuple[int, int | None], dict[str, Any]] = {}
        for owner, provider, key, document in list_products(owners=list(owners), provider=self.entry.id, since=since):
            data = grouped.setdefault(
                (owner, provider),
                {
                    "OperatorID": write_operator(owners[owner].key),
                    "ProviderID": write_provider(self.party) if provider else "*",
                    _RECORDS: [],
                },
            )
            if key:
                data[_RECORDS].append(document)
            else:
                data.update(document)
        told = [*grouped.values(), *self._of_tariffs(owners, since)]
        return {"PricingProductData": told, "StatusCode": statuses.status_code(statuses.SUCCESS)}

    def _of_tariffs(self, owners: dict[int, PartyEntry], since: datetime | None) -> list[dict[str, Any]]:
        """Write the tariffs of OCPI operators, as this provider may see them, as products; the first is the default price."""
        lists = price_lists(viewer=self.party, owners=ocpi_rows(self, owners), since=since, at=self.at)
        return [
            {
                "OperatorID": write_operator(owners[row].key),
                "OperatorName": owners[row].name,
                "ProviderID": write_provider(self.party),
                "PricingDefaultPrice": offered.products[0]["PricePerReferenceUnit"],
                "PricingDefaultPriceCurrency": offered.products[0]["ProductPriceCurrency"],
                "PricingDefaultReferenceUnit": offered.products[0]["ReferenceUnit"],
                _RECORDS: offered.products,
            }
            for row, offered in lists.items()
            if offered.products
        ]


class PullEvsePricingDoor(OicpDoor):
    """POST dynamicpricing/v10/providers/{providerID}/evse-pricing."""

    side = Side.PROVIDER
    operation = "pull-evse-pricing"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will return which products apply where for this provider."""
        pull = PRICE_PULL.read(body)
        self.check_id(pull.provider_id)
        owners = asked_operators(self, pull)
        since = pull.last_call.at if pull.last_call else None
        grouped: dict[int, list[dict[str, Any]]] = {}
        for owner, provider, evse_id, products in list_evse_prices(owners=list(owners), provider=self.entry.id, since=since):
            shown = write_provider(self.party) if provider else "*"
            grouped.setdefault(owner, []).append({"EvseID": evse_id, "ProviderID": shown, "EvseIDProductList": products})
        for row, offered in price_lists(viewer=self.party, owners=ocpi_rows(self, owners), since=since, at=self.at).items():
            own = write_provider(self.party)
            grouped[row] = [{"EvseID": evse_id, "ProviderID": own, "EvseIDProductList": products} for evse_id, products in offered.evses]
        told = [
            {"OperatorID": write_operator(owners[row].key), "OperatorName": owners[row].name, "EVSEPricing": prices}
            for row, prices in grouped.items()
            if prices
        ]
        return {"EVSEPricing": told, "StatusCode": statuses.status_code(statuses.SUCCESS)}


def ocpi_rows(door: OicpDoor, owners: dict[int, PartyEntry]) -> dict[PartyId, int]:
    """This function will return those of the operators that speak OCPI, with their rows."""
    hosts = {row: door.directory.platform_on_side(entry.key, Side.OPERATOR) for row, entry in owners.items()}
    return {owners[row].key: row for row, host in hosts.items() if host is not None and host.protocol != "oicp"}


def find_addressed(door: OicpDoor, provider_id: str) -> PartyEntry | None:
    """This function will return the provider that a price is for, or None for all (`*`); it raises 300."""
    if provider_id == "*":
        return None
    key = read_party(provider_id)
    entry = door.directory.party(key) if key else None
    if entry is None:
        raise OicpRefusal(statuses.PARTNER_NOT_FOUND, f"{provider_id} is not known as provider")
    return entry


def asked_operators(door: OicpDoor, pull: PricePull) -> dict[int, PartyEntry]:
    """This function will return the operators asked for that the provider may see, by row; none named: all of them."""
    asked = {party_key(text) for text in pull.operator_ids}
    return {
        entry.id: entry
        for entry in visible_operators(door, "tariffs")
        if not asked or f"{entry.key.country_code}{entry.key.party_id}" in asked
    }
