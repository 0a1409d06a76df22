"""PURE. Read what a bank says happened on an account: camt.053 (statement) and camt.054 (notification), whatever their version.

Only what is booked counts. A batch that the bank tells apart is one movement per transaction; one that it does not stays one.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from xml.etree.ElementTree import Element

from settlement.terms.xml_file import NotXml, local_name, read_xml

_STATEMENTS = {"BkToCstmrStmt": "Stmt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}


class NotABankFile(ValueError):
    """The file is no camt.053 and no camt.054, or an entry in it cannot be read; the message says what and where."""


class Movement(NamedTuple):
    """One booked movement. `amount` is + where the account received."""

    account: str
    key: str
    booked_on: date
    amount: Decimal
    currency: str
    counterparty_name: str
    counterparty_iban: str
    end_to_end_id: str
    remittance: str
    return_reason: str


def read_bank_file(*, content: bytes) -> list[Movement]:
    """This function will return every booked movement of a file, in its order; it raises NotABankFile."""
    try:
        root = read_xml(content=content)
    except NotXml as wrong:
        raise NotABankFile(str(wrong)) from wrong
    message = next((child for child in root if local_name(child) in _STATEMENTS), None)
    if local_name(root) != "Document" or message is None:
        raise NotABankFile("the file is neither camt.053 nor camt.054")
    digest = hashlib.sha256(content).hexdigest()[:32]
    movements: list[Movement] = []
    for statement in _all(message, _STATEMENTS[local_name(message)]):
        account = _text(statement, "Acct/Id/IBAN").replace(" ", "").upper()
        if not account:
            raise NotABankFile("a statement in the file names no account by IBAN")
        for entry in _all(statement, "Ntry"):
            movements += _read_entry(entry, account, f"{digest}#{len(movements)}")
    return movements


def _read_entry(entry: Element, account: str, place: str) -> Iterator[Movement]:
    status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
    if status not in ("BOOK", ""):
        return
    details = [told for part in _all(entry, "NtryDtls") for told in _all(part, "TxDtls")]
    reference = _text(entry, "AcctSvcrRef") or place
    booked_on = _day(_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm")[:10] or _text(entry, "ValDt/Dt"), place)
    if len(details) <= 1:
        yield _movement(entry, details[0] if details else entry, account, reference, booked_on, whole=True)
        return
    for number, told in enumerate(details, start=1):
        yield _movement(entry, told, account, f"{reference}/{number}"[:100], booked_on, whole=False)


def _movement(entry: Element, told: Element, account: str, key: str, booked_on: date, *, whole: bool) -> Movement:
    amount = _child(entry, "Amt") if whole else _child(told, "AmtDtls/TxAmt/Amt")
    if amount is None:
        amount = _child(told, "Amt")
    if amount is None:
        raise NotABankFile(f"entry {key}: a transaction of a batch tells no amount")
    direction = (_text(told, "CdtDbtInd") if not whole else "") or _text(entry, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise NotABankFile(f"entry {key}: CdtDbtInd {direction!r} is neither CRDT nor DBIT")
    other = "Dbtr" if direction == "CRDT" else "Cdtr"
    parties = _child(told, "RltdPties")
    remittance = " ".join(
        [
            *(text.text or "" for part in _all(told, "RmtInf") for text in _all(part, "Ustrd")),
            *(_text(part, "CdtrRefInf/Ref") for rmt in _all(told, "RmtInf") for part in _all(rmt, "Strd")),
        ]
    )
    is_return = _text(told, "RtrInf/Rsn/Cd") or ("RVSL" if _text(entry, "RvslInd") == "true" else "")
    return Movement(
        account=account,
        key=key[:100],
        booked_on=booked_on,
        amount=_amount(amount, key) * (1 if direction == "CRDT" else -1),
        currency=amount.attrib.get("Ccy", ""),
        counterparty_name=(_text(parties, f"{other}/Pty/Nm") or _text(parties, f"{other}/Nm"))[:140],
        counterparty_iban=_text(parties, f"{other}Acct/Id/IBAN").replace(" ", "").upper()[:34],
        end_to_end_id=_text(told, "Refs/EndToEndId")[:35],
        remittance=" ".join(remittance.split())[:500],
        return_reason=is_return[:20],
    )


def _amount(told: Element, key: str) -> Decimal:
    try:
        amount = Decimal((told.text or "").strip())
    except InvalidOperation as wrong:
        raise NotABankFile(f"entry {key}: amount {told.text!r} is not a number") from wrong
    currency = told.attrib.get("Ccy", "")
    if not amount.is_finite() or not 0 < amount < 10**14 or amount != round(amount, 4):
        raise NotABankFile(f"entry {key}: {told.text} is no amount")
    if len(currency) != 3 or not currency.isalpha():
        raise NotABankFile(f"entry {key}: {currency!r} is no currency")
    return amount


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise NotABankFile(f"entry {place}: booking date {text!r} is not a day") from wrong


def _all(element: Element, name: str) -> list[Element]:
    return [child for child in element if local_name(child) == name]


def _child(element: Element | None, path: str) -> Element | None:
    for name in path.split("/"):
        if element is None:
            return None
        element = next(iter(_all(element, name)), None)
    return element


def _text(element: Element | None, path: str) -> str:
    found = _child(element, path)
    return (found.text or "").strip() if found is not None else ""
