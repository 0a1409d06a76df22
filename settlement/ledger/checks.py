"""Checks of the books: every entry is what was sealed, every transfer stays inside its accounts' currency."""

from settlement.ledger.assertions import balances_stand_as_asserted
from settlement.ledger.verify import first_row

# The text of settlement.ledger.post.seal_of, rebuilt from the rows. pg_catalog is named, so that no other sha256 answers.
_ENTRIES = """
SELECT entry.key FROM settlement_entry entry
LEFT JOIN LATERAL (
    SELECT string_agg(
        concat_ws('|', transfer.number, concat_ws(':', coalesce(debit.party_id, 0), debit.kind, debit.currency),
            concat_ws(':', coalesce(credit.party_id, 0), credit.kind, credit.currency), transfer.amount_minor),
        E'\\n' ORDER BY transfer.number
    ) AS lines
    FROM settlement_transfer transfer
    JOIN settlement_account debit ON debit.id = transfer.debit_id
    JOIN settlement_account credit ON credit.id = transfer.credit_id
    WHERE transfer.entry_id = entry.id
) transfers ON true
WHERE transfers.lines IS NULL OR entry.seal <> pg_catalog.sha256(convert_to(
    concat_ws('|', entry.key, entry.kind, entry.effective_on, coalesce(entry.reverses_id, 0), entry.memo)
    || E'\\n' || transfers.lines, 'UTF8'))
ORDER BY entry.id LIMIT 1
"""

_CURRENCIES = """
SELECT entry.key, transfer.number FROM settlement_transfer transfer
JOIN settlement_entry entry ON entry.id = transfer.entry_id
JOIN settlement_account debit ON debit.id = transfer.debit_id
JOIN settlement_account credit ON credit.id = transfer.credit_id
WHERE debit.currency <> transfer.currency OR credit.currency <> transfer.currency OR transfer.amount_minor <= 0
    OR transfer.debit_id = transfer.credit_id
ORDER BY transfer.id LIMIT 1
"""


def entries_fit_their_seals() -> str | None:
    """This function will name the first entry whose key, date, memo or transfers are not what was sealed."""
    row = first_row(_ENTRIES)
    return f"entry {row[0]} does not fit its seal" if row else None


def transfers_stay_in_one_currency() -> str | None:
    """This function will name the first transfer that is not positive, or not of one currency between two accounts."""
    row = first_row(_CURRENCIES)
    return f"transfer {row[1]} of entry {row[0]} is no transfer between two accounts of one currency" if row else None


CHECKS = (entries_fit_their_seals, transfers_stay_in_one_currency, balances_stand_as_asserted)
