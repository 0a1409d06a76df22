"""Pricing products that OICP operators push, and which apply at which EVSE: per provider or for all, every version kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from roaming.objects.versions import Action, Change, Shelf, push

_ENCODER = msgspec.json.Encoder(decimal_format="number")

PRODUCTS = Shelf(
    table="roaming_pricingproduct",
    columns=(("owner_id", "bigint"), ("provider_id", "bigint"), ("product_id", "text"), ("product_key", "text"), ("document", "jsonb")),
    scope="owner_id = %s AND coalesce(provider_id, 0) = %s AND product_key <> ''",
    keys=("product_key",),
    key_names=("product_key",),
)
EVSE_PRICES = Shelf(
    table="roaming_evsepricing",
    columns=(("owner_id", "bigint"), ("provider_id", "bigint"), ("evse_key", "text"), ("evse_id", "text"), ("products", "jsonb")),
    scope="owner_id = %s",
    keys=("coalesce(provider_id, 0)::text", "evse_key"),
    key_names=("provider_key", "evse_key"),
)
# What was told for the provider alone goes before what was told for all.
_PRODUCT = """
SELECT document::text FROM roaming_pricingproduct
WHERE owner_id = %s AND product_key = %s AND coalesce(provider_id, 0) IN (0, %s) AND valid_from <= %s
    AND (valid_to IS NULL OR valid_to > %s)
ORDER BY provider_id NULLS LAST, id DESC LIMIT 1
"""
_EVSE = """
SELECT products::text FROM roaming_evsepricing
WHERE owner_id = %s AND evse_key = %s AND coalesce(provider_id, 0) IN (0, %s) AND valid_from <= %s
    AND (valid_to IS NULL OR valid_to > %s)
ORDER BY provider_id NULLS LAST, id DESC LIMIT 1
"""
_FIRST = """
SELECT document::text FROM roaming_pricingproduct
WHERE owner_id = %s AND product_key = %s AND coalesce(provider_id, 0) IN (0, %s) ORDER BY provider_id NULLS LAST, id LIMIT 1
"""


@transaction.atomic
def push_products(
    *, owner: int, provider: int | None, action: Action, header: dict[str, Any], products: Sequence[dict[str, Any]], at: datetime
) -> Change:
    """This function will apply a push of products for one provider, or for all; `header` is the push without them.

    It raises PushRefused (see `objects.versions`).
    """
    rows = [_product_row(owner, provider, product) for product in products]
    change = push(shelf=PRODUCTS, scope=[owner, provider or 0], lock=f"prices:{owner}", action=action, rows=rows, at=at)
    if action != "delete":
        _put_header(owner, provider, header, at)
    return change


def push_evse_prices(*, owner: int, action: Action, prices: Sequence[tuple[int | None, str, str, list[str]]], at: datetime) -> Change:
    """This function will apply a push of (provider, key, EvseID, products); it raises PushRefused."""
    rows = [
        {
            "owner_id": owner,
            "provider_id": provider,
            "provider_key": provider or 0,
            "evse_key": key,
            "evse_id": evse_id,
            "products": products,
            "digest": b"changed",
        }
        for provider, key, evse_id, products in prices
    ]
    return push(shelf=EVSE_PRICES, scope=[owner], lock=f"evse-prices:{owner}", action=action, rows=rows, at=at)


def find_product(*, owner: int, provider: int, product_id: str, at: datetime) -> dict[str, Any] | None:
    """This function will return the product that held for the provider at that instant.

    Where the first version came after that instant, it counts: an operator that pushes its prices late charges by them all the same.
    """
    key = product_id.upper()
    with connection.cursor() as cursor:
        cursor.execute(_PRODUCT, [owner, key, provider, at, at])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_FIRST, [owner, key, provider])
            row = cursor.fetchone()
    return msgspec.json.decode(row[0], type=dict[str, Any]) if row else None


def find_products_of_evse(*, owner: int, provider: int, evse_key: str, at: datetime) -> list[str]:
    """This function will return the products that apply at an EVSE for the provider, in the operator's order."""
    with connection.cursor() as cursor:
        cursor.execute(_EVSE, [owner, evse_key, provider, at, at])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                "SELECT products::text FROM roaming_evsepricing WHERE owner_id = %s AND evse_key = %s"
                " AND coalesce(provider_id, 0) IN (0, %s) ORDER BY provider_id NULLS LAST, id LIMIT 1",
                [owner, evse_key, provider],
            )
            row = cursor.fetchone()
    return msgspec.json.decode(row[0], type=list[str]) if row else []


def find_public_prices(*, owner: int, evse_keys: Sequence[str]) -> dict[str, list[str]]:
    """This function will return the products that apply now for every provider, by the key of the EVSE."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT evse_key, products::text FROM roaming_evsepricing"
            " WHERE owner_id = %s AND provider_id IS NULL AND valid_to IS NULL AND evse_key = ANY(%s)",
            [owner, list(evse_keys)],
        )
        return {key: msgspec.json.decode(text, type=list[str]) for key, text in cursor.fetchall()}


def find_special_prices(*, owner: int, evse_keys: Sequence[str]) -> dict[int, dict[str, list[str]]]:
    """This function will return the products that apply now for one provider alone: by provider, then by the key of the EVSE."""
    found: dict[int, dict[str, list[str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT provider_id, evse_key, products::text FROM roaming_evsepricing"
            " WHERE owner_id = %s AND provider_id IS NOT NULL AND valid_to IS NULL AND evse_key = ANY(%s) ORDER BY provider_id, id",
            [owner, list(evse_keys)],
        )
        for provider, key, text in cursor.fetchall():
            found.setdefault(provider, {})[key] = msgspec.json.decode(text, type=list[str])
    return found


def list_products(*, owners: Sequence[int], provider: int, since: datetime | None) -> list[tuple[int, int | None, str, dict[str, Any]]]:
    """This function will list (operator, provider or None, product key, document) that the provider may see; the header has key ''.

    With `since`, of sets in which something changed after that instant.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner_id, provider_id, product_key, document::text FROM roaming_pricingproduct p"
            " WHERE owner_id = ANY(%s) AND coalesce(provider_id, 0) IN (0, %s) AND valid_to IS NULL"
            " AND (%s::timestamptz IS NULL OR EXISTS (SELECT 1 FROM roaming_pricingproduct c WHERE c.owner_id = p.owner_id"
            " AND coalesce(c.provider_id, 0) = coalesce(p.provider_id, 0) AND (c.valid_from > %s OR c.valid_to > %s)))"
            " ORDER BY owner_id, provider_id NULLS FIRST, id",
            [list(owners), provider, since, since, since],
        )
        return [(row[0], row[1], row[2], msgspec.json.decode(row[3])) for row in cursor.fetchall()]


def list_evse_prices(*, owners: Sequence[int], provider: int, since: datetime | None) -> list[tuple[int, int | None, str, list[str]]]:
    """This function will list (operator, provider or None, EvseID, products) that the provider may see."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner_id, provider_id, evse_id, products::text FROM roaming_evsepricing"
            " WHERE owner_id = ANY(%s) AND coalesce(provider_id, 0) IN (0, %s) AND valid_to IS NULL"
            " AND (%s::timestamptz IS NULL OR valid_from > %s) ORDER BY owner_id, id",
            [list(owners), provider, since, since],
        )
        return [(row[0], row[1], row[2], msgspec.json.decode(row[3])) for row in cursor.fetchall()]


def _product_row(owner: int, provider: int | None, product: dict[str, Any]) -> dict[str, Any]:
    product_id = product["ProductID"]
    return {
        "owner_id": owner,
        "provider_id": provider,
        "product_id": product_id,
        "product_key": product_id.upper(),
        "document": product,
        "digest": b"changed",
    }


def _put_header(owner: int, provider: int | None, header: dict[str, Any], at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE roaming_pricingproduct SET valid_to = %s"
            " WHERE owner_id = %s AND coalesce(provider_id, 0) = %s AND product_key = '' AND valid_to IS NULL",
            [at, owner, provider or 0],
        )
        cursor.execute(
            "INSERT INTO roaming_pricingproduct (owner_id, provider_id, product_id, product_key, document, valid_from)"
            " VALUES (%s, %s, '', '', %s::jsonb, %s)",
            [owner, provider, _ENCODER.encode(header).decode(), at],
        )
