"""Plays a month through the hub's doors: cards, tariffs and sites are pushed, cards asked for, sessions reported, records billed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial

from hub.sandbox.companies import OICP
from hub.sandbox.day import Visit
from hub.sandbox.line import FAILED, Answer, ChargeRecord, Sent
from hub.sandbox.network import Network
from hub.sandbox.operator import Operator
from hub.sandbox.story import Attempt, Story

# A hub that restarts in the middle of a play is waited for: an operator does not throw a record away.
_TRIES = 6
_HOPELESS = 12  # so many things given up one after the other, and the hub is broken rather than away
_METER_ERROR = Decimal("0.995")

Notice = Callable[[int], None]


class NothingIsTaken(Exception):
    """The hub answers nothing that is sent to it any more; the message says what its latest answer was."""


@dataclass
class Figures:
    """What was sent and how it was answered. `billed` is what operators asked for (gross, by currency), credits subtracted."""

    authorizations: Counter[str] = field(default_factory=Counter)
    cdrs: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    billed: dict[str, Decimal] = field(default_factory=dict)
    records: list[ChargeRecord] = field(default_factory=list)

    def count_cdr(self, record: ChargeRecord, sent: Sent, *, is_repeat: bool) -> None:
        """This method will count a record; money counts once, when the hub has it."""
        self.cdrs[sent.result] += 1
        if not sent.is_in:
            self.refusals[f"{sent.code} {sent.note}".strip()] += 1
        elif not is_repeat:
            currency, gross = record.visit.company.country.currency, record.cost.total.gross
            self.billed[currency] = self.billed.get(currency, Decimal(0)) + (-gross if record.credit_of else gross)
            self.records.append(record)


class MonthPlay:
    """One month of one network. `concurrency` is how many things happen at once; `on_step` hears how many visits are done."""

    def __init__(
        self, *, network: Network, story: Story, concurrency: int, detailed_share: float = 1.0, first_pause_seconds: float = 0.25
    ) -> None:
        self.network = network
        self.story = story
        self.figures = Figures()
        self._gate = asyncio.Semaphore(concurrency)
        self._every = max(1, round(1 / detailed_share)) if detailed_share else 0
        self._first_pause_seconds = first_pause_seconds
        self._given_up = 0

    async def introduce(self) -> list[Sent]:
        """This method will let everybody push what others need to know, and return what the hub did not take."""
        work: list[Awaitable[list[Sent]]] = [provider.issue_cards() for provider in self.network.providers.values()]
        work += [operator.introduce() for operator in self.network.operators.values()]
        return [sent for sents in await asyncio.gather(*work) for sent in sents if not sent.is_in]

    async def play(self, *, on_step: Notice) -> Figures:
        """This method will play every attempt and visit except the late ones, and return the figures."""
        await self._together([partial(self._attempt, attempt) for attempt in self.story.attempts], on_step=lambda _: None)
        visits = [visit for visit in self.story.visits if visit.id not in self.story.late]
        await self._together([partial(self._visit, visit, number) for number, visit in enumerate(visits)], on_step=on_step)
        return self.figures

    async def play_late(self) -> Figures:
        """This method will bill what was kept back until after the close."""
        for visit in self.story.visits:
            if visit.id in self.story.late:
                await self._visit(visit, 0)
        return self.figures

    async def _together(self, work: Iterable[Callable[[], Awaitable[None]]], *, on_step: Notice) -> None:
        async def one(do: Callable[[], Awaitable[None]]) -> None:
            async with self._gate:
                await do()
            on_step(1)

        await asyncio.gather(*(one(do) for do in work))

    async def _attempt(self, attempt: Attempt) -> None:
        operator = self.network.operators[attempt.operator.company.id]
        answer = await operator.ask(attempt.card, site=attempt.site, charger=attempt.charger)
        self.figures.authorizations[answer.word] += 1

    async def _visit(self, visit: Visit, number: int) -> None:
        operator = self.network.operators[visit.company.id]
        method, reference = "WHITELIST", None
        if visit.id in self.story.asked:
            answer = await self._hold_card_up(operator, visit)
            self.figures.authorizations[answer.word] += 1
            if answer.is_allowed:
                method, reference = "AUTH_REQUEST", self._reference(visit, answer)
            elif operator.is_brokered:
                return  # the car leaves: without a yes there is no session
        if self._every and number % self._every == 0:
            await self._insist(lambda: operator.report_start(visit, auth_method=method, reference=reference))
            await self._insist(lambda: operator.report_progress(visit, ticks=visit.charging_ticks // 2))
        await self._insist(lambda: operator.report_end(visit, auth_method=method, reference=reference))
        await self._bill(visit)

    async def _hold_card_up(self, operator: Operator, visit: Visit) -> Answer:
        """Ask; where nothing is possible without a yes, a driver with a good card tries again as drivers do."""
        answer = await operator.ask(visit.card, site=visit.site, charger=visit.charger)
        for _ in range(_TRIES if operator.is_brokered else 0):
            if answer.is_allowed:
                break
            await asyncio.sleep(self._first_pause_seconds)
            answer = await operator.ask(visit.card, site=visit.site, charger=visit.charger)
        return answer

    def _reference(self, visit: Visit, answer: Answer) -> str | None:
        """Return what ties the charge to its authorisation; the hub's own reference has its date, which is not that of a month ago."""
        is_alive = self.network.providers[visit.provider.company.id].gives_references
        return answer.reference if is_alive or visit.company.protocol == OICP else None

    async def _bill(self, visit: Visit) -> None:
        operator = self.network.operators[visit.company.id]
        record = operator.record(visit)
        records = [record]
        if visit.id in self.story.repeated:
            records.append(record)
        if visit.id in self.story.credited:
            at = record.created_at + timedelta(hours=6)
            energy = (visit.energy_kwh * _METER_ERROR).quantize(Decimal("0.01"))
            records += [record.credited(at=at), record.replaced(energy_kwh=energy, at=at + timedelta(minutes=1))]
        for position, item in enumerate(records):
            sent = await self._insist(lambda item=item: operator.bill(item))  # type: ignore[misc]
            self.figures.count_cdr(item, sent, is_repeat=item in records[:position])

    async def _insist(self, send: Callable[[], Awaitable[Sent]]) -> Sent:
        """Send until there is an answer; a record that the hub took while its answer got lost is then a repeat."""
        pause = self._first_pause_seconds
        sent = await send()
        for _ in range(_TRIES):
            if sent.result != FAILED:
                self._given_up = 0
                return sent
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5)
            sent = await send()
        self._given_up += 1
        if self._given_up >= _HOPELESS:
            raise NothingIsTaken(f"The hub takes nothing any more; its latest answer: {sent.code} {sent.note}".rstrip())
        return sent
