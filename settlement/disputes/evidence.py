"""The evidence pack of a CDR: what the hub holds about it, byte for byte, with a digest of each part, built without anybody's help."""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.forms.models import model_to_dict

from roaming.models import Authorization, Cdr, Exchange, PartyRole, Session, TariffRevision
from settlement.clearing.models import Charge, Hold
from settlement.control.models import Finding, Repricing, SignedReading
from settlement.disputes.models import Adjustment, Dispute, DisputeFile, DisputeMessage

# Zip keeps a time per member; a fixed one makes equal states equal bytes.
_WHEN = (1980, 1, 1, 0, 0, 0)
_MOST_MESSAGES = 200
# Exchanges are kept for a month, in partitions by day.
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=7)


class Pack(NamedTuple):
    """The zip and the names inside."""

    content: bytes
    names: list[str]


def build_pack(*, cdr: Cdr) -> Pack:
    """This function will build the zip: record as received, session states, authorisation, tariff, trace, meter, findings, messages."""
    parts: dict[str, bytes] = {
        "cdr/received": bytes(cdr.received),
        "cdr/canonical.json": bytes(cdr.body),
        "cdr/seal.json": _json(
            {
                "cdr": f"{cdr.owner.key}/{cdr.cdr_id}",
                "provider": str(cdr.provider.key),
                "protocol": cdr.protocol,
                "received_at": cdr.received_at,
                "seal": bytes(cdr.seal).hex(),
                "sealed_over": "SHA-256 of SHA-256(received) followed by canonical.json",
            }
        ),
        "findings.json": _json([_plain(row) for row in Finding.objects.filter(cdr=cdr).order_by("check_number", "code")]),
        "hold.json": _json([_plain(row) for row in Hold.objects.filter(cdr=cdr)]),
        "charge.json": _json([_plain(row) for row in Charge.objects.filter(cdr=cdr)]),
        "meter.json": _json([_plain(row) for row in SignedReading.objects.filter(cdr=cdr).order_by("number")]),
        "authorization.json": _json([_plain(row) for row in _authorizations(cdr)]),
        "messages.json": _json(_messages(cdr)),
        "disputes.json": _json(_disputes(cdr)),
        **_session(cdr),
        **_price(cdr),
        **_files(cdr),
    }
    manifest = {name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for name, content in sorted(parts.items())}
    parts["manifest.json"] = _json(manifest)
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(parts.items()):
            archive.writestr(zipfile.ZipInfo(name, date_time=_WHEN), content)
    return Pack(output.getvalue(), sorted(parts))


def evidence_pack(dispute: Dispute) -> bytes:
    """This function will return the zip about the CDR of a dispute: the same bytes as long as nothing new was said, shown or booked."""
    return build_pack(cdr=dispute.cdr).content


def _session(cdr: Cdr) -> dict[str, bytes]:
    session = Session.objects.filter(owner=cdr.owner_id, session_key=cdr.session_key).first() if cdr.session_key else None
    if session is None:
        return {}
    return {
        f"session/{revision.number:04}-{revision.received_at:%Y%m%dT%H%M%S}.json": bytes(revision.body)
        for revision in session.revisions.order_by("number")
    }


def _price(cdr: Cdr) -> dict[str, bytes]:
    priced = Repricing.objects.filter(cdr=cdr).first()
    if priced is None:
        return {}
    revisions = TariffRevision.objects.filter(pk__in=priced.revisions).order_by("id")
    return {
        "price/trace.json": _json(_plain(priced)),
        **{f"price/tariff-revision-{row.pk}.json": _json(row.document) for row in revisions},
    }


def _authorizations(cdr: Cdr) -> Sequence[Authorization]:
    if not cdr.authorization_reference:
        return []
    return list(Authorization.objects.filter(reference=cdr.authorization_reference).order_by("at")[:10])


def _messages(cdr: Cdr) -> list[dict[str, Any]]:
    """This function will return the exchanges that name the session or the CDR, on the platforms of both companies."""
    names = [name for name in (cdr.session_id, cdr.cdr_id) if name]
    platforms = PartyRole.objects.filter(party__in=[cdr.owner_id, cdr.provider_id]).values("platform_id")
    about = Q(object_id__in=names)
    for name in names:
        about |= Q(path__contains=name)
    rows = Exchange.objects.filter(
        about, platform_id__in=platforms, at__gte=cdr.started_at - _BEFORE, at__lte=cdr.received_at + _AFTER
    ).order_by("at", "id")
    return [_plain(row) for row in rows[:_MOST_MESSAGES]]


def _disputes(cdr: Cdr) -> list[dict[str, Any]]:
    return [
        {
            **_plain(dispute),
            "messages": [_plain(row) for row in DisputeMessage.objects.filter(dispute=dispute).order_by("said_at", "id")],
            "adjustments": [_plain(row) for row in Adjustment.objects.filter(dispute=dispute).order_by("id")],
        }
        for dispute in Dispute.objects.filter(cdr=cdr).order_by("id")
    ]


def _files(cdr: Cdr) -> dict[str, bytes]:
    rows = DisputeFile.objects.filter(dispute__cdr=cdr).order_by("dispute_id", "id")
    return {f"files/{row.dispute_id}-{row.pk}-{row.name}": bytes(row.content) for row in rows}


def _plain(row: Any) -> dict[str, Any]:
    told = model_to_dict(row)
    told["id"] = row.pk
    return {name: bytes(value).hex() if isinstance(value, bytes | memoryview) else value for name, value in told.items()}


def _json(content: object) -> bytes:
    return json.dumps(content, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False, indent=1).encode()
