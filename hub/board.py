"""The period board of the admin's first page: where each month (or week) of each netting set stands, from cut-off to reconciled.

Nothing is stored for it: each stage is read off the rows that the work itself leaves behind, so the board cannot disagree with them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Max, Min, Q, Sum
from django.urls import reverse

from hub.closing.models import CloseRequest
from roaming.canonical import Period
from roaming.figures import day, instant, number
from settlement.models import CloseStep, Dispute, NettingRun, NettingSet, PaymentMatch, PlannedPayment, Statement
from settlement.netting.close import bounds_of

_RUNS_PER_SET = 2
_DAY = timedelta(days=1)
_OPEN_DISPUTES = (Dispute.State.OPEN, Dispute.State.ANSWERED, Dispute.State.ESCALATED)
_STAGES = ("Cut-off", "Draft", "Review", "Disputes", "Approve", "Issue", "Pay", "Reconcile")
DONE, NOW, AHEAD, FAILED = "done", "now", "ahead", "failed"


@dataclass(frozen=True)
class Stage:
    """One step of a period: done, at it now, ahead, or failed; when, by whom, and what there is to say."""

    name: str
    state: str
    when: str = ""
    who: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class BoardRow:
    """One period of one netting set. `share_done` in per cent while a close is running; the addresses for who may close or stop it."""

    title: str
    url: str
    stages: Sequence[Stage]
    share_done: int | None = None
    close_url: str = ""
    stop_url: str = ""


@dataclass(frozen=True)
class Exposure:
    """What a provider owes by one currency: charged in open periods, and planned but not paid."""

    party: int
    name: str
    currency: str
    running: Decimal
    unpaid: Decimal

    @property
    def total(self) -> Decimal:
        """Everything that would be lost if the party paid nothing any more."""
        return self.running + self.unpaid


def read_board(*, at: datetime) -> list[BoardRow]:
    """This function will read the running period and the latest runs of every netting set, the sets by name."""
    runs: dict[int, list[NettingRun]] = {}
    for run in NettingRun.objects.exclude(state=NettingRun.State.VOID).select_related("netting_set").order_by("-starts_at")[:200]:
        kept = runs.setdefault(run.netting_set_id, [])
        if len(kept) < _RUNS_PER_SET:
            kept.append(run)
    shown = [run for kept in runs.values() for run in kept]
    facts = _facts(shown)
    closing, requests = _closing(), _requests()
    rows = []
    unclosed = _unclosed()
    for netting_set in NettingSet.objects.order_by("name"):
        begun = dict(closing.get(netting_set.pk, []))
        rows.append(_running(netting_set, at))
        rows += [_closing_row(netting_set, period, steps, requests.get((netting_set.pk, period))) for period, steps in begun.items()]
        for period in unclosed.get(netting_set.pk, []):
            bounds = bounds_of(period=Period.parse(period), zone=netting_set.zone)
            if bounds.ends_at <= at and period not in begun:
                rows.append(_ended_row(netting_set, bounds, requests.get((netting_set.pk, period))))
        rows += [_row(run, facts) for run in runs.get(netting_set.pk, [])]
    return rows


def read_exposure(*, at: datetime, limit: int = 10) -> list[Exposure]:
    """This function will return who would cost most by not paying: the open periods' charges and the plan's unpaid payments.

    Open periods are summed from day totals, and days that have none yet (today, as a rule) from the charges themselves.
    """
    month, week = Period.month_of(at), Period.week_of(at)
    a_month_ago, a_week_ago = (Period.month_of(month.starts_at - _DAY), Period.week_of(week.starts_at - _DAY))
    periods = [period.name for period in (month, a_month_ago, week, a_week_ago)]
    with connection.cursor() as cursor:
        cursor.execute(_EXPOSURE, {"periods": periods, "limit": limit})
        return [Exposure(row[0], row[1], row[2], *row[3:]) for row in cursor.fetchall()]


_EXPOSURE = """
WITH open_period AS (
    SELECT s.id AS netting_set_id, p.name FROM settlement_nettingset s CROSS JOIN unnest(%(periods)s::text[]) AS p(name)
    WHERE NOT EXISTS (
        SELECT FROM settlement_settlementperiod c WHERE c.netting_set_id = s.id AND c.name = p.name AND c.state = 'closed')
), rolled AS (
    SELECT d.netting_set_id, d.period, d.booked_on, d.provider_id, d.currency, sum(d.gross) AS gross FROM settlement_daytotal d
    JOIN open_period o ON o.netting_set_id = d.netting_set_id AND o.name = d.period GROUP BY 1, 2, 3, 4, 5
), owed AS (
    SELECT provider_id, currency, gross AS running, 0::numeric AS unpaid FROM rolled
    UNION ALL
    SELECT c.provider_id, c.currency, sum(c.gross), 0 FROM settlement_charge c
    JOIN open_period o ON o.netting_set_id = c.netting_set_id AND o.name = c.period
    WHERE NOT EXISTS (
        SELECT FROM rolled r WHERE r.netting_set_id = c.netting_set_id AND r.period = c.period AND r.booked_on = c.booked_on)
    GROUP BY 1, 2
    UNION ALL
    SELECT p.payer_id, p.currency, 0,
        p.amount - coalesce((SELECT sum(m.amount) FROM settlement_paymentmatch m WHERE m.payment_id = p.id), 0)
    FROM settlement_plannedpayment p JOIN settlement_nettingrun r ON r.id = p.run_id WHERE r.state <> 'void'
)
SELECT party.id, coalesce(nullif(party.name, ''), party.country_code || '-' || party.party_id), owed.currency,
    sum(running)::numeric(20, 4), sum(unpaid)::numeric(20, 4)
FROM owed JOIN roaming_party party ON party.id = owed.provider_id
GROUP BY 1, 2, 3 HAVING sum(running) + sum(unpaid) > 0 ORDER BY sum(running) + sum(unpaid) DESC LIMIT %(limit)s
"""


@dataclass(frozen=True)
class _Facts:
    """What the stages of the shown runs are read from, each by run."""

    statements: dict[int, tuple[int, date | None]]
    planned: dict[int, tuple[int, int]]  # payments, of which paid
    disputes: dict[int, int]


def _facts(runs: Iterable[NettingRun]) -> _Facts:
    ids = [run.pk for run in runs]
    statements = {
        row["run"]: (row["count"], row["due"])
        for row in Statement.objects.filter(run__in=ids).values("run").annotate(count=Count("pk"), due=Max("due_on"))
    }
    paid = PaymentMatch.objects.filter(payment__run__in=ids).values("payment").annotate(paid=Sum("amount"))
    paid_by_payment = {row["payment"]: row["paid"] for row in paid}
    planned: dict[int, tuple[int, int]] = {}
    for payment, run, amount in PlannedPayment.objects.filter(run__in=ids).values_list("pk", "run", "amount"):
        count, done = planned.get(run, (0, 0))
        planned[run] = (count + 1, done + (paid_by_payment.get(payment, Decimal(0)) >= amount))
    periods = {(run.netting_set_id, run.period): run.pk for run in runs}
    disputed = (
        Dispute.objects.filter(state__in=_OPEN_DISPUTES, cdr__charge__isnull=False)
        .values_list("cdr__charge__netting_set", "cdr__charge__period")
        .annotate(count=Count("pk"))
    )
    disputes = {periods[one, period]: count for one, period, count in disputed if (one, period) in periods}
    return _Facts(statements, planned, disputes)


def _closing() -> dict[int, list[tuple[str, list[CloseStep]]]]:
    """Closes that began and have no run yet: by netting set, (period, its pieces)."""
    open_ones = (
        CloseStep.objects.values("netting_set", "period", "attempt")
        .annotate(undone=Count("pk", filter=~Q(state=CloseStep.State.DONE)), first=Min("pk"))
        .filter(undone__gt=0)
        .order_by("first")
    )
    found: dict[int, list[tuple[str, list[CloseStep]]]] = {}
    for row in open_ones:
        steps = CloseStep.objects.filter(netting_set=row["netting_set"], period=row["period"], attempt=row["attempt"]).order_by("id")
        found.setdefault(row["netting_set"], []).append((row["period"], list(steps)))
    return found


# From one period to the next by the index of charges: as many steps as there are periods, however many charges.
_UNCLOSED = """
WITH RECURSIVE charged AS (
    SELECT s.id AS netting_set, (SELECT min(c.period) FROM settlement_charge c WHERE c.netting_set_id = s.id) AS period
    FROM settlement_nettingset s
    UNION ALL
    SELECT netting_set, (SELECT min(c.period) FROM settlement_charge c WHERE c.netting_set_id = netting_set AND c.period > charged.period)
    FROM charged WHERE period IS NOT NULL
)
SELECT netting_set, period FROM charged WHERE period IS NOT NULL AND NOT EXISTS (
    SELECT FROM settlement_nettingrun r WHERE r.netting_set_id = netting_set AND r.period = charged.period AND r.state <> 'void')
ORDER BY period DESC
"""


def _unclosed() -> dict[int, list[str]]:
    """Periods that hold charges and have no run, by netting set, the latest first."""
    found: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_UNCLOSED)
        for netting_set, period in cursor.fetchall():
            found.setdefault(netting_set, []).append(period)
    return found


def _requests() -> dict[tuple[int, str], CloseRequest]:
    """The latest close that was asked for, by netting set and period; those of runs that stand are of no interest."""
    latest = CloseRequest.objects.exclude(state=CloseRequest.State.DONE).order_by("-pk")[:200]
    return {(request.netting_set_id, request.period): request for request in reversed(latest)}


def _period_of(cycle: str, at: datetime) -> Period:
    return Period.week_of(at) if cycle == NettingSet.Cycle.WEEKLY else Period.month_of(at)


def _ended_row(netting_set: NettingSet, period: Period, request: CloseRequest | None) -> BoardRow:
    """A period that ended and waits for its close; what became of an earlier try stands at its draft."""
    close = reverse("admin_close", args=[netting_set.pk, period.name])
    stages = [Stage("Cut-off", DONE, when=instant(period.ends_at)), Stage("Draft", NOW, note="to be closed", url=close)]
    title, holds = f"{period.name} · {netting_set}", reverse("admin:settlement_hold_changelist")
    if request is not None and request.state in (CloseRequest.State.WAITING, CloseRequest.State.RUNNING):
        stages[1] = Stage("Draft", NOW, who=request.asked_by, note="waits for a worker")
        stop = reverse("admin_close_stop", args=[request.pk])
        return BoardRow(title, holds, [*stages, *_ahead(*_STAGES[2:])], share_done=0, stop_url=stop)
    if request is not None and request.state == CloseRequest.State.FAILED:
        stages[1] = Stage("Draft", FAILED, who=request.asked_by, note=request.problem, url=close)
    return BoardRow(title, holds, [*stages, *_ahead(*_STAGES[2:])], close_url=close)


def _running(netting_set: NettingSet, at: datetime) -> BoardRow:
    period = _period_of(netting_set.cycle, at)
    stages = [Stage("Cut-off", NOW, when=instant(period.ends_at), note="collecting CDRs"), *_ahead(*_STAGES[1:])]
    return BoardRow(f"{period.name} · {netting_set}", reverse("admin:roaming_cdr_changelist"), stages)


def _ahead(*names: str) -> list[Stage]:
    return [Stage(name, AHEAD) for name in names]


def _closing_row(netting_set: NettingSet, period: str, steps: list[CloseStep], request: CloseRequest | None) -> BoardRow:
    done = sum(step.state == CloseStep.State.DONE for step in steps)
    failed = next((step for step in steps if step.state == CloseStep.State.FAILED or step.error), None)
    note = f"stopped: {failed.error}" if failed else f"{done} of {len(steps)} pieces done"
    stages = [Stage("Cut-off", DONE), Stage("Draft", FAILED if failed else NOW, note=note)]
    share = 100 * done // max(1, len(steps))
    is_asked = request is not None and request.state in (CloseRequest.State.WAITING, CloseRequest.State.RUNNING)
    return BoardRow(
        f"{period} · {netting_set}",
        reverse("admin:settlement_nettingrun_changelist"),
        [*stages, *_ahead(*_STAGES[2:])],
        share_done=share,
        # What a command began, nobody stops from here; what stands still may be taken up.
        stop_url=reverse("admin_close_stop", args=[request.pk]) if is_asked and request else "",
        close_url="" if is_asked else reverse("admin_close", args=[netting_set.pk, period]),
    )


def _row(run: NettingRun, facts: _Facts) -> BoardRow:
    url = reverse("admin:settlement_nettingrun_change", args=[run.pk])
    count, due = facts.statements.get(run.pk, (0, None))
    planned, paid = facts.planned.get(run.pk, (0, 0))
    disputes = facts.disputes.get(run.pk, 0)
    is_draft, is_issued = run.state == NettingRun.State.DRAFT, run.state == NettingRun.State.ISSUED
    held = f"{reverse('admin:settlement_hold_changelist')}?state__exact=held"
    pays = Stage("Pay", AHEAD, note=f"{planned} payments")
    reconcile = Stage("Reconcile", AHEAD)
    if is_issued:
        all_paid = paid == planned
        pays = Stage("Pay", DONE if all_paid else NOW, when=f"due {day(due)}" if due else "", note=f"{planned} payments")
        reconcile = Stage("Reconcile", DONE if all_paid else NOW, note=f"{paid} of {planned} matched")
    stages = [
        Stage("Cut-off", DONE, when=instant(run.ends_at)),
        Stage("Draft", DONE, when=instant(run.closed_at), who=run.closed_by or "the timetable", note=f"{_n(run.cdr_count)} CDRs", url=url),
        Stage("Review", NOW if is_draft else DONE, note=f"{_n(run.held_count)} held", url=held),
        Stage("Disputes", NOW if disputes else (AHEAD if is_draft else DONE), note=f"{disputes} open"),
        Stage(
            "Approve",
            NOW if is_draft else DONE,
            when=instant(run.approved_at) if run.approved_at else "",
            who=run.approved_by or f"not {run.closed_by or 'the closer'}",
            url=url,
        ),
        Stage(
            "Issue",
            DONE if is_issued else (AHEAD if is_draft else NOW),
            when=instant(run.issued_at) if run.issued_at else "",
            who=run.issued_by,
            note=f"{count} statements",
            url=url,
        ),
        pays,
        reconcile,
    ]
    return BoardRow(f"{run.period} · {run.netting_set}", url, stages)


def _n(count: int) -> str:
    return number(count, decimals=0)
