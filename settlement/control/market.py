"""What a kWh usually costs (check 73): measured once a night, so that clearing reads a few dozen rows instead of a month of CDRs."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from settlement.control.evidence import MarketPrice
from settlement.control.models import MarketPrice as Measured

Market = Mapping[tuple[str, str], MarketPrice]

# A price that one operator alone asks is no market, and what was credited says nothing about it.
_MEASURE = """
INSERT INTO settlement_marketprice (country, currency, per_kwh, cdrs, measured_at)
SELECT cdr.country, cdr.currency, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY cdr.net / cdr.energy_kwh))::numeric, 4), count(*),
    %(at)s
FROM roaming_cdr cdr
WHERE cdr.received_at > %(at)s - interval '30 days' AND cdr.received_at <= %(at)s AND NOT cdr.is_credit AND cdr.energy_kwh > 1
    AND cdr.net > 0 AND NOT EXISTS (SELECT FROM roaming_cdr credit WHERE credit.credit_of_id = cdr.id)
GROUP BY 1, 2 HAVING count(DISTINCT cdr.owner_id) >= 2
"""


@transaction.atomic
def measure_market(*, at: datetime) -> int:
    """This function will measure the usual price per kWh of the 30 days before an instant, replace the old figures, and count them."""
    Measured.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', '20min', true)")  # a month of CDRs, once a night
        cursor.execute(_MEASURE, {"at": at})
        return int(cursor.rowcount)


def read_market() -> Market:
    """This function will return the usual prices by country and currency."""
    return {(row.country, row.currency): MarketPrice(per_kwh=row.per_kwh, cdrs=row.cdrs) for row in Measured.objects.all()}
