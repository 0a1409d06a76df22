"""PURE. What one CDR makes the provider owe, the operator earn and the hub keep."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from settlement.tax.rates import rate_told
from settlement.tax.treatment import Standing, treat_supply

_FOUR_DECIMALS = Decimal("0.0001")


class Fee(NamedTuple):
    """The hub's fee per original CDR: net amount, who bears it (operator, provider, both), currency."""

    amount: Decimal
    payer: str
    currency: str


class Amounts(NamedTuple):
    """The money of one charge, exact to four decimals. `gross` is `net` + `vat`; fees are net and in `fee_currency`."""

    net: Decimal
    vat_rate: Decimal
    vat: Decimal
    gross: Decimal
    tax_note: str
    operator_fee: Decimal
    provider_fee: Decimal
    fee_currency: str


def charge(
    *,
    net: Decimal,
    vat: Decimal | None,
    named_rates: Sequence[Decimal],
    country: str,
    on: date,
    seller_vat_id: str,
    buyer_vat_id: str,
    fee: Fee,
    declared: Iterable[Standing] = (),
) -> Amounts:
    """This function will return the amounts of an original CDR from its net amount and its VAT (None: not told).

    `declared` is what the buyer ever declared about reselling electricity.
    """
    told = rate_told(net=net, vat=vat or Decimal(0), named=named_rates, country=country, on=on)
    tax = treat_supply(
        vat=vat, rate=told, seller_vat_id=seller_vat_id, buyer_vat_id=buyer_vat_id, on=on, country=country, declared=declared
    )
    operator_fee, provider_fee = share_fee(fee)
    return Amounts(
        net=net,
        vat_rate=tax.rate,
        vat=tax.vat,
        gross=net + tax.vat,
        tax_note=tax.note,
        operator_fee=operator_fee,
        provider_fee=provider_fee,
        fee_currency=fee.currency if fee.amount else "",
    )


def charge_credit(*, original: Amounts) -> Amounts:
    """This function will return the exact negative of an original's charge. The hub's fee stays: clearing a credit is work too."""
    return Amounts(
        net=-original.net,
        vat_rate=original.vat_rate,
        vat=-original.vat,
        gross=-original.gross,
        tax_note=original.tax_note,
        operator_fee=Decimal(0),
        provider_fee=Decimal(0),
        fee_currency="",
    )


def share_fee(fee: Fee) -> tuple[Decimal, Decimal]:
    """This function will return the operator's and the provider's part; half each may differ in the last of four decimals."""
    match fee.payer:
        case "operator":
            return fee.amount, Decimal(0)
        case "provider":
            return Decimal(0), fee.amount
    half = (fee.amount / 2).quantize(_FOUR_DECIMALS, rounding=ROUND_HALF_UP)
    return half, fee.amount - half
