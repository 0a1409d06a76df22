"""Write a file of CDRs in the background: claimed by one worker, its progress told, stopped when the person asks.

PostgreSQL holds the work. A worker that dies leaves a beat that grows old, and the next one writes the file anew. A file is written
under a temporary name and renamed: whoever downloads it gets all of it.
"""

import csv
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from hub.portal.cdr_filters import Filters, cdrs_of, counterparties_of, cursor_of, read_cursor, read_filters
from hub.portal.models import CdrExport
from hub.users.models import User
from roaming import canonical
from roaming.figures import place_of
from roaming.models import Cdr, Party
from settlement.clearing.standing import standing_of
from settlement.documents.csv_export import safe
from settlement.models import Charge

MOST_ROWS = 500_000  # reliability §2.1
KEPT = timedelta(days=7)
_BATCH = 500
_DEAD_AFTER = timedelta(minutes=2)

COLUMNS = (
    *("cdr_id", "session_id", "operator", "operator_name", "provider", "provider_name", "started_at", "ended_at", "energy_kwh"),
    *("duration_hours", "currency", "net", "vat", "charged_net", "vat_rate", "charged_vat", "charged_gross", "tax_note", "period"),
    *("state", "hold_reasons", "credit_of", "location", "address", "postal_code", "city", "country", "evse_id", "contract_id"),
    *("authorization_reference", "price_source", "received_at", "seal"),
)


class ExportRunning(Exception):
    """The party has an export in the making: one at a time (reliability §2.1)."""


def ask_export(*, party: Party, by: User, filters: Filters, at: datetime) -> CdrExport:
    """This function will note that a file is wanted; it raises ExportRunning."""
    try:
        with transaction.atomic():
            return CdrExport.objects.create(party=party, asked_by=by.email, filters=filters.told(), asked_at=at)
    except IntegrityError as running:
        raise ExportRunning("an export of this company is in the making: wait for it, or cancel it") from running


def cancel_export(*, export: CdrExport, at: datetime) -> None:
    """This function will stop an export that is not done; its worker notices within a batch."""
    CdrExport.objects.filter(pk=export.pk, state__in=[CdrExport.State.WAITING, CdrExport.State.RUNNING]).update(
        state=CdrExport.State.CANCELLED, finished_at=at
    )


def write_next(*, at: datetime) -> CdrExport | None:
    """This function will write one waiting export, and return it, or None where none waits."""
    with transaction.atomic():
        dead = Q(state=CdrExport.State.RUNNING) & (Q(beat_at=None) | Q(beat_at__lt=at - _DEAD_AFTER))
        export = (
            CdrExport.objects.select_for_update(skip_locked=True)
            .filter(Q(state=CdrExport.State.WAITING) | dead)
            .order_by("asked_at")
            .first()
        )
        if export is None:
            return None
        export.state, export.beat_at, export.rows = CdrExport.State.RUNNING, at, 0
        export.save(update_fields=["state", "beat_at", "rows"])
    try:
        _write(export)
    except Exception:
        CdrExport.objects.filter(pk=export.pk, state=CdrExport.State.RUNNING).update(
            state=CdrExport.State.FAILED, finished_at=timezone.now()
        )
        raise
    export.refresh_from_db()
    return export


def path_of(export: CdrExport) -> Path:
    """This function will return where the file of an export lies."""
    return Path(settings.DOCUMENTS_DIR) / "exports" / f"{export.pk}.csv"


def forget_old(*, at: datetime) -> int:
    """This function will delete the files, and the rows, of exports that were asked for a week ago, and return how many."""
    old = list(CdrExport.objects.filter(asked_at__lt=at - KEPT))
    for export in old:
        path_of(export).unlink(missing_ok=True)
    CdrExport.objects.filter(pk__in=[export.pk for export in old]).delete()
    return len(old)


def _write(export: CdrExport) -> None:
    sides = [side for side, role in (("operator", "CPO"), ("provider", "EMSP")) if export.party.roles.filter(role=role).exists()]
    today = export.asked_at.astimezone(UTC).date()
    filters = read_filters(given=export.filters, sides=sides, counterparties=counterparties_of(export.party), today=today)
    total = min(cdrs_of(export.party, filters).count(), MOST_ROWS)
    CdrExport.objects.filter(pk=export.pk).update(total=total)
    path = path_of(export)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        with draft.open("w", newline="", encoding="utf-8") as file:
            is_whole = _write_rows(file, export, filters)
        if not is_whole:
            return
        with draft.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        size = draft.stat().st_size
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    done = CdrExport.objects.filter(pk=export.pk, state=CdrExport.State.RUNNING).update(
        state=CdrExport.State.DONE, sha256=digest, size=size, finished_at=timezone.now()
    )
    if not done:
        path.unlink(missing_ok=True)


def _write_rows(file: IO[str], export: CdrExport, filters: Filters) -> bool:
    """This function will return whether every row was written: False where the person cancelled."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    written = 0
    for batch in _batches(export.party, filters):
        for cdr in batch:
            writer.writerow(_row(cdr, export.party))
        written += len(batch)
        alive = CdrExport.objects.filter(pk=export.pk, state=CdrExport.State.RUNNING)
        if not alive.update(rows=written, total=max(written, export.total), beat_at=timezone.now()):
            return False
        if written >= MOST_ROWS:
            break
    return True


def _batches(party: Party, filters: Filters) -> Iterator[list[Cdr]]:
    before = ""
    while True:
        page = read_filters_from(filters, before)
        batch = list(cdrs_of(party, page).select_related("credit_of")[:_BATCH])
        if batch:
            yield batch
        if len(batch) < _BATCH:
            return
        before = cursor_of(batch[-1])


def read_filters_from(filters: Filters, before: str) -> Filters:
    """This function will return the filters of the page that begins at a cursor."""
    return Filters(filters.month, filters.side, filters.counterparty, filters.state, read_cursor(before), filters.search)


def _row(cdr: Cdr, party: Party) -> list[Any]:
    place, charge, hold = place_of(cdr.body), getattr(cdr, "charge", None), getattr(cdr, "hold", None)
    reasons = hold.reasons if hold is not None and hold.state == "held" else []
    return [
        *(safe(cdr.cdr_id), safe(cdr.session_id), str(cdr.owner.key), safe(cdr.owner.name), str(cdr.provider.key), safe(cdr.provider.name)),
        *(_utc(cdr.started_at), _utc(cdr.ended_at), f"{cdr.energy_kwh:f}", f"{cdr.duration_hours:f}", cdr.currency, f"{cdr.net:f}"),
        "" if cdr.vat is None else f"{cdr.vat:f}",
        *_charged(charge),
        *(standing_of(cdr), safe("; ".join(reason["message"] for reason in reasons))),
        safe(cdr.credit_of.cdr_id) if cdr.credit_of else "",
        *map(safe, _texts(place)),
        # The contract is the provider's customer.
        safe(cdr.contract_id) if cdr.provider_id == party.pk else "",
        *(safe(cdr.authorization_reference), cdr.priced_by, _utc(cdr.received_at), bytes(cdr.seal).hex()),
    ]


def _charged(charge: Charge | None) -> tuple[str, ...]:
    if charge is None:
        return ("",) * 6
    return f"{charge.net:f}", f"{charge.vat_rate:f}", f"{charge.vat:f}", f"{charge.gross:f}", charge.tax_note, charge.period


def _texts(place: canonical.CdrLocation) -> tuple[str, ...]:
    return (place.name or "", place.address, place.postal_code or "", place.city, place.country, place.evse_id)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
