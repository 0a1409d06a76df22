"""How far is a close? Its pieces of work, claimed one by one, so that it can be watched, shared, and taken up after a crash.

A piece is claimed with FOR UPDATE SKIP LOCKED and marked done in the transaction that does it: whoever is killed leaves it to do, and
nobody does it twice (finance §5.2). What a piece does is safe to repeat all the same.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import F

from settlement.netting.models import CloseStep, NettingRun
from settlement.terms.models import NettingSet

CLEAR, DAY, NET = "clear", "day", "net"
STEPS = (CLEAR, DAY, NET)
_MOST_TRIES = 5


def list_progress(*, netting_set: NettingSet, period: str) -> list[CloseStep]:
    """This function will list the pieces of the latest attempt at closing a period, in order of the work."""
    steps = CloseStep.objects.filter(netting_set=netting_set, period=period)
    latest = steps.order_by("-attempt").values_list("attempt", flat=True).first()
    return sorted(steps.filter(attempt=latest), key=lambda step: (STEPS.index(step.step), step.subject)) if latest else []


def list_unfinished() -> list[tuple[NettingSet, str]]:
    """This function will list (netting set, period) of closes that began and have no run yet, oldest first."""
    begun = CloseStep.objects.filter(step=NET).exclude(state=CloseStep.State.DONE).select_related("netting_set").order_by("id")
    return [(step.netting_set, step.period) for step in begun]


def attempt_at(*, netting_set: NettingSet, period: str) -> int:
    """This function will return the number of the attempt under way: one more than there are runs, which are all void."""
    return 1 + NettingRun.objects.filter(netting_set=netting_set, period=period).count()


def add_steps(*, netting_set: NettingSet, period: str, attempt: int, step: str, subjects: Iterable[str] = ("",)) -> None:
    """This function will add pieces of work that are not there yet."""
    CloseStep.objects.bulk_create(
        (CloseStep(netting_set=netting_set, period=period, attempt=attempt, step=step, subject=subject) for subject in subjects),
        ignore_conflicts=True,
    )


@contextmanager
def claim(*, netting_set: NettingSet, period: str, attempt: int, step: str, at: datetime) -> Iterator[CloseStep | None]:
    """This function will give the next piece that is to do (None: nobody left one) and mark it done with what the block does.

    Where the block fails, all it did is undone, and the piece says why; after five tries it stays failed.
    """
    taken: CloseStep | None = None
    try:
        with transaction.atomic():
            open_ones = CloseStep.objects.filter(
                netting_set=netting_set, period=period, attempt=attempt, step=step, state=CloseStep.State.OPEN
            )
            taken = open_ones.select_for_update(skip_locked=True).order_by("subject").first()
            yield taken
            if taken is not None:
                CloseStep.objects.filter(pk=taken.pk).update(
                    state=CloseStep.State.DONE, tries=F("tries") + 1, error="", started_at=at, finished_at=at
                )
    except Exception as failed:
        if taken is not None:
            tries = taken.tries + 1
            state = CloseStep.State.FAILED if tries >= _MOST_TRIES else CloseStep.State.OPEN
            CloseStep.objects.filter(pk=taken.pk).update(state=state, tries=tries, error=str(failed)[:300], started_at=at)
        raise


def forget_steps(*, netting_set: NettingSet, period: str, attempt: int) -> None:
    """This function will take the pieces of a close back that was stopped or refused: the next one finds anew what is to do."""
    CloseStep.objects.filter(netting_set=netting_set, period=period, attempt=attempt).delete()


def mark(*, netting_set: NettingSet, period: str, attempt: int, step: str, done: bool, at: datetime) -> None:
    """This function will mark a piece that has no subjects as begun, or as done."""
    told = {"state": CloseStep.State.DONE, "finished_at": at} if done else {"state": CloseStep.State.OPEN, "started_at": at}
    CloseStep.objects.filter(netting_set=netting_set, period=period, attempt=attempt, step=step, subject="").update(**told)
