"""PURE. The dated table of rules: how a supply of charging is taxed, by whom, and under which article.

The first rule that fits decides. Its `note` is what a charge, a pair total and a line carry, so that every VAT group names its rule;
`article` and `law` are what documents print. Rules are never edited: one that ends gets `until`, its successor stands beside it.
Electricity for vehicles is a supply of goods (CJEU C-282/22, C-60/23): place of supply by Art. 38 (the buyer resells) or Art. 39
(where it is consumed) of Directive 2006/112/EC, tax by the buyer under Art. 195. What no rule decides is taxed as the CDR says.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

ALWAYS = date(2007, 1, 1)  # Directive 2006/112/EC applies

# As VAT ids begin: Greece is EL there.
EU_STATES = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)

AS_TOLD = "as told"
REVERSE_CHARGE = "reverse charge"


class Dealer(StrEnum):
    """What the buyer declared: that it resells electricity (Art. 38(2)), that it does not, or nothing ever."""

    DECLARED = "declared"
    DENIED = "denied"
    SILENT = "silent"


class Place(StrEnum):
    """Where the charge point stands, seen from the two parties' states of taxation."""

    SELLER = "seller's state"
    BUYER = "buyer's state"
    ELSEWHERE = "elsewhere"


class Proof(StrEnum):
    """What the rule rests on beyond both VAT ids; a document is not written before it is there."""

    NONE = ""
    DEALER = "dealer"
    REGISTRATION = "registration"
    ADVICE = "advice"  # no row decides such a supply: a tax adviser does, and then there is one


class Rule(NamedTuple):
    """One row. Zones are EU, GB, CH (with LI), NO, IS or * for any; None means: whatever it is."""

    code: str
    note: str
    seller: str
    buyer: str
    same_state: bool | None
    dealer: Dealer | None
    place: Place | None
    is_taxed: bool  # by the seller, at the rate that the CDR tells
    category: str  # EN 16931, code list UNTDID 5305: S, AE, O
    article: str
    law: str
    proof: Proof = Proof.NONE
    since: date = ALWAYS
    until: date | None = None


_DOMESTIC = "Buyer and seller are taxed in one state: the seller charges its VAT (Art. 193)."
_UK_SINCE = date(2021, 1, 1)  # the end of the transition period: until then the United Kingdom was taxed like a member state

SUPPLY_RULES: tuple[Rule, ...] = (
    # --- inside the Union
    Rule("EU-HOME", "domestic", "EU", "EU", True, Dealer.DECLARED, None, True, "S", "Art. 38, Art. 193", _DOMESTIC),
    Rule("EU-HOME", "domestic", "EU", "EU", True, None, Place.SELLER, True, "S", "Art. 39, Art. 193", _DOMESTIC),
    *(
        Rule(
            *("EU-39-AWAY", "taxed at the charge point, Art. 39", "EU", "EU", same, Dealer.DENIED, Place.ELSEWHERE, True, "S"),
            *("Art. 39", "The buyer does not resell: taxed where the electricity is consumed, by the seller's registration there."),
            Proof.REGISTRATION,
        )
        for same in (True, False)
    ),
    Rule(
        *("EU-38-RC", "reverse charge, Art. 38 and 195", "EU", "EU", False, Dealer.DECLARED, None, False, "AE"),
        *("Art. 38, Art. 195", "The buyer resells: taxed where it is established, and it accounts for the VAT."),
    ),
    Rule(
        *("EU-39-RC", "reverse charge, Art. 39 and 195", "EU", "EU", False, Dealer.DENIED, Place.BUYER, False, "AE"),
        *("Art. 39, Art. 195", "Consumed in the buyer's state, where the seller is not established: the buyer accounts for the VAT."),
    ),
    Rule(
        *("EU-39-HOME", "taxed at the charge point, Art. 39", "EU", "EU", False, Dealer.DENIED, Place.SELLER, True, "S"),
        *("Art. 39, Art. 193", "The buyer does not resell: taxed where the electricity is consumed, the seller's own state."),
    ),
    Rule(
        *("EU-RC", REVERSE_CHARGE, "EU", "EU", False, Dealer.SILENT, None, False, "AE"),
        *("Art. 195", "Between two states of the Union the buyer accounts for the VAT."),
        Proof.DEALER,
    ),
    # --- the United Kingdom: wholesale electricity is supplied where the customer is established
    Rule("GB-HOME", "domestic", "GB", "GB", None, None, None, True, "S", "VATA 1994", "Supplied in the United Kingdom.", since=_UK_SINCE),
    Rule(
        *("GB-OUT", "outside UK VAT", "GB", "*", None, Dealer.DECLARED, None, False, "O", "VATA 1994"),
        *("Wholesale supply to a customer established abroad: outside the scope of UK VAT.", Proof.NONE, _UK_SINCE),
    ),
    Rule(
        *("GB-IN", "outside EU VAT, UK reverse charge", "EU", "GB", None, Dealer.DECLARED, None, False, "O", "Art. 38; VATA 1994"),
        *("Supplied where the reseller is established, the United Kingdom: it accounts for the VAT there.", Proof.NONE, _UK_SINCE),
    ),
    # --- Switzerland with Liechtenstein: the recipient's seat, else the station (Art. 7(2) of the Swiss VAT act)
    Rule("CH-HOME", "domestic", "CH", "CH", None, None, None, True, "S", "Art. 7(2) MWSTG", "Supplied in Switzerland."),
    Rule(
        *("CH-OUT", "outside Swiss VAT, Art. 7(2)", "CH", "*", None, Dealer.DECLARED, None, False, "O", "Art. 7(2) MWSTG"),
        "Supplied where the recipient has its seat, abroad: outside the scope of Swiss VAT.",
    ),
    Rule(
        *("CH-IN", "outside EU VAT, CH acquisition tax", "EU", "CH", None, Dealer.DECLARED, None, False, "O", "Art. 38; Art. 7(2) MWSTG"),
        "Supplied at the recipient's seat in Switzerland: it declares acquisition tax (Art. 45 MWSTG).",
    ),
    # --- Norway and Iceland: each at home by its own act; a reseller there buys outside the Union's VAT; nothing else is known
    Rule(
        *("NO-HOME", "domestic, Norway", "NO", "NO", True, None, Place.SELLER, True, "S", "merverdiavgiftsloven § 1-3, § 3-1"),
        *("Electricity is goods, supplied in Norway by a seller of Norway: the seller charges its VAT.", Proof.NONE, date(2010, 1, 1)),
    ),
    Rule(
        *("IS-HOME", "domestic, Iceland", "IS", "IS", True, None, Place.SELLER, True, "S", "lög nr. 50/1988, 1. og 2. gr."),
        "Supplied in Iceland by a seller of Iceland: the seller charges its VAT.",
    ),
    *(
        Rule(
            *(f"{zone}-IN", f"outside EU VAT, reseller in {land}", "EU", zone, None, Dealer.DECLARED, None, False, "O", "Art. 38"),
            f"The buyer resells and is established in {land}: outside the scope of VAT of the Union; what is due there is for the buyer.",
        )
        for zone, land in (("NO", "Norway"), ("IS", "Iceland"))
    ),
    *(
        Rule(
            *(f"{zone}-OPEN", f"undecided: {land}", seller, buyer, None, None, None, True, "S", "none"),
            *(f"VAT as the CDR tells it: for supplies of this kind with {land} local advice comes first.", Proof.ADVICE),
        )
        for zone, land in (("NO", "Norway"), ("IS", "Iceland"))
        for seller, buyer in ((zone, "*"), ("*", zone))
    ),
)

_NO_RULE = Rule(
    *(AS_TOLD, "", "*", "*", None, None, None, True, "S"),
    *("Art. 193", "VAT as the CDR tells it: no rule of the table decides, because tax details of a party are missing."),
)

_SERVICE = "The hub's service to a business: taxed where the recipient is established"
# The hub's own fee is a service: Art. 44 decides where, Art. 196 who pays.
FEE_RULES: tuple[Rule, ...] = (
    Rule("FEE-HOME", "", "*", "*", True, None, None, True, "S", "Art. 44, Art. 193", f"{_SERVICE}, here the hub's own state."),
    Rule(
        *("FEE-RC", REVERSE_CHARGE, "EU", "EU", False, None, None, False, "AE", "Art. 44, Art. 196"),
        f"{_SERVICE}, and it accounts for the VAT.",
    ),
    *(
        Rule(
            *("FEE-OUT", "outside scope, Art. 44", seller, buyer, False, None, None, False, "O", "Art. 44"),
            f"{_SERVICE}, in another tax territory.",
        )
        for seller, buyer in (("*", "GB"), ("*", "CH"), ("GB", "*"), ("CH", "*"), ("EU", "NO"), ("EU", "IS"))
    ),
)


def zone_of(state: str) -> str:
    """This function will return EU, GB, CH, NO, IS or nothing for the two letters that a VAT id begins with."""
    if state in EU_STATES:
        return "EU"
    return {"GB": "GB", "XI": "GB", "CH": "CH", "LI": "CH", "NO": "NO", "IS": "IS"}.get(state, "")


def state_of(vat_id: str) -> str:
    """This function will return the two letters of the state that gave a VAT id, nothing where there is no id."""
    return vat_id[:2]


def find_rule(
    *, rules: tuple[Rule, ...], seller: str, buyer: str, on: date, dealer: Dealer = Dealer.SILENT, place: Place | None = None
) -> Rule | None:
    """This function will return the first rule that decides between two states of taxation on a day, or None."""
    if not seller or not buyer:
        return None
    zones = (zone_of(seller), zone_of(buyer))
    for rule in rules:
        if (
            rule.since <= on
            and (rule.until is None or on < rule.until)
            and rule.seller in ("*", zones[0])
            and rule.buyer in ("*", zones[1])
            and rule.same_state in (None, seller == buyer)
            and rule.dealer in (None, dealer)
            and rule.place in (None, place)
        ):
            return rule
    return None


def supply_rule(*, seller: str, buyer: str, on: date, dealer: Dealer, place: Place) -> Rule:
    """This function will return the rule of a supply between the states `seller` and `buyer`; AS_TOLD where none decides."""
    return find_rule(rules=SUPPLY_RULES, seller=seller, buyer=buyer, on=on, dealer=dealer, place=place) or _NO_RULE


def rule_named(*, note: str, is_fee: bool = False) -> Rule:
    """This function will return the rule that a stored note names (of hub fees with `is_fee`); AS_TOLD for one it does not know."""
    return next((rule for rule in (FEE_RULES if is_fee else SUPPLY_RULES) if rule.note == note), _NO_RULE)
