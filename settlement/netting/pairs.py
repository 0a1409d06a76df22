"""From day totals to what each provider owes each operator: exact sums, rounded once per VAT group, shared by the buckets."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from django.db import connection

from settlement.disputes.queries import BUCKET as DISPUTE_BUCKET
from settlement.disputes.queries import sum_adjustments
from settlement.netting.rounding import round_group, spread


class Sum(NamedTuple):
    """The exact sum of one bucket of one VAT group of one pair (parties by their rows)."""

    operator: int
    provider: int
    currency: str
    vat_rate: Decimal
    tax_note: str
    bucket: str
    cdr_count: int
    energy_kwh: Decimal
    exact_net: Decimal
    exact_vat: Decimal

    @property
    def group(self) -> tuple[int, int, str, Decimal, str]:
        """What is rounded together."""
        return self[:5]


class RoundedSum(NamedTuple):
    """An exact sum with its share of the rounded group."""

    exact: Sum
    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        """Net plus VAT."""
        return self.net + self.vat


_SUMS = """
SELECT operator_id, provider_id, currency, vat_rate, tax_note, bucket,
    sum(count)::bigint, sum(energy_kwh), sum(net), sum(vat)
FROM settlement_daytotal WHERE netting_set_id = %s AND period = %s
GROUP BY operator_id, provider_id, currency, vat_rate, tax_note, bucket
ORDER BY operator_id, provider_id, currency, vat_rate, tax_note, bucket
"""


def sum_pairs(*, netting_set: int, period: str) -> list[Sum]:
    """This function will sum the day totals of a period, one row per pair, currency, VAT group and bucket; disputes are a bucket."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [netting_set, period])
        charged = [Sum(*row) for row in cursor.fetchall()]
    adjusted = [
        Sum(*row[:5], DISPUTE_BUCKET, row.adjustments, Decimal(0), row.net, row.vat)
        for row in sum_adjustments(netting_set=netting_set, period=period)
    ]
    return sorted([*charged, *adjusted], key=lambda of: (*of.group, of.bucket))


def round_pairs(sums: Sequence[Sum]) -> Iterator[RoundedSum]:
    """This function will round every VAT group once and give each bucket its share; `sums` come ordered by group."""
    for (_, _, currency, vat_rate, _), members in groupby(sums, key=lambda of: of.group):
        buckets = list(members)
        whole = round_group(net=sum((of.exact_net for of in buckets), Decimal(0)), vat_rate=vat_rate, currency=currency)
        nets = spread(total=whole.net, parts=[of.exact_net for of in buckets], currency=currency)
        vats = spread(total=whole.vat, parts=[of.exact_vat for of in buckets], currency=currency)
        for of, net, vat in zip(buckets, nets, vats, strict=True):
            yield RoundedSum(exact=of, net=net, vat=vat)
