"""Ask for a close, stop it, and do it. PostgreSQL holds the work: a worker that dies leaves an old beat, and the next one goes on."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from hub.closing.models import CloseRequest
from roaming import canonical
from roaming.audit.write import write_audit
from settlement.clearing.roll_up import RecountDiffers
from settlement.ledger.verify import BooksBroken
from settlement.models import NettingSet
from settlement.netting.close import PeriodStillRunning, WrongCycle, bounds_of, close_period, find_run
from settlement.netting.progress import attempt_at, forget_steps
from settlement.terms.rates import NoRate
from settlement.terms.rights import require

_DEAD_AFTER = timedelta(minutes=10)
_UNDER_WAY = (CloseRequest.State.WAITING, CloseRequest.State.RUNNING)


class AlreadyClosing(Exception):
    """The period is being closed, or was."""


class NothingToStop(Exception):
    """The close ended before it could be stopped."""


class CloseStopped(Exception):
    """A person stopped the close between two pieces of its work."""


def ask_close(*, netting_set: NettingSet, period: canonical.Period, by: str, by_role: str, at: datetime) -> CloseRequest:
    """This function will note that a person wants a period closed. It raises RoleMayNot, PeriodStillRunning and AlreadyClosing."""
    require(action="close", role=by_role, by=by)
    if at < bounds_of(period=period, zone=netting_set.zone).ends_at:
        raise PeriodStillRunning(f"{period.name} has not ended yet")
    if find_run(netting_set=netting_set, period=period) is not None:
        raise AlreadyClosing(f"{period.name} of {netting_set} is closed already")
    try:
        with transaction.atomic():
            request = CloseRequest.objects.create(netting_set=netting_set, period=period.name, asked_by=by, asked_at=at)
    except IntegrityError as running:
        raise AlreadyClosing(f"{period.name} of {netting_set} is being closed") from running
    write_audit(action="close asked for", by=by, subject=request)
    return request


def stop_close(*, request: CloseRequest, by: str, by_role: str, at: datetime) -> None:
    """This function will stop a close that is under way; what it had cleared and added up stays, and is right. It raises NothingToStop.

    Its worker notices between two pieces of work. Netting is one piece: once that began, the close comes to its end.
    """
    require(action="close", role=by_role, by=by)
    stopped = CloseRequest.objects.filter(pk=request.pk, state__in=_UNDER_WAY).update(
        state=CloseRequest.State.CANCELLED, cancelled_by=by, finished_at=at
    )
    if not stopped:
        raise NothingToStop("this close ended before it could be stopped")
    _forget(request)
    write_audit(action="close stopped", by=by, subject=request)


def close_next(*, at: datetime) -> CloseRequest | None:
    """This function will close one period that somebody waits for, and return the request, or None where nobody does."""
    with transaction.atomic():
        dead = Q(state=CloseRequest.State.RUNNING, beat_at__lt=at - _DEAD_AFTER)
        request = (
            CloseRequest.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(state=CloseRequest.State.WAITING) | dead)
            .select_related("netting_set")
            .order_by("pk")
            .first()
        )
        if request is None:
            return None
        request.state, request.beat_at = CloseRequest.State.RUNNING, at
        request.save(update_fields=["state", "beat_at"])
    period = canonical.Period.parse(request.period)
    try:
        run = close_period(netting_set=request.netting_set, period=period, by=request.asked_by, at=at, between=lambda: _go_on(request))
    except CloseStopped:
        _forget(request)
        request.refresh_from_db()
        return request
    except (BooksBroken, NoRate, PeriodStillRunning, RecountDiffers, WrongCycle) as refusal:
        request.state, request.problem = CloseRequest.State.FAILED, str(refusal)[:300]
        _forget(request)
    else:
        request.state, request.run, request.problem = CloseRequest.State.DONE, run, ""
    request.finished_at = timezone.now()
    request.save(update_fields=["state", "run", "problem", "finished_at"])
    return request


def _go_on(request: CloseRequest) -> None:
    heard = CloseRequest.objects.filter(pk=request.pk, state=CloseRequest.State.RUNNING).update(beat_at=timezone.now())
    if not heard:
        raise CloseStopped(f"{request.period} of {request.netting_set} was stopped")


def _forget(request: CloseRequest) -> None:
    attempt = attempt_at(netting_set=request.netting_set, period=request.period)
    forget_steps(netting_set=request.netting_set, period=request.period, attempt=attempt)
