"""Checks of disputes: what each booked follows from how it stands."""

from settlement.ledger.verify import first_row

# Withheld while open; after it ended, together with what was released or taken: minus the part that is not owed, or nothing where
# the whole charge was credited.
_BOOKED = """
SELECT dispute.id FROM settlement_dispute dispute
LEFT JOIN (
    SELECT dispute_id, sum(gross) AS gross, bool_or(kind = 'withheld') AS withheld, bool_or(kind = 'restored') AS restored
    FROM settlement_adjustment GROUP BY dispute_id
) AS booked ON booked.dispute_id = dispute.id
WHERE coalesce(booked.gross, 0) <> CASE
    WHEN booked.restored THEN 0
    WHEN dispute.resolved_at IS NULL THEN CASE WHEN booked.withheld THEN -dispute.amount ELSE 0 END
    WHEN dispute.resolved_by = 'credit CDR' THEN 0
    ELSE -dispute.upheld_amount END
ORDER BY dispute.id LIMIT 1
"""

_WITHIN_CHARGE = """
SELECT dispute.cdr_id FROM settlement_dispute dispute JOIN settlement_charge charge ON charge.cdr_id = dispute.cdr_id
JOIN settlement_adjustment adjusted ON adjusted.dispute_id = dispute.id
GROUP BY dispute.cdr_id, charge.gross HAVING sum(adjusted.gross) < -charge.gross OR sum(adjusted.gross) > 0 ORDER BY 1 LIMIT 1
"""


def disputes_book_what_they_say() -> str | None:
    """This function will name the first dispute whose adjustments are not what its state makes them, or more than its charge."""
    row = first_row(_BOOKED)
    if row:
        return f"dispute {row[0]}: its adjustments do not follow from its state"
    row = first_row(_WITHIN_CHARGE)
    return f"cdr row {row[0]}: its disputes take more than its charge" if row else None


CHECKS = (disputes_book_what_they_say,)
