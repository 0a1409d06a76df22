"""Approve a run: another person than the one who closed it, and exactly the figures that stand there."""

from datetime import datetime

from django.db import transaction

from settlement.netting.digest import digest_of
from settlement.netting.models import NettingRun
from settlement.terms.rights import require


class MakerIsChecker(Exception):
    """Who closed a run cannot approve it."""


class WrongState(Exception):
    """The run is not in the state that this step starts from."""


class FiguresChanged(Exception):
    """Pair totals, positions or plan are not what was computed at the close: somebody changed the database."""


def approve_run(*, run: NettingRun, by: str, by_role: str, at: datetime) -> NettingRun:
    """This function will approve a draft run; it raises RoleMayNot, MakerIsChecker, WrongState and FiguresChanged."""
    require(action="approve", role=by_role, by=by)
    with transaction.atomic():
        locked = NettingRun.objects.select_for_update().get(pk=run.pk)
        if locked.state != NettingRun.State.DRAFT:
            raise WrongState(f"run {locked.pk} is {locked.state}: only a draft can be approved")
        if by.lower() == locked.closed_by.lower():
            raise MakerIsChecker(f"{by} closed run {locked.pk} and cannot approve it: another person must")
        refuse_changed_figures(run=locked)
        locked.state = NettingRun.State.APPROVED
        locked.approved_by = by
        locked.approved_at = at
        locked.save(update_fields=["state", "approved_by", "approved_at"])
    return locked


def refuse_changed_figures(*, run: NettingRun) -> None:
    """This function will raise FiguresChanged where the stored figures of a run do not give its digest."""
    if digest_of(run=run.pk) != run.digest:
        raise FiguresChanged(f"the figures of run {run.pk} differ from what was computed at the close: verify the ledger")
