"""Keep what the rules said, once per CDR and code, and what the hub computed and verified, once per CDR."""

from collections.abc import Mapping, Sequence

import msgspec
from django.db import connection

from settlement.control.evidence import Evidence
from settlement.control.models import SignedReading
from settlement.control.price import policy_of
from settlement.control.reprice import Repriced
from settlement.control.verdict import Remark

_MESSAGE_LENGTH = 300

# Nearly every CDR carries a flag: one statement per batch, ten times faster than rows through the ORM, and one text instead of arrays.
_INSERT = """
INSERT INTO settlement_finding (cdr_id, check_number, code, action, message)
SELECT cdr_id, check_number, code, action, message
FROM json_to_recordset(%s::json) AS said (cdr_id bigint, check_number smallint, code text, action text, message text)
ON CONFLICT DO NOTHING
"""

_INSERT_PRICES = """
INSERT INTO settlement_repricing (cdr_id, counts, source, revisions, zone, currency, told_net, net, vat, policy, trace)
SELECT cdr_id, counts, source, revisions, zone, currency, told_net, net, vat, policy, trace FROM json_to_recordset(%s::json) AS priced (
    cdr_id bigint, counts boolean, source text, revisions jsonb, zone text, currency text, told_net numeric, net numeric, vat numeric,
    policy jsonb, trace jsonb)
ON CONFLICT DO NOTHING
"""
_ENCODER = msgspec.json.Encoder(decimal_format="string")


def record_findings(*, remarks: Mapping[int, Sequence[Remark]]) -> None:
    """This function will store the remarks on each CDR (by row); what was said before is not said again."""
    rows = [
        {
            "cdr_id": cdr,
            "check_number": remark.check,
            "code": remark.code,
            "action": remark.action,
            "message": remark.message[:_MESSAGE_LENGTH],
        }
        for cdr, of_cdr in remarks.items()
        for remark in of_cdr
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [_ENCODER.encode(rows).decode()])


def record_evidence(*, batch: Sequence[Evidence]) -> None:
    """This function will store the computed price with its trace, and the verdict on each signed value; what is stored already stays."""
    priced = [
        _repricing(evidence, evidence.repriced) for evidence in batch if evidence.repriced is not None and evidence.repriced.net is not None
    ]
    if priced:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_PRICES, [_ENCODER.encode(priced).decode()])
    signed = [
        SignedReading(
            cdr_id=evidence.id,
            number=verdict.number,
            nature=verdict.nature[:32],
            digest=verdict.digest,
            verdict=verdict.verdict,
            detail=verdict.detail,
        )
        for evidence in batch
        for verdict in evidence.signed
    ]
    if signed:
        SignedReading.objects.bulk_create(signed, batch_size=500, ignore_conflicts=True)


def _repricing(evidence: Evidence, repriced: Repriced) -> dict[str, object]:
    trace = [
        {
            "component": line.component,
            "tariff": line.tariff_id,
            "element": line.element,
            "volume": f"{line.volume.normalize():f}",
            "unit": line.unit,
            "price": f"{line.price.normalize():f}",
            "before_taxes": None if line.amount.before_taxes is None else f"{line.amount.before_taxes.normalize():f}",
            "text": line.text,
        }
        for line in (repriced.rated.trace if repriced.rated else ())
    ]
    return {
        "cdr_id": evidence.id,
        "counts": evidence.is_priced_by_hub,
        "source": repriced.source,
        "revisions": list(repriced.revisions),
        "zone": repriced.zone,
        "currency": repriced.currency,
        "told_net": evidence.net,
        "net": repriced.net,
        "vat": repriced.vat,
        "policy": policy_of(evidence.terms.pricing if evidence.terms else {}),
        "trace": trace,
    }
