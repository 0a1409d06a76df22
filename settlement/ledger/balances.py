"""Read the books: balances per account, in minor units, debits positive."""

from datetime import date
from typing import NamedTuple

from django.db import connection


class Balance(NamedTuple):
    """An account with the sum of its debits minus its credits, in minor units."""

    party: int | None
    kind: str
    currency: str
    balance_minor: int


_BALANCES = """
SELECT account.party_id, account.kind, account.currency, sum(moved.amount)::bigint
FROM (
    SELECT debit_id AS account_id, amount_minor AS amount, entry_id FROM settlement_transfer
    UNION ALL
    SELECT credit_id, -amount_minor, entry_id FROM settlement_transfer
) AS moved
JOIN settlement_account account ON account.id = moved.account_id
JOIN settlement_entry entry ON entry.id = moved.entry_id
WHERE starts_with(entry.key, %(prefix)s) AND (%(until)s::date IS NULL OR entry.effective_on <= %(until)s)
GROUP BY account.party_id, account.kind, account.currency
ORDER BY account.currency, account.party_id NULLS FIRST, account.kind
"""


def trial_balance(*, key_prefix: str = "", until: date | None = None) -> list[Balance]:
    """This function will list every account with its balance; with `key_prefix` only over entries whose key starts so.

    With `until` entries that count for a later day are left out.

    The balances of one currency sum to zero: each transfer stands in two of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, {"prefix": key_prefix, "until": until})
        return [Balance(*row) for row in cursor.fetchall()]
