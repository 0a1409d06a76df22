"""Pricing products and which apply at which EVSE (oicp §1.3, no. 18 to 21). Net of VAT."""

from decimal import Decimal

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.evse_data import ACTION, OPENING_TIMES, OpeningTimes
from roaming.protocols.oicp.v2_3.kinds import ANY_PROVIDER, CURRENCIES, EVSE_IDS, MOMENT, OPERATOR_IDS, PROVIDER_IDS, Moment, Spelled, text
from roaming.protocols.wire.kinds import BOOLEAN, number, one_of
from roaming.protocols.wire.shapes import Shape, many, optional, required

HOUR, KWH, MINUTE = "HOUR", "KILOWATT_HOUR", "MINUTE"
FEES = ("START FEE", "FIXED FEE", "PARKING FEE", "MINIMUM FEE", "MAXIMUM FEE")


class AdditionalReference(Open, frozen=True, kw_only=True):
    """A fee beside the price."""

    kind: str
    unit: str
    price: Decimal


class Product(Open, frozen=True, kw_only=True):
    """One price, and when it holds."""

    product_id: str
    unit: str
    currency: str
    price: Decimal
    max_power: Decimal | None = None
    is_valid_24_hours: bool = True
    availability: tuple[OpeningTimes, ...] = ()
    additional: tuple[AdditionalReference, ...] = ()


class ProductData(Open, frozen=True, kw_only=True):
    """The products of one operator for one provider, or for all (`*`)."""

    operator_id: str
    provider_id: str
    default_price: Decimal
    default_currency: str
    default_unit: str
    products: tuple[Product, ...]
    operator_name: str | None = None


class ProductPush(Open, frozen=True, kw_only=True):
    """PushPricingProductData."""

    action: str
    data: ProductData


class EvsePrice(Open, frozen=True, kw_only=True):
    """The products that apply at one EVSE."""

    evse_id: str
    provider_id: str
    products: tuple[str, ...]


class EvsePricePush(Open, frozen=True, kw_only=True):
    """PushEVSEPricing."""

    action: str
    prices: tuple[EvsePrice, ...]


class PricePull(Open, frozen=True, kw_only=True):
    """Which operators' prices a provider asks for."""

    operator_ids: tuple[str, ...]
    provider_id: str | None = None
    last_call: Moment | None = None


_UNIT = one_of(HOUR, KWH, MINUTE)
_PRICE = number(10**6, lowest=0)
_ADDITIONAL = Shape(
    AdditionalReference,
    required("AdditionalReference", one_of(*FEES), as_="kind"),
    required("AdditionalReferenceUnit", _UNIT, as_="unit"),
    required("PricePerAdditionalReferenceUnit", _PRICE, as_="price"),
)
PRODUCT_SHAPE = Shape(
    Product,
    required("ProductID", text(50, shortest=1), as_="product_id"),
    required("ReferenceUnit", _UNIT, as_="unit"),
    required("ProductPriceCurrency", CURRENCIES, as_="currency"),
    required("PricePerReferenceUnit", _PRICE, as_="price"),
    required("MaximumProductChargingPower", number(10**5, lowest=0), as_="max_power"),
    required("IsValid24hours", BOOLEAN, as_="is_valid_24_hours"),
    required("ProductAvailabilityTimes", many(OPENING_TIMES.kind), as_="availability"),
    optional("AdditionalReferences", many(_ADDITIONAL.kind), as_="additional"),
)
PRODUCT_DATA = Shape(
    ProductData,
    required("OperatorID", OPERATOR_IDS, as_="operator_id"),
    optional("OperatorName", text(100), as_="operator_name"),
    required("ProviderID", ANY_PROVIDER, as_="provider_id"),
    required("PricingDefaultPrice", _PRICE, as_="default_price"),
    required("PricingDefaultPriceCurrency", CURRENCIES, as_="default_currency"),
    required("PricingDefaultReferenceUnit", _UNIT, as_="default_unit"),
    required("PricingProductDataRecords", many(PRODUCT_SHAPE.kind), as_="products"),
)
PRODUCT_PUSH = Shape(
    ProductPush, required("ActionType", ACTION, as_="action"), required("PricingProductData", PRODUCT_DATA.kind, as_="data")
)
EVSE_PRICE = Shape(
    EvsePrice,
    required("EvseID", EVSE_IDS, as_="evse_id"),
    required("ProviderID", ANY_PROVIDER, as_="provider_id"),
    required("EvseIDProductList", many(text(50, shortest=1)), as_="products"),
)
EVSE_PRICE_PUSH = Shape(
    EvsePricePush, required("ActionType", ACTION, as_="action"), required("EVSEPricing", many(EVSE_PRICE.kind), as_="prices")
)
PRICE_PULL = Spelled(
    PricePull,
    required("OperatorIDs", many(OPERATOR_IDS), as_="operator_ids"),
    optional("ProviderID", PROVIDER_IDS, as_="provider_id"),
    optional("LastCall", MOMENT, as_="last_call"),
    also={"OperatorIds": "OperatorIDs"},
)
