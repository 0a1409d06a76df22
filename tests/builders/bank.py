"""Bank files as tests need them: camt.053 or camt.054 of one account, written by hand, no bank's own sample."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

# Made up; only their check digits are right.
IBAN = {"A": "DE89370400440532013000", "B": "NL91ABNA0417164300", "C": "FR1420041010050500013M02606"}


@dataclass(frozen=True)
class Entry:
    """One movement: + received, − sent. `returned` is the reason code of a return."""

    amount: str
    reference: str = ""
    end_to_end: str = ""
    other: str = ""
    key: str = ""
    booked_on: str = "2026-11-16"
    currency: str = "EUR"
    returned: str = ""
    status: str = "BOOK"


def a_bank_file(account: str, *entries: Entry, kind: str = "053", version: str = "08") -> bytes:
    """This function will write a file of the account that a letter stands for."""
    message, statement = ("BkToCstmrStmt", "Stmt") if kind == "053" else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    told = "".join(_entry(entry, version) for entry in entries)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"><{message}>'
        f"<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-16T20:00:00</CreDtTm></GrpHdr><{statement}><Id>S1</Id>"
        f"<Acct><Id><IBAN>{IBAN.get(account, account)}</IBAN></Id></Acct>{told}</{statement}></{message}></Document>"
    ).encode()


def _entry(entry: Entry, version: str) -> str:
    received = not entry.amount.startswith("-")
    direction, other = ("CRDT", "Dbtr") if received else ("DBIT", "Cdtr")
    name = "<Nm>Some &amp; Sons</Nm>"
    party = f"<Pty>{name}</Pty>" if version >= "08" else name
    status = f"<Sts><Cd>{entry.status}</Cd></Sts>" if version >= "08" else f"<Sts>{entry.status}</Sts>"
    parties = f"<RltdPties><{other}>{party}</{other}>" + (
        f"<{other}Acct><Id><IBAN>{IBAN.get(entry.other, entry.other)}</IBAN></Id></{other}Acct></RltdPties>"
        if entry.other
        else "</RltdPties>"
    )
    return (
        f'<Ntry><Amt Ccy="{entry.currency}">{entry.amount.lstrip("-")}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>{entry.booked_on}</Dt></BookgDt>"
        + (f"<AcctSvcrRef>{entry.key}</AcctSvcrRef>" if entry.key else "")
        + "<NtryDtls><TxDtls>"
        + (f"<Refs><EndToEndId>{entry.end_to_end}</EndToEndId></Refs>" if entry.end_to_end else "")
        + parties
        + (f"<RmtInf><Ustrd>{escape(entry.reference)}</Ustrd></RmtInf>" if entry.reference else "")
        + (f"<RtrInf><Rsn><Cd>{entry.returned}</Cd></Rsn></RtrInf>" if entry.returned else "")
        + "</TxDtls></NtryDtls></Ntry>"
    )
