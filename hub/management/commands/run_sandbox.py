"""`run_sandbox`: the demonstration network, as a process of its own beside the hub."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hub.sandbox.demonstration import Demonstration
from hub.sandbox.month import NothingIsTaken
from hub.sandbox.network import PortTaken
from hub.sandbox.ocpi_2_2_1.link import HandshakeFailed
from hub.sandbox.office import Office, OfficeRefused
from hub.sandbox.readiness import HubNotThere


class Command(BaseCommand):
    """Brings the simulated partners up and keeps them alive until SIGTERM or Ctrl-C."""

    help = "Run the demonstration network: simulated operators and providers that talk to this hub over OCPI and OICP."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """This function will run until it is asked to end."""
        try:
            asyncio.run(self._run())
        except (HubNotThere, PortTaken, HandshakeFailed, NothingIsTaken, OfficeRefused) as reason:
            raise CommandError(str(reason)) from reason

    async def _run(self) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        demonstration = Demonstration(
            hub_url=settings.HUB_PUBLIC_URL,
            hub_party=settings.HUB_PARTY,
            proxy_secret=settings.HUB_PROXY_SECRET,
            memory_path=settings.VAR_DIR / "sandbox.json",
            office=Office(),
            clock=timezone.now,
            say=self._say,
        )
        await demonstration.run(stop=stop)

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
