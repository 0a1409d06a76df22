"""A simulated provider: issues cards, answers for them, starts sessions from its app. Knows no protocol."""

import asyncio
import uuid
from datetime import datetime

from hub.sandbox.companies import Company
from hub.sandbox.line import Answer, ProviderLine, Sent
from hub.sandbox.world import Card, ProviderPlan


class Provider:
    """One eMSP. Its `line` is set when its platform opens."""

    line: ProviderLine

    def __init__(self, *, plan: ProviderPlan, opened_at: datetime, gives_references: bool) -> None:
        self.plan = plan
        self.company = plan.company
        self.opened_at = opened_at
        # A month played in one minute is authorised now and charged back then: a reference would tie the two together wrongly.
        self.gives_references = gives_references
        self.cards = {card.uid: card for card in plan.cards}
        self.delays: dict[str, float] = {}  # card uid -> seconds this provider takes to answer
        self.asked: list[str] = []
        self.results: dict[str, str] = {}

    async def issue_cards(self) -> list[Sent]:
        """This method will tell everybody the cards."""
        return await self.line.push_cards(self.plan.cards, at=self.opened_at)

    async def judge(self, *, uid: str) -> tuple[Card | None, Answer]:
        """This method will decide about a card; slowly for cards with a delay."""
        self.asked.append(uid)
        if uid in self.delays:
            await asyncio.sleep(self.delays[uid])
        card = self.cards.get(uid)
        if card is None:
            return None, Answer("UNKNOWN")
        reference = None
        if self.gives_references and card.verdict == "ALLOWED":
            reference = uuid.uuid4().hex
        return card, Answer(card.verdict, reference)

    async def start_remotely(self, card: Card, *, operator: Company, location_id: str, evse_uid: str, key: str, evse_id: str = "") -> Sent:
        """This method will send the app's wish to charge; over OCPI the charger's answer comes later under `key`."""
        return await self.line.start_remotely(
            card,
            operator=operator,
            location_id=location_id,
            evse_uid=evse_uid,
            evse_id=evse_id,
            reference=f"APP-{key}",
            result_key=key,
            at=self.opened_at,
        )

    async def stop_remotely(self, *, operator: Company, session_id: str, key: str, evse_id: str = "", reference: str | None = None) -> Sent:
        """This method will send the app's wish to end a session."""
        return await self.line.stop_remotely(operator=operator, session_id=session_id, evse_id=evse_id, reference=reference, result_key=key)

    def hear_result(self, *, key: str, result: str) -> None:
        """This method will keep what the charger did after a remote command."""
        self.results[key] = result
