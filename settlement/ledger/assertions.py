"""Balance assertions: what every account came to when a period was closed, kept as rows and computed again at each walk.

An assertion is about all entries up to one, not about a day: entries may still be posted for days gone by, but none in between.
"""

from django.db import connection

from settlement.ledger.verify import first_row

_ASSERT = """
INSERT INTO settlement_balanceassertion (account_id, after_entry_id, balance_minor)
SELECT moved.account_id, latest.id, sum(moved.amount)
FROM (SELECT max(id) AS id FROM settlement_entry) AS latest, (
    SELECT debit_id AS account_id, amount_minor AS amount, entry_id FROM settlement_transfer
    UNION ALL
    SELECT credit_id, -amount_minor, entry_id FROM settlement_transfer
) AS moved
WHERE moved.entry_id <= latest.id
GROUP BY moved.account_id, latest.id
ON CONFLICT DO NOTHING
"""

_DIFFERING = """
WITH moved AS (
    SELECT debit_id AS account_id, entry_id, amount_minor AS amount FROM settlement_transfer
    UNION ALL
    SELECT credit_id, entry_id, -amount_minor FROM settlement_transfer
)
SELECT coalesce(party.country_code || '-' || party.party_id, 'hub'), account.kind, account.currency, entry.key
FROM settlement_balanceassertion asserted
JOIN settlement_account account ON account.id = asserted.account_id
JOIN settlement_entry entry ON entry.id = asserted.after_entry_id
LEFT JOIN roaming_party party ON party.id = account.party_id
LEFT JOIN LATERAL (
    SELECT sum(amount) AS balance FROM moved WHERE moved.account_id = asserted.account_id AND moved.entry_id <= asserted.after_entry_id
) AS now ON true
WHERE coalesce(now.balance, 0) <> asserted.balance_minor
ORDER BY asserted.id LIMIT 1
"""


def assert_balances() -> None:
    """This function will keep the balance of every account as it is after the latest entry; the caller has just posted."""
    with connection.cursor() as cursor:
        cursor.execute(_ASSERT)


def balances_stand_as_asserted() -> str | None:
    """This function will name the first account whose balance at a close is not what it was then."""
    row = first_row(_DIFFERING)
    return f"account {row[0]} {row[1]} {row[2]}: its balance after entry {row[3]} is not what was asserted" if row else None
