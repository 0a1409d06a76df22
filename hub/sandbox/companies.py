"""The invented companies: the demonstration's fixed cast, and as many more as a rehearsal asks for."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

from stdnum import iban
from stdnum.iso7064 import mod_97_10
from stdnum.util import get_cc_module

from hub.sandbox.geography import COUNTRIES, Country

OPERATOR = "CPO"
PROVIDER = "EMSP"
OCPI = "ocpi-2.2.1"
OICP = "oicp-2.3"


@dataclass(frozen=True)
class Company:
    """One party with what a statement needs of it. The VAT id and the IBAN are invented; their check digits are right."""

    country_code: str
    party_id: str
    name: str
    legal_name: str
    street: str
    postal_code: str
    city: str
    website: str
    vat_id: str
    iban: str
    roles: tuple[str, ...]
    platform: str  # the software that hosts it; companies that name the same one share a connection
    waits_for_hub: bool = False  # its platform does not register itself: the hub connects
    protocol: str = OCPI

    @property
    def id(self) -> str:
        """The party as commands write it: DE-NLD."""
        return f"{self.country_code}-{self.party_id}"

    @property
    def country(self) -> Country:
        """Where it is at home."""
        return COUNTRIES[self.country_code]


# (country, party id, brand, legal form, street, postal code, city, roles, platform, waits for the hub, protocol)
_CAST: tuple[tuple[str, str, str, str, str, str, str, tuple[str, ...], str, bool, str], ...] = (
    ("DE", "NLD", "Nordlicht Laden", "GmbH", "Speicherstraße 14", "20457", "Hamburg", (OPERATOR,), "Nordlicht Backend", False, OCPI),
    ("NL", "PSM", "Polderstroom", "B.V.", "Havenkade 88", "3511 AB", "Utrecht", (OPERATOR, PROVIDER), "Polderstroom Platform", False, OCPI),
    ("SE", "SGL", "Skärgård Laddning", "AB", "Hamngatan 3", "111 20", "Stockholm", (OPERATOR,), "Skärgård Moln", False, OCPI),
    ("CH", "FRN", "Firnstrom", "AG", "Seeweg 21", "6003", "Luzern", (OPERATOR,), "Ladeverbund Alpen", False, OCPI),
    ("AT", "WMB", "Wachau Mobil", "GmbH", "Donaulände 7", "4020", "Linz", (OPERATOR,), "Ladeverbund Alpen", False, OCPI),
    ("FR", "GRC", "Garrigue Recharge", "SAS", "Quai du Canal 52", "34000", "Montpellier", (OPERATOR,), "Garrigue Réseau", True, OCPI),
    ("DE", "FWK", "Fahrwerk Karte", "GmbH", "Lindenallee 120", "34117", "Kassel", (PROVIDER,), "Fahrwerk Cloud", False, OCPI),
    ("NL", "TLP", "Tulp Mobiel", "B.V.", "Spoorlaan 9", "4811 XV", "Breda", (PROVIDER,), "Tulp Mobiel", False, OCPI),
    ("FR", "HRD", "Hirondelle Mobilité", "SAS", "Rue des Tanneurs 31", "69002", "Lyon", (PROVIDER,), "Hirondelle", False, OCPI),
    ("SE", "NRS", "Norrsken Resor", "AB", "Storgatan 45", "411 06", "Göteborg", (PROVIDER,), "Norrsken", False, OCPI),
    ("DE", "MBL", "Moorblick Laden", "GmbH", "Deichstraße 5", "26721", "Emden", (OPERATOR,), "Moorblick Broker", False, OICP),
    ("AT", "ENZ", "Enzian Karte", "GmbH", "Bergstraße 17", "6020", "Innsbruck", (PROVIDER,), "Enzian Broker", False, OICP),
)  # fmt: skip

_LEGAL_FORMS = {"DE": "GmbH", "NL": "B.V.", "SE": "AB", "CH": "AG", "AT": "GmbH", "FR": "SAS"}
_FIRST_NAMES = (
    "Ahorn",
    "Birke",
    "Distel",
    "Erle",
    "Farn",
    "Ginster",
    "Hasel",
    "Iris",
    "Kiefer",
    "Lärche",
    "Mohn",
    "Quitte",
    "Rotdorn",
    "Salbei",
)
_OPERATOR_NAMES = ("Laden", "Stroomnet", "Recharge", "Ladepark")
_PROVIDER_NAMES = ("Mobil", "Karte", "Reizen", "Mobilité")


def demonstration_companies() -> list[Company]:
    """This function will return the cast of the demonstration network: seven operators and six providers in six countries."""
    return [
        Company(
            country_code=country, party_id=party_id, name=name, legal_name=f"{name} {form}", street=street, postal_code=postal_code,
            city=city, website=f"https://www.{party_id.lower()}.example", vat_id=make_vat_id(country, seed=f"{country}{party_id}"),
            iban=make_iban(country, seed=f"{country}{party_id}"), roles=roles, platform=platform, waits_for_hub=waits, protocol=protocol,
        )
        for country, party_id, name, form, street, postal_code, city, roles, platform, waits, protocol in _CAST
    ]  # fmt: skip


def make_companies(
    *, operators: int, providers: int, seed: int, label: str, taken: Collection[str], has_oicp: bool = False
) -> list[Company]:
    """This function will invent companies that fill `operators` CPO and `providers` eMSP roles; every third has both.

    Ids differ from every one in `taken` (`CC-PID`), so that rehearsals can follow each other on one hub. `label` marks their names.
    With `has_oicp` the last operator and the last provider of one role speak OICP, where there are two of that role at least.
    """
    rng = random.Random(f"companies-{seed}-{label}")
    both = min(operators, providers) // 2
    roles = [(OPERATOR, PROVIDER)] * both + [(OPERATOR,)] * (operators - both) + [(PROVIDER,)] * (providers - both)
    used = set(taken)
    brokered = {
        max(number for number, held in enumerate(roles) if held == (role,))
        for role, count in ((OPERATOR, operators), (PROVIDER, providers))
        if has_oicp and count > 1
    }
    return [
        _invent(rng=rng, number=number, roles=held, label=label, used=used, protocol=OICP if number in brokered else OCPI)
        for number, held in enumerate(roles)
    ]


def _invent(*, rng: random.Random, number: int, roles: tuple[str, ...], label: str, used: set[str], protocol: str) -> Company:
    # Mostly the euro area, so that netting has something to net; every fourth pays in another currency.
    code = ("DE", "NL", "FR", "AT", "DE", "NL", "SE", "CH")[number % 8]
    country = COUNTRIES[code]
    party_id = _free_party_id(rng=rng, country_code=code, used=used)
    second = rng.choice(_OPERATOR_NAMES if OPERATOR in roles else _PROVIDER_NAMES)
    name = f"{_FIRST_NAMES[number % len(_FIRST_NAMES)]} {second} {number + 1}"
    city = rng.choice(country.cities)
    return Company(
        country_code=code,
        party_id=party_id,
        name=name,
        legal_name=f"{name} {_LEGAL_FORMS[code]}",
        street=f"{rng.choice(country.streets)} {rng.randint(1, 140)}",
        postal_code=city.postal_code,
        city=city.name,
        website=f"https://www.{party_id.lower()}.example",
        vat_id=make_vat_id(code, seed=f"{code}{party_id}{label}"),
        iban=make_iban(code, seed=f"{code}{party_id}{label}"),
        roles=roles,
        platform=f"{name} ({label})",
        protocol=protocol,
    )


def _free_party_id(*, rng: random.Random, country_code: str, used: set[str]) -> str:
    while True:
        # A digit in the middle keeps invented ids apart from those people choose by hand.
        party_id = rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") + rng.choice("23456789") + rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ")
        if f"{country_code}-{party_id}" not in used:
            used.add(f"{country_code}-{party_id}")
            return party_id


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count - 1)) + rng.choice("123456789")


def _french_vat(rng: random.Random) -> str:
    siren = _digits(rng, 9)
    return f"{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"


# A candidate's body per country; the first with a right check digit is taken.
_VAT_BODIES: dict[str, Callable[[random.Random], str]] = {
    "DE": lambda rng: "1" + _digits(rng, 8),
    "NL": lambda rng: "8" + _digits(rng, 8) + "B01",
    "SE": lambda rng: "556" + _digits(rng, 7) + "01",
    "CH": lambda rng: "1" + _digits(rng, 8) + "MWST",
    "AT": lambda rng: "U" + _digits(rng, 8),
    "FR": _french_vat,
}
_VAT_PREFIX = {"CH": "CHE"}


def _french_account(rng: random.Random) -> str:
    body = "99999" + "99999" + _digits(rng, 11)
    return f"{body}{97 - (int(body + '00') % 97):02}"


# Bank codes that no bank has, then the account number.
_ACCOUNTS: dict[str, Callable[[random.Random], str]] = {
    "DE": lambda rng: "99999999" + _digits(rng, 10),
    "NL": lambda rng: "SAND" + _digits(rng, 10),
    "SE": lambda rng: "999" + _digits(rng, 17),
    "CH": lambda rng: "99999" + _digits(rng, 12),
    "AT": lambda rng: "99999" + _digits(rng, 11),
    "FR": _french_account,
}


def make_vat_id(country_code: str, *, seed: str) -> str:
    """This function will invent a VAT id with right check digits: the same for the same seed."""
    rng = random.Random(f"vat-{seed}")
    rules = get_cc_module(country_code.lower(), "vat")
    while rules is not None:
        candidate = _VAT_PREFIX.get(country_code, country_code) + _VAT_BODIES[country_code](rng)
        if rules.is_valid(candidate):
            return candidate
    raise LookupError(f"no rules are known for VAT ids of {country_code}")


def make_iban(country_code: str, *, seed: str) -> str:
    """This function will invent an IBAN with right check digits at a bank that does not exist: the same for the same seed."""
    account = _ACCOUNTS[country_code](random.Random(f"iban-{seed}"))
    number = f"{country_code}{mod_97_10.calc_check_digits(account + country_code)}{account}"
    return str(iban.validate(number))
