"""The board's pages: itself, as a piece of a page that renews; the look before a close; and the buttons that begin and stop one."""

from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from hub.board import read_board
from hub.closing.models import CloseRequest
from hub.closing.work import AlreadyClosing, NothingToStop, ask_close, stop_close
from hub.tasks import close_periods
from hub.users.permissions import Action, may
from roaming import canonical
from settlement.models import Charge, Hold, NettingSet
from settlement.netting.close import PeriodStillRunning, bounds_of


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """This function will give the board alone, for a page that stands open."""
    if not may(request.user, Action.SEE_EVERYTHING):
        raise PermissionDenied
    answer = TemplateResponse(
        request, "admin/board.html", {"board": read_board(at=timezone.now()), "may_close": may(request.user, Action.CLOSE)}
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, netting_set_id: int, period_name: str) -> HttpResponse:
    """This function will show what a close would hold, and ask a worker for it when the form is sent."""
    if not may(request.user, Action.CLOSE):
        raise PermissionDenied
    netting_set = get_object_or_404(NettingSet, pk=netting_set_id)
    try:
        period = canonical.Period.parse(period_name)
    except canonical.NotAPeriod as wrong:
        raise Http404 from wrong
    if request.method == "POST":
        try:
            ask_close(netting_set=netting_set, period=period, **_person(request), at=timezone.now())
        except (AlreadyClosing, PeriodStillRunning) as refusal:
            messages.error(request, f"Refused: {refusal}.")
        else:
            messages.success(request, f"{period.name} of {netting_set} is being closed. The board shows how far it is.")
            transaction.on_commit(_ring)
        return redirect("admin:index")
    bounds = bounds_of(period=period, zone=netting_set.zone)
    charges = Charge.objects.filter(netting_set=netting_set, period=period.name)
    told = {
        **admin.site.each_context(request),
        "title": f"Close {period.name} of {netting_set}",
        "netting_set": netting_set,
        "period": period.name,
        "sums": charges.values("currency").annotate(count=Count("pk"), gross=Sum("gross")).order_by("currency"),
        "held": Hold.objects.filter(state=Hold.State.HELD, cdr__ended_at__gte=bounds.starts_at, cdr__ended_at__lt=bounds.ends_at).count(),
    }
    return TemplateResponse(request, "admin/close.html", told)


@require_POST
def stop(request: HttpRequest, request_id: int) -> HttpResponse:
    """This function will stop a close."""
    if not may(request.user, Action.CLOSE):
        raise PermissionDenied
    wanted = get_object_or_404(CloseRequest.objects.select_related("netting_set"), pk=request_id)
    try:
        stop_close(request=wanted, **_person(request), at=timezone.now())
        messages.success(request, f"The close of {wanted.period} is stopped. What was cleared meanwhile stays, and is right.")
    except NothingToStop as late:
        messages.warning(request, f"{late}.".capitalize())
    return redirect("admin:index")


def _person(request: HttpRequest) -> dict[str, Any]:
    return {"by": str(request.user.get_username()), "by_role": str(getattr(request.user, "staff_role", ""))}


def _ring() -> None:
    # Without the broker the timetable finds the request within a quarter of a minute.
    with suppress(OperationalError):
        close_periods.delay()
