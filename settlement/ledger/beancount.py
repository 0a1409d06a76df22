"""Write the whole ledger as a beancount file, so that an auditor replays it with software that is not ours.

Every entry is a transaction, every transfer two postings; balances after the last day stand as `balance` directives, which beancount
computes again by itself. The text is written here; beancount is no part of the product.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from roaming import canonical
from settlement.ledger.balances import trial_balance

_ROOTS = {
    "receivable": "Assets:Receivable",
    "payable": "Liabilities:Payable",
    "fee_income": "Income:Fees",
    "vat_out": "Liabilities:Vat",
    "rounding": "Expenses:Rounding",
    "suspense": "Equity:Suspense",
    "fx": "Equity:Conversions",
    "bank": "Assets:Bank",
}

_TRANSFERS = """
SELECT entry.id, entry.key, entry.kind, entry.effective_on, entry.memo, encode(entry.seal, 'hex'), reversed.key,
    debit.kind, debtor.country_code || '-' || debtor.party_id, credit.kind, creditor.country_code || '-' || creditor.party_id,
    transfer.currency, transfer.amount_minor
FROM settlement_transfer transfer
JOIN settlement_entry entry ON entry.id = transfer.entry_id
LEFT JOIN settlement_entry reversed ON reversed.id = entry.reverses_id
JOIN settlement_account debit ON debit.id = transfer.debit_id
JOIN settlement_account credit ON credit.id = transfer.credit_id
LEFT JOIN roaming_party debtor ON debtor.id = debit.party_id
LEFT JOIN roaming_party creditor ON creditor.id = credit.party_id
ORDER BY entry.effective_on, entry.id, transfer.number
"""

_ACCOUNTS = """
SELECT account.kind, party.country_code || '-' || party.party_id, array_agg(account.currency ORDER BY account.currency)
FROM settlement_account account LEFT JOIN roaming_party party ON party.id = account.party_id
GROUP BY account.kind, party.country_code, party.party_id ORDER BY account.kind, 2 NULLS FIRST
"""

_SPAN = "SELECT min(effective_on), max(effective_on), count(*) FROM settlement_entry"


def write_beancount() -> Iterator[str]:
    """This function will yield the file line by line: accounts, transactions by day, closing balances; inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_SPAN)
        first, last, _ = cursor.fetchone()
        yield 'option "title" "Ledger of the hub"\n'
        if first is None:
            return
        cursor.execute(_ACCOUNTS)
        for kind, party, currencies in cursor.fetchall():
            yield f"{first} open {_account(kind, party)} {','.join(currencies)}\n"
        cursor.execute(_TRANSFERS)
        at_entry = None
        while rows := cursor.fetchmany(5000):
            for row in rows:
                if row[0] != at_entry:
                    at_entry = row[0]
                    yield from _head(*row[1:7])
                amount = _amount(row[12], row[11])
                yield f"  {_account(row[7], row[8])}  {amount} {row[11]}\n  {_account(row[9], row[10])}  -{amount} {row[11]}\n"
    yield from _balances(last + timedelta(days=1))


def _head(key: str, kind: str, effective_on: date, memo: str, seal: str, reverses: str | None) -> Iterator[str]:
    yield f"\n{effective_on} * {_quoted(kind)} {_quoted(memo)}\n  key: {_quoted(key)}\n  seal: {_quoted(seal)}\n"
    if reverses:
        yield f"  reverses: {_quoted(reverses)}\n"


def _balances(on: date) -> Iterator[str]:
    names = _party_names()
    yield "\n"
    for balance in trial_balance():
        party = names[balance.party] if balance.party is not None else None
        yield f"{on} balance {_account(balance.kind, party)}  {_amount(balance.balance_minor, balance.currency)} {balance.currency}\n"


def _party_names() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, country_code || '-' || party_id FROM roaming_party")
        return dict(cursor.fetchall())


def _account(kind: str, party: str | None) -> str:
    return f"{_ROOTS[kind]}:{party or 'Hub'}"


def _amount(minor: int, currency: str) -> str:
    decimals = canonical.exponent(currency)
    return f"{Decimal(minor).scaleb(-decimals):.{decimals}f}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
