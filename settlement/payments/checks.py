"""Checks of payments: matches are no more than their bank entry, the books say each, and nothing else about payments."""

from settlement.ledger.verify import first_row

_SHARES = """
SELECT entry.id, entry.booked_on FROM settlement_bankentry entry JOIN settlement_paymentmatch match ON match.entry_id = entry.id
GROUP BY entry.id HAVING abs(sum(match.amount)) > abs(entry.amount)
    OR bool_or(match.amount <> 0 AND sign(match.amount) <> sign(entry.amount)) ORDER BY entry.id LIMIT 1
"""

_BOOKED = """
WITH told AS (
    SELECT 'payment/' || match.entry_id || '/' || match.payment_id AS key, payment.currency, abs(match.amount) AS amount,
        match.amount > 0 AS paid
    FROM settlement_paymentmatch match JOIN settlement_plannedpayment payment ON payment.id = match.payment_id WHERE match.amount <> 0
),
booked AS (
    SELECT entry.key, transfer.currency, transfer.amount_minor, entry.kind = 'payment' AS paid
    FROM settlement_entry entry JOIN settlement_transfer transfer ON transfer.entry_id = entry.id WHERE starts_with(entry.key, 'payment/')
)
SELECT key FROM told FULL JOIN booked USING (key)
WHERE told.currency IS DISTINCT FROM booked.currency OR told.paid IS DISTINCT FROM booked.paid
    OR round(log(greatest(booked.amount_minor / told.amount, 1)), 6) NOT IN (0, 2, 3, 4)
ORDER BY key LIMIT 1
"""


def matches_are_their_entries() -> str | None:
    """This function will name the first bank entry that was matched with more than it moved."""
    row = first_row(_SHARES)
    return f"bank entry {row[0]} of {row[1]}: it is matched with more than it moved" if row else None


def books_say_the_matches() -> str | None:
    """This function will name the first match that the books do not say, or say otherwise."""
    row = first_row(_BOOKED)
    return f"entry {row[0]}: bank and books do not say the same" if row else None


CHECKS = (matches_are_their_entries, books_say_the_matches)
