"""Post entries: the only writer of the books. An entry is sealed as it is written and its key makes posting twice harmless."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from django.db import connection, transaction

from settlement.ledger.models import Account, Entry


class AccountKey(NamedTuple):
    """An account by what it is: the row of its party (None: the hub), its kind and its currency."""

    party: int | None
    kind: str
    currency: str

    def __str__(self) -> str:
        return f"{self.party or 0}:{self.kind}:{self.currency}"


class Leg(NamedTuple):
    """`amount_minor` (> 0, minor units) out of `credit` into `debit`, both in one currency."""

    debit: AccountKey
    credit: AccountKey
    amount_minor: int


class NewEntry(NamedTuple):
    """One event to post. `key` is the caller's and unique for ever."""

    key: str
    kind: str
    effective_on: date
    legs: Sequence[Leg]
    memo: str = ""
    reverses: int | None = None


class UnpostableEntry(Exception):
    """The entry has no transfer, an amount that is not positive, one account on both sides, or two currencies."""


def post_entries(*, entries: Iterable[NewEntry]) -> list[Entry]:
    """This function will write entries with their transfers, in one transaction, and return those that were new.

    An entry whose key is already in the books is left as it is. It raises UnpostableEntry before anything is written.
    """
    wanted = list(entries)
    for entry in wanted:
        _refuse_unpostable(entry)
    with transaction.atomic():
        _post_in_turn()
        accounts = _accounts(keys={key for entry in wanted for leg in entry.legs for key in (leg.debit, leg.credit)})
        by_key = {entry.key: entry for entry in wanted}
        known = set(Entry.objects.filter(key__in=by_key).values_list("key", flat=True))
        new = [entry for entry in by_key.values() if entry.key not in known]
        rows = _insert_entries(new)
        _copy_transfers(new, rows, accounts)
        return list(Entry.objects.filter(id__in=rows.values()).order_by("id"))


# Posters take turns, so that entries are committed in the order of their ids: "all entries up to this one" then means the same for
# ever (settlement.ledger.assertions). Posting is rare and short; intake never posts.
POSTING = 7105


def _post_in_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [POSTING])


# A close posts thousands of entries: rows go in by two statements, twenty times faster than through the ORM. Two posters of one key:
# the second waits here for the first and then meets the unique key, which is an error worth seeing.
_INSERT_ENTRIES = """
INSERT INTO settlement_entry (key, kind, effective_on, reverses_id, memo, seal)
SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::bigint[], %s::text[], %s::bytea[])
RETURNING key, id
"""
_COPY_TRANSFERS = "COPY settlement_transfer (entry_id, number, debit_id, credit_id, currency, amount_minor) FROM STDIN"


def _insert_entries(entries: Sequence[NewEntry]) -> dict[str, int]:
    rows = [(entry.key, entry.kind, entry.effective_on, entry.reverses, entry.memo, seal_of(entry=entry)) for entry in entries]
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ENTRIES, [list(column) for column in zip(*rows, strict=True)])
        return dict(cursor.fetchall())


def _copy_transfers(entries: Sequence[NewEntry], rows: Mapping[str, int], accounts: Mapping[AccountKey, int]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY_TRANSFERS) as copy:
        for entry in entries:
            for number, leg in enumerate(entry.legs, start=1):
                row = (rows[entry.key], number, accounts[leg.debit], accounts[leg.credit], leg.debit.currency, leg.amount_minor)
                copy.write_row(row)


def seal_of(*, entry: NewEntry) -> bytes:
    """This function will return SHA-256 over the entry's stored text: head line, then one line per transfer.

    The text is rebuilt in SQL by settlement.ledger.checks; change neither without the other.
    """
    head = f"{entry.key}|{entry.kind}|{entry.effective_on.isoformat()}|{entry.reverses or 0}|{entry.memo}"
    lines = [f"{number}|{leg.debit}|{leg.credit}|{leg.amount_minor}" for number, leg in enumerate(entry.legs, start=1)]
    return hashlib.sha256("\n".join([head, *lines]).encode()).digest()


def _refuse_unpostable(entry: NewEntry) -> None:
    if not entry.legs:
        raise UnpostableEntry(f"entry {entry.key} moves nothing")
    for leg in entry.legs:
        if leg.amount_minor <= 0:
            raise UnpostableEntry(f"entry {entry.key}: {leg.amount_minor} is not a positive amount")
        if leg.debit == leg.credit:
            raise UnpostableEntry(f"entry {entry.key}: {leg.debit} is on both sides")
        if leg.debit.currency != leg.credit.currency:
            raise UnpostableEntry(f"entry {entry.key}: {leg.debit.currency} and {leg.credit.currency} do not mix")


# Sorted, so that two posters lock the accounts in the same order.
_OPEN_ACCOUNTS = """
INSERT INTO settlement_account (party_id, kind, currency)
SELECT nullif(party, 0), kind, currency FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS wanted (party, kind, currency)
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
"""


def _accounts(*, keys: set[AccountKey]) -> dict[AccountKey, int]:
    ordered = sorted(keys, key=str)
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN_ACCOUNTS,
            [[key.party or 0 for key in ordered], [key.kind for key in ordered], [key.currency for key in ordered]],
        )
    rows = Account.objects.filter(kind__in={key.kind for key in ordered}, currency__in={key.currency for key in ordered})
    return {AccountKey(party, kind, currency): row for row, party, kind, currency in rows.values_list("id", "party_id", "kind", "currency")}
