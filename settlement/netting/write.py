"""Write the figures of a run: in bulk, once, into tables that refuse every change afterwards."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import connection

from roaming.canonical import PartyId
from settlement.netting.models import Conversion, NettingRun, PlannedPayment
from settlement.netting.netted import Netted
from settlement.netting.pairs import RoundedSum

_COPY_PAIRS = """
COPY settlement_pairtotal (
    run_id, operator_id, provider_id, currency, vat_rate, tax_note, bucket, count, energy_kwh, exact_net, exact_vat, net, vat, gross
) FROM STDIN
"""
_COPY_POSITIONS = """
COPY settlement_position (run_id, party_id, currency, receivable, payable, fees, carried, converted, net) FROM STDIN
"""


def write_pairs(*, run: NettingRun, pairs: Sequence[RoundedSum]) -> None:
    """This function will write the pair totals of a run."""
    with connection.cursor() as cursor, cursor.copy(_COPY_PAIRS) as copy:
        for pair in pairs:
            copy.write_row((run.pk, *pair.exact, pair.net, pair.vat, pair.gross))


def write_positions(*, run: NettingRun, netted: Netted, rows: Mapping[PartyId, int]) -> None:
    """This function will write the positions of a run in one statement: the database sums it to zero after each (migration 0004)."""
    nothing = Decimal(0)
    with connection.cursor() as cursor, cursor.copy(_COPY_POSITIONS) as copy:
        for key in sorted(netted.keys(), key=lambda key: (key[1], rows[key[0]])):
            figures = (netted.receivable, netted.payable, netted.fees, netted.carried, netted.converted)
            copy.write_row((run.pk, rows[key[0]], key[1], *(figure.get(key, nothing) for figure in figures), netted.net(key)))


def write_plan(*, run: NettingRun, netted: Netted, rows: Mapping[PartyId, int]) -> None:
    """This function will write who pays whom, and what pairs settle in another currency."""
    PlannedPayment.objects.bulk_create(
        PlannedPayment(run=run, payer_id=rows[payment.payer], payee_id=rows[payment.payee], currency=currency, amount=payment.amount)
        for currency, plan in netted.plans.items()
        for payment in plan
    )
    Conversion.objects.bulk_create(
        Conversion(
            run=run,
            debtor_id=rows[told.debtor],
            creditor_id=rows[told.creditor],
            currency=told.currency,
            amount=told.amount,
            into=told.into,
            converted=told.converted,
            published_on=told.published_on,
        )
        for told in netted.conversions
    )
