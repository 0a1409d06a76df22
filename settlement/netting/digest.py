"""The digest of a run: what a checker approves, exactly."""

from django.db import connection

_DIGEST = """
SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex')
FROM (
    SELECT concat_ws('|', 'pair', operator_id, provider_id, currency, vat_rate, tax_note, bucket, count, energy_kwh,
        exact_net, exact_vat, net, vat, gross) AS line
    FROM settlement_pairtotal WHERE run_id = %(run)s
    UNION ALL
    SELECT concat_ws('|', 'position', party_id, currency, receivable, payable, fees,
        CASE WHEN carried <> 0 THEN 'carried ' || carried END, CASE WHEN converted <> 0 THEN 'converted ' || converted END, net)
    FROM settlement_position WHERE run_id = %(run)s
    UNION ALL
    SELECT concat_ws('|', 'conversion', debtor_id, creditor_id, currency, amount, "into", converted, published_on)
    FROM settlement_conversion WHERE run_id = %(run)s
    UNION ALL
    SELECT concat_ws('|', 'carry', payer_id, payee_id, currency, amount)
    FROM settlement_carry WHERE run_id = %(run)s
    UNION ALL
    SELECT concat_ws('|', 'payment', payer_id, payee_id, currency, amount)
    FROM settlement_plannedpayment WHERE run_id = %(run)s
) AS figures
"""


def digest_of(*, run: int) -> str:
    """This function will return SHA-256 over the stored pair totals, positions and planned payments of a run, in hex."""
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, {"run": run})
        return str(cursor.fetchone()[0])
