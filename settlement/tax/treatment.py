"""PURE. How the supply of one CDR is taxed, and how a hub fee is: the rule of the table, applied.

Without VAT ids amounts are taxed as the CDR says. With VAT ids of two states of the European Union the buyer accounts for the tax;
dealer declarations say by which article, and where the charge point decides instead.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from settlement.tax.rates import alpha_2, standard_rate
from settlement.tax.rules import AS_TOLD, EU_STATES, FEE_RULES, REVERSE_CHARGE, Dealer, Place, find_rule, state_of, supply_rule

__all__ = ["EU_STATES", "REVERSE_CHARGE", "Standing", "Treatment", "crosses_a_border", "dealer_of", "treat_fee", "treat_supply"]


class Treatment(NamedTuple):
    """The VAT of a supply: rate in percent, amount, and the note that names its rule."""

    rate: Decimal
    vat: Decimal
    note: str = ""


class Standing(NamedTuple):
    """What a party declared for a time (half-open): `is_dealer` and where it is established, as VAT ids begin."""

    country: str
    is_dealer: bool
    since: date
    until: date | None

    def holds(self, on: date) -> bool:
        """Whether the declaration covers a day."""
        return self.since <= on and (self.until is None or on < self.until)


def treat_supply(
    *,
    vat: Decimal | None,
    rate: Decimal,
    seller_vat_id: str,
    buyer_vat_id: str,
    on: date = date.max,
    country: str = "",
    declared: Iterable[Standing] = (),
) -> Treatment:
    """This function will say how the supply is taxed: `vat` (None: not told) and `rate` are what the CDR says.

    `country` is the charge point's (alpha-2 or alpha-3), `declared` what the buyer ever declared, `on` the day of the session's end.
    """
    dealer, established = dealer_of(declared=declared, on=on)
    seller, buyer = state_of(seller_vat_id), established or state_of(buyer_vat_id)
    told = Treatment(rate=rate, vat=vat if vat is not None else Decimal(0))
    if not seller_vat_id or not buyer_vat_id:
        return told
    rule = supply_rule(seller=seller, buyer=buyer, on=on, dealer=dealer, place=_place(country, seller, buyer))
    if rule.code == AS_TOLD:
        return told
    return told._replace(note=rule.note) if rule.is_taxed else Treatment(rate=Decimal(0), vat=Decimal(0), note=rule.note)


def dealer_of(*, declared: Iterable[Standing], on: date) -> tuple[Dealer, str]:
    """This function will return what a buyer's declarations say about a day, and where the dealer is established.

    Who declared something for other days only is no dealer on this one: a declaration that lapsed is not presumed to go on.
    """
    all_of_them = tuple(declared)
    if not all_of_them:
        return Dealer.SILENT, ""
    held = next((standing for standing in all_of_them if standing.holds(on)), None)
    return (Dealer.DECLARED, held.country) if held is not None and held.is_dealer else (Dealer.DENIED, "")


def treat_fee(*, hub_vat_id: str, party_vat_id: str, on: date) -> Treatment:
    """This function will return the rate and note for a hub fee (`vat` is 0: the group is rounded by the caller).

    Domestic VAT is taken only where hub and party have a VAT id of one state; across a border of the Union the party accounts for it.
    """
    state = state_of(hub_vat_id)
    rule = find_rule(rules=FEE_RULES, seller=state, buyer=state_of(party_vat_id), on=on)
    if rule is None:
        return Treatment(rate=Decimal(0), vat=Decimal(0))
    rate = standard_rate(country="GR" if state == "EL" else state, on=on) if rule.is_taxed else None
    return Treatment(rate=rate or Decimal(0), vat=Decimal(0), note=rule.note)


def crosses_a_border(*, seller_vat_id: str, buyer_vat_id: str) -> bool:
    """This function will tell whether both VAT ids are of the European Union, and of two states."""
    seller, buyer = state_of(seller_vat_id), state_of(buyer_vat_id)
    return seller in EU_STATES and buyer in EU_STATES and seller != buyer


def _place(country: str, seller: str, buyer: str) -> Place:
    state = {"GR": "EL"}.get(alpha_2(country), alpha_2(country))
    if not state or state == seller:  # a CDR that names no country says nothing against the seller's own
        return Place.SELLER
    return Place.BUYER if state == buyer else Place.ELSEWHERE
