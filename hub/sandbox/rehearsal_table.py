"""The outcome of a rehearsal for people (a table) and for scripts (one JSON object)."""

from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.sandbox.rehearsal import Outcome

_PHASES = {
    "enrol": "Enrol platforms, sign agreements",
    "introduce": "Push cards, tariffs and locations",
    "charge": "Charge and bill",
    "deliver": "Deliver to providers",
    "settle": "Close, approve, issue",
}


class Bars:
    """One progress bar per phase, on stderr; where that is no terminal only the finished bars are written."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:<34}"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=Console(stderr=True))
        self._tasks: dict[str, TaskID] = {}
        self._latest = ""

    def show(self, phase: str, done: int, of: int) -> None:
        """This method will move a phase's bar; a phase that begins ends the one before."""
        if phase not in self._tasks:
            self._finish()
            self._tasks[phase] = self.progress.add_task(_PHASES[phase], total=None)
            self._latest = phase
        if of:
            self.progress.update(self._tasks[phase], completed=done, total=of)

    def close(self) -> None:
        """This method will end the last bar."""
        self._finish()

    def _finish(self) -> None:
        if self._latest:
            task = self.progress.tasks[self._tasks[self._latest]]
            self.progress.update(task.id, total=task.total or 1, completed=task.total or 1)
            self.progress.stop_task(task.id)


def describe(outcome: Outcome) -> dict[str, Any]:
    """This function will return every count as one JSON object; amounts are strings."""
    plan, figures, run = outcome.plan, outcome.figures, outcome.run
    return {
        "month": plan.month,
        "seed": plan.seed,
        "netting_set": plan.netting_set,
        "operators": plan.operators,
        "providers": plan.providers,
        "agreements": outcome.agreements,
        "messages": outcome.messages,
        "authorizations": dict(sorted(figures.authorizations.items())),
        "cdrs": {
            "sent": figures.cdrs.total(),
            "accepted": figures.cdrs["accepted"],
            "repeated": figures.cdrs["repeated"],
            "refused": figures.cdrs["refused"],
            "failed": figures.cdrs["failed"],
            "late": outcome.late,
            "delivered": outcome.delivered,
        },
        "refusals": dict(figures.refusals),
        "held": {"cdrs": outcome.held_cdrs, "reasons": dict(outcome.held)},
        "billed": {currency: f"{amount:.2f}" for currency, amount in sorted(figures.billed.items())},
        "gross": outcome.by_currency("gross"),
        "net_moved": outcome.by_currency("moved"),
        "payments": {"without_netting": outcome.payments[0], "planned": outcome.payments[1]},
        "run": run["run"],
        "positions": len(run["positions"]),
        "sum": run["sum"],
        "statements": outcome.statements,
        "seconds": {name: round(seconds, 2) for name, seconds in outcome.seconds.items()},
    }


def table(summary: dict[str, Any]) -> RenderableType:
    """This function will lay the summary out as a table of two columns."""
    laid = Table(title=f"Rehearsal of {summary['month']} (seed {summary['seed']})", box=box.SIMPLE_HEAD, title_justify="left")
    laid.add_column("What", no_wrap=True)
    laid.add_column("How much", justify="right")
    cdrs, payments, held = summary["cdrs"], summary["payments"], summary["held"]
    rows: list[tuple[str, object]] = [
        ("Operators, providers, agreements", f"{summary['operators']}, {summary['providers']}, {summary['agreements']}"),
        ("Messages over the wire", summary["messages"]),
        *((f"Authorisations {word}", count) for word, count in summary["authorizations"].items()),
        ("CDRs sent", cdrs["sent"]),
        *((f"  {word}", cdrs[word]) for word in ("accepted", "repeated", "refused", "failed", "late", "delivered")),
        *((f"    because {reason}", count) for reason, count in summary["refusals"].items()),
        ("CDRs held", held["cdrs"]),
        *((f"  {reason}", count) for reason, count in held["reasons"].items()),
        *((f"Billed by operators, with VAT, {currency}", amount) for currency, amount in summary["billed"].items()),
        *((f"Charged with hub fees, {currency}", amount) for currency, amount in summary["gross"].items()),
        *((f"Moved after netting {currency}", amount) for currency, amount in summary["net_moved"].items()),
        ("Payments", f"{payments['without_netting']} → {payments['planned']}"),
        ("Payments saved", _saved(payments)),
        ("Sum of positions", _zero(summary["sum"])),
        ("Statements", summary["statements"]),
        *((_PHASES[name], f"{seconds:.1f} s") for name, seconds in summary["seconds"].items()),
        ("All of it", f"{sum(summary['seconds'].values()):.1f} s"),
    ]
    for what, how_much in rows:
        laid.add_row(what, str(how_much))
    return laid


def _saved(payments: dict[str, int]) -> str:
    before, after = payments["without_netting"], payments["planned"]
    return f"{before - after} ({(before - after) * 100 // before} %)" if before else "0"


def _zero(total: object) -> str:
    if isinstance(total, dict):
        return ", ".join(f"{amount} {currency}" for currency, amount in sorted(total.items()))
    return str(total)
