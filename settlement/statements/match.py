"""PURE. A partner's own file against the statement: equal, different, missing here, missing there, told twice.

The file is a CSV with a header, or JSON: a list of objects, an object that holds one (`cdrs`, `data`, `lines`), CDR objects of OCPI, or
invoice reconciliation records, which name CDRs without amounts.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

_CDR_NAMES = ("cdr", "cdr_id", "id")
# In this order the first that a row carries is compared, with our amount of the same meaning.
_AMOUNTS = {"gross": "gross", "net": "net", "amount": "amount", "total": "gross", "total_incl_vat": "gross", "total_excl_vat": "net"}
_MOST_ROWS = 2_000_000


class NotAPartnerFile(ValueError):
    """The file cannot be read as one of CDRs; the message says what is wrong, and where."""


class Told(NamedTuple):
    """One CDR as the partner has it; `meaning` names which of our amounts `amount` speaks of (None: it tells no amount)."""

    cdr: str
    amount: Decimal | None
    meaning: str


class Different(NamedTuple):
    """A CDR that both know at different amounts."""

    cdr: str
    meaning: str
    here: Decimal
    there: Decimal


class Matched(NamedTuple):
    """The outcome. `missing_here`: the partner has it and the statement has not."""

    equal: int
    different: list[Different]
    missing_here: list[str]
    missing_there: list[str]
    told_twice: list[str]


def read_partner_file(*, content: bytes) -> list[Told]:
    """This function will read a partner's file, whichever of the two kinds it is; it raises NotAPartnerFile."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise NotAPartnerFile(f"the file is not UTF-8 at byte {wrong.start}") from wrong
    told = list(_read_json(text) if text.lstrip()[:1] in ("{", "[") else _read_csv(text))
    if not told:
        raise NotAPartnerFile("the file names no CDR")
    return told


def match(*, ours: Iterable[Mapping[str, Any]], theirs: Sequence[Told]) -> Matched:
    """This function will compare the annex of a statement with a partner's rows, by CDR id without regard to case.

    An amount that is told with fewer decimals is equal where ours rounds to it, or where it is the share in cents that we show.
    """
    here: dict[str, Mapping[str, Any]] = {}
    for line in ours:
        here[line["cdr"].upper()] = line
    short = {name.partition("/")[2]: name for name in here}
    found: set[str] = set()
    outcome = Matched(0, [], [], [], [])
    equal = 0
    for told in theirs:
        name = told.cdr.upper()
        key = name if name in here else short.get(name, "")
        if not key:
            outcome.missing_here.append(told.cdr)
        elif key in found:
            outcome.told_twice.append(told.cdr)
        else:
            found.add(key)
            line = here[key]
            if told.amount is None or _is_equal(line, told):
                equal += 1
            else:
                outcome.different.append(Different(line["cdr"], told.meaning, Decimal(line[told.meaning]), told.amount))
    outcome.missing_there.extend(line["cdr"] for name, line in here.items() if name not in found)
    return outcome._replace(equal=equal)


def _is_equal(line: Mapping[str, Any], told: Told) -> bool:
    assert told.amount is not None
    exact = Decimal(line[told.meaning])
    if told.amount == exact or (told.meaning == "gross" and told.amount == Decimal(line["shown"])):
        return True
    exponent = told.amount.as_tuple().exponent
    return isinstance(exponent, int) and told.amount == exact.quantize(Decimal(1).scaleb(min(exponent, 0)), rounding=ROUND_HALF_UP)


def _read_csv(text: str) -> Iterator[Told]:
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    cdr = next((names[name] for name in _CDR_NAMES if name in names), None)
    if cdr is None:
        raise NotAPartnerFile(f"the header has none of the columns {', '.join(_CDR_NAMES)}")
    amount = next((name for name in _AMOUNTS if name in names), None)
    for number, row in enumerate(rows, start=2):
        if number > _MOST_ROWS:
            raise NotAPartnerFile(f"the file has more than {_MOST_ROWS} rows")
        name = (row[cdr] or "").strip().lstrip("'")
        if name:  # rows of fees and the like name no CDR
            told = (row[names[amount]] or "").strip() if amount else ""
            yield Told(name, _amount(told, f"line {number}") if told else None, _AMOUNTS[amount] if amount else "")


def _read_json(text: str) -> Iterator[Told]:
    try:
        document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError) as wrong:
        raise NotAPartnerFile(f"the file is not JSON: {wrong}") from wrong
    yield from _rows_of(document, "the file")


def _rows_of(found: Any, place: str) -> Iterator[Told]:
    if isinstance(found, list):
        for number, row in enumerate(found, start=1):
            yield from _rows_of(row, f"{place}, item {number}")
        return
    if isinstance(found, str):
        yield Told(found.strip(), None, "")
        return
    if not isinstance(found, dict):
        raise NotAPartnerFile(f"{place} is neither an object nor a CDR id")
    for name in ("cdrs", "data", "lines"):
        if isinstance(found.get(name), list):
            yield from _rows_of(found[name], f"{place}, {name}")
            return
    cdr = next((found[name] for name in _CDR_NAMES if isinstance(found.get(name), str)), None)
    if cdr is None:
        raise NotAPartnerFile(f"{place} has none of {', '.join(_CDR_NAMES)}")
    yield Told(cdr.strip(), *_amount_of(found, place))


def _amount_of(row: Mapping[str, Any], place: str) -> tuple[Decimal | None, str]:
    total = row.get("total_cost")
    if isinstance(total, dict):  # OCPI 2.2.1 and 2.3.0
        for name, meaning in (("incl_vat", "gross"), ("excl_vat", "net"), ("before_taxes", "net")):
            if total.get(name) is not None:
                return _amount(total[name], place), meaning
    if total is not None and not isinstance(total, dict):  # OCPI 2.1.1
        return _amount(total, place), "net"
    for name, meaning in _AMOUNTS.items():
        if row.get(name) is not None:
            return _amount(row[name], place), meaning
    return None, ""


def _amount(told: object, place: str) -> Decimal:
    try:
        amount = Decimal(str(told))
    except InvalidOperation as wrong:
        raise NotAPartnerFile(f"{place}: {told!r} is not an amount with a decimal point") from wrong
    if not amount.is_finite() or abs(amount) >= 10**12:
        raise NotAPartnerFile(f"{place}: {told} is not an amount")
    return amount
