"""Ids as OICP partners write them, compared without separators and case; check digits computed where one is missing, never refused.

Separators are many in the field: `DE8EO`, `DE-8EO` and `DE*8EO` are one provider, and one partner writes `DE*DCB` in the path and
`DE-DCB` in the body (oicp §1.1, §3.1). In DIN EVSE ids the `*` are borders of fields and stay.
"""

import re

from roaming.canonical import PartyId

_SEPARATORS = str.maketrans("", "", "*-|")
_PARTY = re.compile(r"^([A-Z]{2})[*\-]?([A-Z0-9]{3})$")
_DIN_PARTY = re.compile(r"^\+?([0-9]{1,3})\*([0-9]{3})$")
_DIN_EVSE = re.compile(r"^\+?([0-9]{1,3})\*([0-9]{3})\*([0-9*]{1,32})$")
_ISO_EVSE = re.compile(r"^([A-Z]{2})([A-Z0-9]{3})E[A-Z0-9]{1,30}$")

EVSE_ID = r"(?:[A-Z]{2}\*?[A-Z0-9]{3}\*?E[A-Z0-9*]{1,30})|(?:\+?[0-9]{1,3}\*[0-9]{3}\*[0-9*]{1,32})"
EVCO_ID = (
    r"(?:[A-Za-z]{2}-?[A-Za-z0-9]{3}-?C[A-Za-z0-9]{8}-?[\d|A-Za-z])"
    r"|(?:[A-Za-z]{2}[*|\-]?[A-Za-z0-9]{3}[*|\-]?[A-Za-z0-9]{6}[*|\-]?[\d|X])"
)
OPERATOR_ID = r"(?:[A-Za-z]{2}[*\-]?[A-Za-z0-9]{3})|(?:\+?[0-9]{1,3}\*[0-9]{3})"
PROVIDER_ID = r"[A-Za-z]{2}[*|\-]?[A-Za-z0-9]{3}"
SESSION_ID = r"[A-Za-z0-9]{8}(?:-[A-Za-z0-9]{4}){3}-[A-Za-z0-9]{12}"
UID = r"[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20}"

_EVCO = re.compile(EVCO_ID)
_EMAID_WITHOUT_CHECK = re.compile(r"^[A-Z]{2}[A-Z0-9]{3}C[A-Z0-9]{8}$")
_DIN_WITHOUT_CHECK = re.compile(r"^[A-Z]{2}[A-Z0-9]{3}[A-Z0-9]{6}$")
_UID = re.compile(UID)


def read_party(text: str) -> PartyId | None:
    """This function will read an OperatorID or a ProviderID in ISO form, with any separator or none; None for everything else."""
    match = _PARTY.match(text.strip().upper())
    return PartyId(match[1], match[2]) if match else None


def party_key(text: str) -> str:
    """This function will return the id in the form in which two are compared: `DEALF`; in DIN form `49*536`."""
    upper = text.strip().upper()
    if din := _DIN_PARTY.match(upper):
        return f"{din[1]}*{din[2]}"
    return upper.translate(_SEPARATORS)


def write_operator(key: PartyId) -> str:
    """This function will write an operator as OICP names it: `DE*ALF`."""
    return f"{key.country_code}*{key.party_id}"


def write_provider(key: PartyId) -> str:
    """This function will write a provider as OICP names it: `NL-BET`."""
    return f"{key.country_code}-{key.party_id}"


def evse_key(text: str) -> str:
    """This function will return an EvseID in the form in which two are compared: ISO without separators, DIN with its `*`, without `+`."""
    upper = text.strip().upper()
    if din := _DIN_EVSE.match(upper):
        return f"{din[1]}*{din[2]}*{din[3]}"
    return upper.translate(_SEPARATORS)


def operator_of_evse(evse_id: str) -> str | None:
    """This function will return the key of the operator that an EvseID names by its prefix (`DEALF`, `49*810`), or None."""
    key = evse_key(evse_id)
    if din := _DIN_EVSE.match(key):
        return f"{din[1]}*{din[2]}"
    iso = _ISO_EVSE.match(key)
    return iso[1] + iso[2] if iso else None


def contract_key(text: str) -> str:
    """This function will return an EvcoID in the form in which two are compared: upper case, no separators, check digit left out.

    Whether a partner sends the check digit is its habit; an ISO id without it has 14 characters, a DIN id without it 11.
    """
    key = text.strip().upper().translate(_SEPARATORS)
    if len(key) == 15 and key[5] == "C":
        return key[:14]
    return key[:11] if len(key) == 12 else key


def provider_of_contract(contract_id: str) -> str | None:
    """This function will return the key of the provider that an EvcoID names by its prefix (`NLBET`), or None."""
    key = contract_id.strip().upper().translate(_SEPARATORS)
    return key[:5] if re.match(r"^[A-Z]{2}[A-Z0-9]{3}[A-Z0-9]{6,}$", key) else None


def evco_of(contract_id: str) -> str | None:
    """This function will return a contract id as an EvcoID, with the check digit computed where it is missing; None where it is none.

    A digit that is there is kept, right or wrong: the specification's own samples have wrong ones (oicp §3.2). The old ISO form
    without the letter C and nine characters long cannot be said in OICP, unless it begins with 00: that is a DIN id in disguise.
    """
    upper = contract_id.strip().upper()
    if _EVCO.fullmatch(upper):
        return upper
    bare = upper.translate(_SEPARATORS)
    if _EMAID_WITHOUT_CHECK.match(bare):
        return f"{bare[:2]}-{bare[2:5]}-{bare[5:]}-{iso_check_digit(bare)}"
    if _DIN_WITHOUT_CHECK.match(bare):
        return f"{bare[:2]}-{bare[2:5]}-{bare[5:]}-{din_check_digit(bare)}"
    if len(bare) in (14, 15) and bare[5:7] == "00" and bare[:5].isalnum():
        din = bare[:5] + bare[7:13]
        return f"{din[:2]}-{din[2:5]}-{din[5:]}-{bare[13]}" if bare[13].isdigit() or bare[13] == "X" else None
    return None


def is_uid(text: str) -> bool:
    """This function will say whether a token's uid has a shape that OICP can carry: 4, 7 or 10 bytes in hex."""
    return _UID.fullmatch(text.strip().upper()) is not None


def iso_check_digit(code: str) -> str:
    """This function will compute the check character of an ISO 15118 contract id of 14 characters (country, provider, instance).

    Each character is a pair over GF(2) and a pair over GF(3); both are weighted by powers of a matrix (eMI3, annex on check digits).
    """
    twos, threes = (0, 0), (0, 0)
    by_two, by_three = ((0, 1), (1, 1)), ((0, 1), (1, 2))
    weight_two, weight_three = by_two, by_three
    for letter in code:
        value = int(letter, 36)
        twos = _add(twos, _times((value // 18, value // 9 % 2), weight_two, 2), 2)
        threes = _add(threes, _times((value // 3 % 3, value % 3), weight_three, 3), 3)
        weight_two = (_times(weight_two[0], by_two, 2), _times(weight_two[1], by_two, 2))
        weight_three = (_times(weight_three[0], by_three, 3), _times(weight_three[1], by_three, 3))
    last = _times(threes, ((0, 2), (2, 1)), 3)
    value = twos[0] * 18 + twos[1] * 9 + last[0] * 3 + last[1]
    return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value]


def din_check_digit(code: str) -> str:
    """This function will compute the check digit of a DIN 91286 contract id of 11 characters: rising powers of two, modulo 11, 10 is X."""
    digits = [int(digit) for letter in code for digit in (letter if letter.isdigit() else str(int(letter, 36)))]
    total = sum(digit << power for power, digit in enumerate(digits)) % 11
    return "X" if total == 10 else str(total)


_Pair = tuple[int, int]


def _times(vector: _Pair, matrix: tuple[_Pair, _Pair], modulus: int) -> _Pair:
    return (
        (vector[0] * matrix[0][0] + vector[1] * matrix[1][0]) % modulus,
        (vector[0] * matrix[0][1] + vector[1] * matrix[1][1]) % modulus,
    )


def _add(one: _Pair, other: _Pair, modulus: int) -> _Pair:
    return (one[0] + other[0]) % modulus, (one[1] + other[1]) % modulus
