"""Bank files are read by the names of camt.053 and camt.054, whatever the version, and say what is wrong with them."""

from datetime import date
from decimal import Decimal

import pytest

from settlement.netting.references import find_references, reference_of
from settlement.payments.camt import NotABankFile, read_bank_file
from tests.builders.bank import IBAN, Entry, a_bank_file

BATCH = (
    b'<Document><BkToCstmrStmt><Stmt><Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></Acct><Ntry><Amt Ccy="EUR">30.00</Amt>'
    b"<CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2026-11-16T08:00:00</DtTm></BookgDt><AcctSvcrRef>K1</AcctSvcrRef><NtryDtls>"
    b'<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">10.00</Amt></TxAmt></AmtDtls></TxDtls>'
    b'<TxDtls><Amt Ccy="EUR">20.00</Amt><RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>'
    b"</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
)


@pytest.mark.parametrize(("kind", "version"), [("053", "02"), ("053", "08"), ("054", "08")])
def test_reads_both_kinds_in_every_version(kind: str, version: str) -> None:
    entry = Entry("100.00", reference="RF18 5390", end_to_end="E1", other="A", key="K1")
    (movement,) = read_bank_file(content=a_bank_file("B", entry, Entry("5.00", status="PDNG"), kind=kind, version=version))
    assert movement[:5] == (IBAN["B"], "K1", date(2026, 11, 16), Decimal("100.00"), "EUR")
    assert movement[5:] == ("Some & Sons", IBAN["A"], "E1", "RF18 5390", "")


def test_tells_the_transactions_of_a_batch_apart() -> None:
    first, second = read_bank_file(content=BATCH)
    assert (first.key, first.amount, second.key, second.amount) == ("K1/1", Decimal("10.00"), "K1/2", Decimal("20.00"))
    assert second.remittance == "RF18539007547034"


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "not XML"),
        (b"<Document><Other/></Document>", "neither camt.053 nor camt.054"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><Document>&b;</Document>', "document type"),
        (a_bank_file(" ", Entry("1.00")), "names no account"),
        (a_bank_file("B", Entry("1.00", booked_on="yesterday")), "'yesterday' is not a day"),
        (a_bank_file("B", Entry("NaN")), "no amount"),
        (a_bank_file("B", Entry("1e999")), "no amount"),
        (a_bank_file("B", Entry("ten")), "'ten' is not a number"),
        (a_bank_file("B", Entry("1.00", currency="euro")), "'euro' is no currency"),
    ],
)
def test_says_what_is_wrong_with_a_file(content: bytes, wrong: str) -> None:
    with pytest.raises(NotABankFile, match=wrong):
        read_bank_file(content=content)


def test_references_survive_how_people_type_them_and_not_a_wrong_digit() -> None:
    reference = reference_of(payment=4711)
    typed = " ".join(reference[place : place + 4] for place in range(0, len(reference), 4)).lower()
    assert find_references(f"invoice {typed}, thanks; {reference}.") == [4711]
    assert find_references(reference[:-1] + str((int(reference[-1]) + 1) % 10)) == []
    assert find_references(reference_of(payment=1_234_567_890)) == [1_234_567_890]
