"""Let the bank files of a large run go: above the cap of its netting set that takes a second approver (finance §2.4, §6.4)."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Sum

from roaming import canonical
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.payments.models import PaymentRelease
from settlement.statements.approve import refuse_changed_figures
from settlement.terms.rights import require


class NeedsSecondApprover(Exception):
    """The run moves more than the cap of its set, and nobody released its bank files yet."""


class CannotRelease(Exception):
    """The run is not approved, needs no release, was released before, or whoever releases closed or approved it."""


def release_payments(*, run: NettingRun, by: str, by_role: str, at: datetime) -> PaymentRelease:
    """This function will let the bank files of a run go that is above the cap; it raises RoleMayNot, CannotRelease and FiguresChanged."""
    require(action="release_payments", role=by_role, by=by)
    if run.state not in (NettingRun.State.APPROVED, NettingRun.State.ISSUED):
        raise CannotRelease(f"run {run.pk} is {run.state}: only the payments of an approved run are released")
    if by.lower() in (run.closed_by.lower(), run.approved_by.lower()):
        raise CannotRelease(f"{by} closed or approved run {run.pk}: a second approver is another person")
    if not above_cap(run=run):
        raise CannotRelease(f"run {run.pk} is not above the cap of its netting set: it needs no second approver")
    refuse_changed_figures(run=run)
    try:
        with transaction.atomic():
            told = {currency: f"{total:.{canonical.exponent(currency)}f}" for currency, total in _totals(run).items()}
            return PaymentRelease.objects.create(run=run, totals=told, digest=run.digest, released_by=by, released_at=at)
    except IntegrityError as known:
        raise CannotRelease(f"the payments of run {run.pk} are released already") from known


def require_release(*, run: NettingRun) -> str:
    """This function will return who released the payments of a run (empty: it needs nobody); it raises NeedsSecondApprover."""
    release = PaymentRelease.objects.filter(run=run).first()
    if release is not None:
        return release.released_by
    above = above_cap(run=run)
    if above:
        told = ", ".join(f"{total:.{canonical.exponent(currency)}f} {currency}" for currency, total in above.items())
        cap = f"{run.netting_set.payment_cap.normalize():f}" if run.netting_set.payment_cap is not None else ""
        raise NeedsSecondApprover(
            f"run {run.pk} moves {told}, above the cap of {cap}: another checker releases its payments first "
            f"(release_payments --run {run.pk})"
        )
    return ""


def above_cap(*, run: NettingRun) -> dict[str, Decimal]:
    """This function will return the currencies in which a run moves more than the cap of its set, with what it moves."""
    cap = run.netting_set.payment_cap
    return {} if cap is None else {currency: total for currency, total in _totals(run).items() if total > cap}


def _totals(run: NettingRun) -> dict[str, Decimal]:
    rows = PlannedPayment.objects.filter(run=run).values_list("currency").annotate(total=Sum("amount")).order_by("currency")
    return dict(rows)
