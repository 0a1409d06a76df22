"""How the rules fare: how often each speaks, what it keeps back, and how often people found that it need not have."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from settlement.control.catalogue import CHECKS

# A hold was for nothing where somebody released it and the CDR stayed as it was: not credited, no dispute about it upheld.
_COUNTS = """
SELECT said.check_number, count(DISTINCT said.cdr_id), count(DISTINCT said.cdr_id) FILTER (WHERE said.action = 'hold'),
    count(DISTINCT said.cdr_id) FILTER (WHERE said.action = 'hold' AND hold.state = 'held'),
    count(DISTINCT said.cdr_id) FILTER (WHERE said.action = 'hold' AND hold.state = 'released'),
    count(DISTINCT said.cdr_id) FILTER (WHERE said.action = 'hold' AND hold.state = 'released'
        AND NOT EXISTS (SELECT FROM roaming_cdr credit WHERE credit.credit_of_id = said.cdr_id)
        AND NOT EXISTS (SELECT FROM settlement_dispute dispute WHERE dispute.cdr_id = said.cdr_id AND dispute.upheld_amount > 0))
FROM settlement_finding said LEFT JOIN settlement_hold hold ON hold.cdr_id = said.cdr_id
WHERE said.found_at > %(since)s AND said.found_at <= %(at)s GROUP BY 1
"""

_MONEY = """
SELECT held.check_number, cdr.currency, sum(cdr.net) FROM (
    SELECT DISTINCT said.check_number, said.cdr_id FROM settlement_finding said JOIN settlement_hold hold ON hold.cdr_id = said.cdr_id
    WHERE said.found_at > %(since)s AND said.found_at <= %(at)s AND said.action = 'hold' AND hold.state = 'held'
) held JOIN roaming_cdr cdr ON cdr.id = held.cdr_id GROUP BY 1, 2 ORDER BY 1, 2
"""


class RuleStatistics(NamedTuple):
    """CDRs that one check spoke about: `hits` in all, `held` by it, `waiting` still, `released` by people, of them `unchanged`.

    `money_held` is net and per currency, of those that wait. A CDR that several checks hold counts for each.
    """

    check: int
    hits: int = 0
    held: int = 0
    waiting: int = 0
    released: int = 0
    unchanged: int = 0
    money_held: Mapping[str, Decimal] = {}

    @property
    def false_positives(self) -> Decimal | None:
        """The share of decided holds that were for nothing, in percent; None where none was decided."""
        return round(Decimal(100 * self.unchanged) / self.released, 1) if self.released else None


def rule_statistics(*, at: datetime, days: int = 90) -> list[RuleStatistics]:
    """This function will count what every check said in the `days` before an instant. Rejections at the door are in the trace, not here."""
    window = {"since": at - timedelta(days=days), "at": at}
    money: dict[int, dict[str, Decimal]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MONEY, window)
        for check, currency, net in cursor.fetchall():
            money.setdefault(check, {})[currency] = net
        cursor.execute(_COUNTS, window)
        counted = {row[0]: RuleStatistics(*row)._replace(money_held=money.get(row[0], {})) for row in cursor.fetchall()}
    return [counted.get(number, RuleStatistics(number)) for number in CHECKS]
