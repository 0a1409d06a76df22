"""`rehearse`: a month in a minute or two against the running hub, with companies of its own."""

import asyncio
import io
import random
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone
from rich.console import Console

from hub.sandbox.demonstration import month_bounds
from hub.sandbox.month import NothingIsTaken
from hub.sandbox.network import PortTaken
from hub.sandbox.ocpi_2_2_1.link import HandshakeFailed
from hub.sandbox.office import Office, OfficeRefused
from hub.sandbox.readiness import HubNotThere
from hub.sandbox.rehearsal import MonthStillRunning, Plan, Rehearsal, TooLittle
from hub.sandbox.rehearsal_table import Bars, describe, table
from roaming.management.operator_command import OperatorCommand, WrongUsage


class Command(OperatorCommand):
    """Simulated partners play a month over real HTTP; then it is closed, approved and issued."""

    help = "Rehearse a month: simulated operators and providers over real HTTP, then close, approve and issue."
    refusals = (HubNotThere, MonthStillRunning, TooLittle, PortTaken, HandshakeFailed, NothingIsTaken, OfficeRefused)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        former = timezone.now().replace(day=1) - timedelta(days=1)
        parser.add_argument("--month", default=f"{former:%Y-%m}", metavar="YYYY-MM", help="a month that has ended (default: the last one)")
        parser.add_argument("--operators", type=int, default=8)
        parser.add_argument("--providers", type=int, default=6)
        parser.add_argument("--cdrs", type=int, default=1000, help="how many charges (a few more records come from credits and repeats)")
        parser.add_argument(
            "--ocpi-only", action="store_true", help="nobody speaks OICP: for a hub whose proxy is not reached from this machine"
        )
        parser.add_argument("--seed", type=int, help="the same seed plays the same month, with new companies where the former are taken")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will rehearse and return the summary."""
        for name in ("operators", "providers", "cdrs"):
            if options[name] < 1:
                raise WrongUsage(f"--{name} must be 1 or more")
        try:
            month_bounds(options["month"])
        except ValueError as wrong:
            raise WrongUsage(f"--month {options['month']!r} is not a month like 2026-10") from wrong
        seed = options["seed"] if options["seed"] is not None else random.randrange(1_000_000)
        plan = Plan(
            month=options["month"],
            operators=options["operators"],
            providers=options["providers"],
            cdrs=options["cdrs"],
            seed=seed,
            stamp=f"{timezone.now():%y%m%d-%H%M%S}",
        )
        bars = Bars()
        with bars.progress:
            rehearsal = Rehearsal(
                plan=plan,
                hub_url=settings.HUB_PUBLIC_URL,
                proxy_secret="" if options["ocpi_only"] else settings.HUB_PROXY_SECRET,
                office=Office(),
                clock=timezone.now,
                on_progress=bars.show,
            )
            outcome = asyncio.run(rehearsal.run())
            bars.close()
        return describe(outcome)

    def describe(self, result: dict[str, Any]) -> str:
        """This function will lay the summary out as a table."""
        paper = io.StringIO()
        Console(file=paper, width=100).print(table(result))
        return "\n".join(line.rstrip() for line in paper.getvalue().splitlines())
