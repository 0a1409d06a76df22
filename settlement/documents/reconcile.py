"""Keep and read invoice reconciliation records: one per invoice and credit note between an operator and a provider.

The wire belongs to the protocols; `describe_record` gives what OCPI 2.3.0 edition 2 calls an InvoiceReconciliationRecord.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from django.db import connection, transaction

from roaming.models import Party
from settlement.documents.models import ReconciliationRecord
from settlement.netting.models import NettingRun
from settlement.statements.models import Statement
from settlement.statements.supplies import list_supplies
from settlement.tax.rules import SUPPLY_RULES

# The same document has the same record id wherever and whenever it is written: a repeated push is a PUT of the same object.
_NAMES = uuid.UUID("6f2b8c52-0f0e-4a53-9b36-5a7f2f3c1d10")
_OUTSIDE = [rule.note for rule in SUPPLY_RULES if rule.category == "O"]

# A charge stands on the credit note where the rounded sum of its bucket is given back (settlement.statements.supplies).
_CDRS = """
SELECT cdr.cdr_id
FROM settlement_charge charge
JOIN roaming_cdr cdr ON cdr.id = charge.cdr_id
JOIN settlement_pairtotal pair ON pair.run_id = %(run)s AND pair.operator_id = charge.operator_id AND pair.provider_id = charge.provider_id
    AND pair.currency = charge.currency AND pair.vat_rate = charge.vat_rate AND pair.tax_note = charge.tax_note
    AND pair.bucket = charge.bucket
WHERE charge.netting_set_id = %(netting_set)s AND charge.period = %(period)s AND charge.operator_id = %(operator)s
    AND charge.provider_id = %(provider)s AND charge.currency = %(currency)s
    AND (pair.net < 0 OR (pair.net = 0 AND pair.vat < 0)) = %(is_credit)s
    AND (charge.tax_note = ANY(%(outside)s)) = %(is_outside)s
ORDER BY cdr.ended_at, cdr.cdr_id
"""


Tell = Callable[[Sequence[ReconciliationRecord]], None]
_tellers: list[Tell] = []


def when_kept(tell: Tell) -> None:
    """This function will let `tell` hear of new records, in the transaction that writes them."""
    _tellers.append(tell)


@transaction.atomic
def keep_records(*, run: NettingRun) -> int:
    """This function will write the records of an issued run that are not there yet, and return how many documents have one.

    Documents about decided disputes only name no CDR of the period, and have none.
    """
    assert run.issued_at is not None
    NettingRun.objects.select_for_update().get(pk=run.pk)  # two that write at once would tell partners twice
    rows = []
    for statement in Statement.objects.filter(run=run).select_related("run__netting_set", "party").order_by("id"):
        for supply in list_supplies(statement=statement):
            if supply.key.side == "receivable":
                rows.append(
                    ReconciliationRecord(
                        run=run,
                        record_id=str(uuid.uuid5(_NAMES, supply.number)),
                        invoice_number=supply.number,
                        operator=supply.key.seller,
                        provider=supply.key.buyer,
                        is_reverse=supply.is_self_billed,
                        currency=statement.currency,
                        is_credit=supply.key.is_credit,
                        is_outside=supply.key.is_outside,
                        updated_at=run.issued_at,
                    )
                )
    rows = [row for row in rows if cdr_ids(record=row)]
    known = set(ReconciliationRecord.objects.filter(run=run).values_list("record_id", flat=True))
    new = ReconciliationRecord.objects.bulk_create(row for row in rows if row.record_id not in known)
    for tell in _tellers if new else ():
        tell(new)
    return len(rows)


def keep_missing_records() -> int:
    """This function will write the records of every issued run that has none; it returns how many it wrote."""
    runs = NettingRun.objects.filter(state=NettingRun.State.ISSUED, reconciliation_records=None, pair_totals__isnull=False).distinct()
    return sum(keep_records(run=run) for run in runs.order_by("id"))


def list_records(*, party: Party) -> list[ReconciliationRecord]:
    """This function will return the records that concern a party, in order of their last update."""
    records = ReconciliationRecord.objects.select_related("operator", "provider", "run")
    return sorted(
        [*records.filter(operator=party), *records.filter(provider=party)], key=lambda record: (record.updated_at, record.invoice_number)
    )


def cdr_ids(*, record: ReconciliationRecord) -> list[str]:
    """This function will return the ids of the CDRs that the invoice is about, as their operator gave them."""
    run: NettingRun = record.run
    with connection.cursor() as cursor:
        cursor.execute(
            _CDRS,
            {
                "run": run.pk,
                "netting_set": run.netting_set_id,
                "period": run.period,
                "operator": record.operator_id,
                "provider": record.provider_id,
                "currency": record.currency,
                "is_credit": record.is_credit,
                "outside": _OUTSIDE,
                "is_outside": record.is_outside,
            },
        )
        return [row[0] for row in cursor.fetchall()]


def describe_record(*, record: ReconciliationRecord) -> dict[str, Any]:
    """This function will return the object as OCPI 2.3.0 edition 2 names its fields; its owner is who issued the invoice."""
    issuer = record.provider if record.is_reverse else record.operator
    return {
        "country_code": issuer.country_code,
        "party_id": issuer.party_id,
        "id": record.record_id,
        "invoice_id": record.invoice_number,
        "cdrs": cdr_ids(record=record),
        "last_updated": f"{record.updated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
