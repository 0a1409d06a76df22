"""PURE. How the supply of one CDR is taxed, and how a hub fee is.

Simple on purpose and honest about it: without VAT ids amounts are taxed as the CDR says; with VAT ids of two states of the
European Union the buyer accounts for the tax (reverse charge, Art. 195 of Directive 2006/112/EC). Place of supply by dealer status
and consumption, national variants and third countries are not decided here.
"""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from settlement.tax.rates import standard_rate

REVERSE_CHARGE = "reverse charge"

# As VAT ids begin: Greece is EL there.
EU_STATES = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)


class Treatment(NamedTuple):
    """The VAT of a supply: rate in percent, amount, and the note that a document carries for it."""

    rate: Decimal
    vat: Decimal
    note: str = ""


def treat_supply(*, vat: Decimal | None, rate: Decimal, seller_vat_id: str, buyer_vat_id: str) -> Treatment:
    """This function will say how the supply is taxed: `vat` (None: not told) and `rate` are what the CDR says."""
    if crosses_a_border(seller_vat_id=seller_vat_id, buyer_vat_id=buyer_vat_id):
        return Treatment(rate=Decimal(0), vat=Decimal(0), note=REVERSE_CHARGE)
    return Treatment(rate=rate, vat=vat if vat is not None else Decimal(0))


def treat_fee(*, hub_vat_id: str, party_vat_id: str, on: date) -> Treatment:
    """This function will return the rate and note for a hub fee (`vat` is 0: the group is rounded by the caller).

    Domestic VAT is taken only where hub and party have a VAT id of one state; across a border of the Union the party accounts for it.
    """
    if crosses_a_border(seller_vat_id=hub_vat_id, buyer_vat_id=party_vat_id):
        return Treatment(rate=Decimal(0), vat=Decimal(0), note=REVERSE_CHARGE)
    state = hub_vat_id[:2]
    if not state or state != party_vat_id[:2]:
        return Treatment(rate=Decimal(0), vat=Decimal(0))
    return Treatment(rate=standard_rate(country="GR" if state == "EL" else state, on=on) or Decimal(0), vat=Decimal(0))


def crosses_a_border(*, seller_vat_id: str, buyer_vat_id: str) -> bool:
    """This function will tell whether both VAT ids are of the European Union, and of two states."""
    seller, buyer = seller_vat_id[:2], buyer_vat_id[:2]
    return seller in EU_STATES and buyer in EU_STATES and seller != buyer
