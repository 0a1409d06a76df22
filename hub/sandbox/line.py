"""What partners say to each other, without a protocol: the words of the sandbox. A wire room turns them into messages.

Another protocol joins the sandbox by implementing OperatorLine and ProviderLine and by calling OperatorDesk and ProviderDesk for
what arrives.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from hub.sandbox.companies import Company
from hub.sandbox.day import Visit
from hub.sandbox.prices import Cost, price
from hub.sandbox.world import Card, Charger, Site

ACCEPTED = "accepted"
REPEATED = "repeated"
REFUSED = "refused"
FAILED = "failed"


@dataclass(frozen=True)
class Sent:
    """What became of something sent: ACCEPTED, REPEATED (known already), REFUSED (will not be taken), FAILED (no usable answer)."""

    result: str
    code: str
    note: str = ""

    @property
    def is_in(self) -> bool:
        """Whether the hub has it."""
        return self.result in (ACCEPTED, REPEATED)


@dataclass(frozen=True)
class Answer:
    """What came back to "may this card charge?": the provider's word (ALLOWED, BLOCKED …), or UNKNOWN, LATE, ABSENT, NO_ROUTE, ERROR."""

    word: str
    reference: str | None = None
    code: str = ""

    @property
    def is_allowed(self) -> bool:
        """Whether the car may charge."""
        return self.word == "ALLOWED"


@dataclass(frozen=True)
class Slice:
    """A part of a session: from then on, so much energy in so many hours, charging or only standing there."""

    starts_at: datetime
    energy_kwh: Decimal
    hours: Decimal
    is_parking: bool = False


@dataclass(frozen=True)
class SessionReport:
    """A session as its operator sees it at one moment. `status` is ACTIVE or COMPLETED; `slices` are all so far."""

    visit: Visit
    status: str
    energy_kwh: Decimal
    slices: tuple[Slice, ...]
    auth_method: str
    reference: str | None
    reported_at: datetime

    @property
    def id(self) -> str:
        """The session's id."""
        return f"S-{self.visit.id}"


@dataclass(frozen=True)
class ChargeRecord:
    """A finished session to be paid. `credit_of` makes it a credit: everything as in the original, the total negated."""

    id: str
    visit: Visit
    auth_method: str
    reference: str | None
    created_at: datetime
    credit_of: str | None = None
    remark: str | None = None

    @property
    def session_id(self) -> str:
        """The session it ends; a replacement names the session of the record it replaces."""
        return f"S-{self.visit.id}"

    @property
    def cost(self) -> Cost:
        """The price by component, positive also in a credit."""
        tariff = self.visit.operator.tariff(self.visit.charger.tariff_id)
        return price(tariff=tariff, energy_kwh=self.visit.energy_kwh, parking_hours=self.visit.parking_hours)

    def credited(self, *, at: datetime) -> "ChargeRecord":
        """This method will return the record that cancels this one entirely."""
        return replace(self, id=f"{self.id}-C", credit_of=self.id, created_at=at, remark="Meter reading corrected")

    def replaced(self, *, energy_kwh: Decimal, at: datetime) -> "ChargeRecord":
        """This method will return the record that takes this one's place with another meter reading."""
        return replace(self, id=f"{self.id}-R", visit=replace(self.visit, energy_kwh=energy_kwh), created_at=at, credit_of=None)


class OperatorLine(Protocol):
    """What an operator can say to the hub."""

    async def push_tariffs(self) -> list[Sent]:
        """Tell everybody the offers."""

    async def push_site(self, site: Site) -> Sent:
        """Tell everybody a location with its chargers."""

    async def push_status(self, site: Site, charger: Charger, *, at: datetime) -> Sent:
        """Tell everybody the new status of one charger."""

    async def ask(self, card: Card, *, site: Site, charger: Charger) -> Answer:
        """Ask whether the card may charge."""

    async def report(self, report: SessionReport, *, is_new: bool) -> Sent:
        """Tell the provider the session as a whole."""

    async def amend(self, report: SessionReport, *, added: Sequence[Slice]) -> Sent:
        """Tell the provider what the session gained."""

    async def bill(self, record: ChargeRecord) -> Sent:
        """Send the record to be paid."""

    async def tell_result(self, address: str, *, result: str) -> Sent:
        """Tell what the charger did after a remote command."""


class ProviderLine(Protocol):
    """What a provider can say to the hub."""

    async def push_cards(self, cards: Sequence[Card], *, at: datetime) -> list[Sent]:
        """Tell everybody the cards."""

    async def start_remotely(
        self, card: Card, *, operator: Company, location_id: str, evse_uid: str, evse_id: str, reference: str, result_key: str, at: datetime
    ) -> Sent:
        """Ask an operator to start a session."""

    async def stop_remotely(self, *, operator: Company, session_id: str, evse_id: str, reference: str | None, result_key: str) -> Sent:
        """Ask an operator to end a session; `reference` is what its authorisation was called."""


@dataclass(frozen=True)
class RemoteStart:
    """A provider's wish to start a session, as the operator got it; where a protocol names no card, of a contract."""

    card_uid: str
    provider_id: str
    location_id: str
    evse_uid: str | None
    reference: str | None
    result_address: str
    contract_id: str = ""

    def is_of(self, card: Card) -> bool:
        """Whether this card's driver wants it; a contract may have got its check character on the way."""
        told, own = self.contract_id.replace("-", ""), card.contract_id.replace("-", "")
        return self.card_uid == card.uid or (told.startswith(own) and bool(own))


class OperatorDesk(Protocol):
    """What an operator does with what arrives."""

    def learn_card(self, *, provider_id: str, uid: str, document: dict[str, object]) -> bool:
        """Keep a pushed card; tells whether it is new."""

    async def start(self, wish: RemoteStart) -> str:
        """Answer a remote start: ACCEPTED or REJECTED."""

    async def stop(self, *, session_id: str, result_address: str) -> str:
        """Answer a remote stop: ACCEPTED or UNKNOWN_SESSION."""


class ProviderDesk(Protocol):
    """What a provider does with what arrives."""

    async def judge(self, *, uid: str) -> tuple[Card | None, Answer]:
        """Decide about a card of its own; None where it never issued it."""

    def hear_result(self, *, key: str, result: str) -> None:
        """Keep what a charger did after a remote command."""
