"""What an invoice must know of the charges behind it: where their charge points stand, and what a credit note corrects."""

from django.db import connection

from roaming.models import Party
from settlement.netting.models import NettingRun
from settlement.statements.models import Statement

_COUNTRIES = """
SELECT DISTINCT cdr.country FROM settlement_charge charge JOIN roaming_cdr cdr ON cdr.id = charge.cdr_id
WHERE charge.netting_set_id = %s AND charge.period = %s AND charge.operator_id = %s AND charge.provider_id = %s AND charge.tax_note = %s
ORDER BY cdr.country
"""

# The seller's statements on which the credited sessions stood; its own one where both stand in one period.
_CREDITED = """
SELECT DISTINCT statement.number
FROM settlement_charge credit
JOIN roaming_cdr cdr ON cdr.id = credit.cdr_id
JOIN settlement_charge original ON original.cdr_id = cdr.credit_of_id
JOIN settlement_nettingrun run ON run.netting_set_id = original.netting_set_id AND run.period = original.period AND run.state = 'issued'
JOIN settlement_statement statement
    ON statement.run_id = run.id AND statement.party_id = credit.operator_id AND statement.currency = credit.currency
WHERE credit.bucket = 'credit' AND credit.netting_set_id = %s AND credit.period = %s AND credit.operator_id = %s
    AND credit.provider_id = %s AND credit.currency = %s
ORDER BY statement.number
"""


def countries_of(*, run: NettingRun, operator: Party, provider: Party, note: str) -> list[str]:
    """This function will return the countries of the charge points of a pair's charges under one tax note (alpha-3)."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTRIES, [run.netting_set_id, run.period, operator.pk, provider.pk, note])
        return [row[0] for row in cursor.fetchall()]


def credited_numbers(*, statement: Statement, buyer: Party) -> tuple[str, ...]:
    """This function will return the numbers of the invoices that a seller's credit note to `buyer` corrects (EN 16931, BT-25)."""
    run: NettingRun = statement.run
    with connection.cursor() as cursor:
        cursor.execute(_CREDITED, [run.netting_set_id, run.period, statement.party_id, buyer.pk, statement.currency])
        return tuple(f"{row[0]}-{buyer.key}" for row in cursor.fetchall())
