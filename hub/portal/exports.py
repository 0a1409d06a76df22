"""Exports in the portal: ask for one, watch it, cancel it, fetch it (again from where a download broke off)."""

from contextlib import suppress
from datetime import UTC
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from hub.portal.cdr_filters import counterparties_of, read_filters
from hub.portal.export_write import ExportRunning, ask_export, cancel_export, path_of
from hub.portal.models import CdrExport
from hub.portal.ranges import answer_with_range
from hub.portal.scope import Scope, portal_page
from hub.tasks import write_exports
from hub.users.permissions import Action


def find_export(scope: Scope, export_id: UUID) -> CdrExport:
    """This function will return an export of any of the person's parties; every other one is a 404."""
    return get_object_or_404(CdrExport, pk=export_id, party__in=scope.parties(to=Action.SEE_OWN_RECORDS))


@require_POST
@portal_page(to=Action.SEE_OWN_RECORDS)
def ask(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will start an export of what the list shows."""
    now = timezone.now()
    filters = read_filters(
        given=request.POST, sides=scope.sides, counterparties=counterparties_of(scope.party), today=now.astimezone(UTC).date()
    )
    try:
        export = ask_export(party=scope.party, by=scope.user, filters=filters, at=now)
    except ExportRunning as running:
        messages.warning(request, str(running))
        return redirect("portal:cdrs")
    transaction.on_commit(_ring)
    return redirect("portal:export", export_id=export.pk)


def _ring() -> None:
    # The row is the work, the message a bell: without the broker the timetable finds it within a quarter of a minute.
    with suppress(OperationalError):
        write_exports.delay()


@require_safe
@portal_page(to=Action.SEE_OWN_RECORDS)
def export_detail(request: HttpRequest, scope: Scope, export_id: UUID) -> HttpResponse:
    """This function will show how far an export is; asked for JSON it tells only that."""
    export = find_export(scope, export_id)
    if request.GET.get("as") == "json":
        return JsonResponse({"state": export.state, "rows": export.rows, "total": export.total})
    is_under_way = export.state in (CdrExport.State.WAITING, CdrExport.State.RUNNING)
    return render(request, "portal/export.html", {"scope": scope, "export": export, "is_under_way": is_under_way})


@require_POST
@portal_page(to=Action.SEE_OWN_RECORDS)
def cancel(request: HttpRequest, scope: Scope, export_id: UUID) -> HttpResponse:
    """This function will stop an export."""
    cancel_export(export=find_export(scope, export_id), at=timezone.now())
    return redirect("portal:export", export_id=export_id)


@require_safe
@portal_page(to=Action.SEE_OWN_RECORDS)
def fetch(request: HttpRequest, scope: Scope, export_id: UUID) -> HttpResponse:
    """This function will hand out the file, or the part that a broken download still lacks."""
    export = find_export(scope, export_id)
    path = path_of(export)
    if export.state != CdrExport.State.DONE or not path.is_file():
        raise Http404
    name = f"cdrs_{export.party.key}_{export.filters.get('month', 'all')}_{str(export.pk)[:8]}.csv"
    return answer_with_range(request=request, path=path, filename=name, content_type="text/csv; charset=utf-8", sha256=export.sha256)
