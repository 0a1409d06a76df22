"""A simulated operator: keeps its chargers, charges cards, reports sessions and bills them. Knows no protocol."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.sandbox.companies import OICP
from hub.sandbox.day import TICK, Visit
from hub.sandbox.line import Answer, ChargeRecord, OperatorLine, RemoteStart, Sent, SessionReport, Slice
from hub.sandbox.world import Card, Charger, OperatorPlan, Site

_KEPT = 5_000  # sessions and records an operator can still show to whoever pulls


class Operator:
    """One CPO. Its `line` is set when its platform opens."""

    line: OperatorLine

    def __init__(self, *, plan: OperatorPlan, opened_at: datetime) -> None:
        self.plan = plan
        self.company = plan.company
        self.statuses = {charger.uid: "AVAILABLE" for site in plan.sites for charger in site.chargers}
        self.updated = dict.fromkeys(self.statuses, opened_at)
        self.cards: dict[tuple[str, str], dict[str, object]] = {}
        self.sessions: dict[str, SessionReport] = {}
        self.records: dict[str, ChargeRecord] = {}
        self.on_start: Callable[[RemoteStart], Awaitable[str]] | None = None
        self.on_stop: Callable[[str, str], Awaitable[str]] | None = None

    @property
    def is_brokered(self) -> bool:
        """Whether it speaks OICP: the hub names its sessions, so there is no charge without the hub's answer first."""
        return self.company.protocol == OICP

    async def introduce(self) -> list[Sent]:
        """This method will tell everybody the tariffs and the sites."""
        sent = list(await self.line.push_tariffs())
        for site in self.plan.sites:
            sent.append(await self.line.push_site(site))
        return sent

    async def set_status(self, site: Site, charger: Charger, status: str, *, at: datetime) -> Sent:
        """This method will change a charger's status and tell everybody."""
        self.statuses[charger.uid], self.updated[charger.uid] = status, at
        return await self.line.push_status(site, charger, at=at)

    async def ask(self, card: Card, *, site: Site, charger: Charger) -> Answer:
        """This method will ask whether the card may charge."""
        return await self.line.ask(card, site=site, charger=charger)

    async def report_start(self, visit: Visit, *, auth_method: str = "WHITELIST", reference: str | None = None) -> Sent:
        """This method will open the session of a visit: nothing charged yet."""
        report = SessionReport(visit, "ACTIVE", Decimal("0.00"), (), auth_method, reference, visit.starts_at)
        return self._keep(report, await self.line.report(report, is_new=True))

    async def report_progress(self, visit: Visit, *, ticks: int) -> Sent:
        """This method will add what was charged since the latest report, up to `ticks` after the start."""
        before = self.sessions[f"S-{visit.id}"]
        done = int(sum((part.hours for part in before.slices), Decimal(0)) * 100)
        energy = share(visit, ticks) - before.energy_kwh
        added = (Slice(visit.starts_at + TICK * done, energy, Decimal(ticks - done) / 100),)
        report = SessionReport(
            visit,
            "ACTIVE",
            before.energy_kwh + energy,
            before.slices + added,
            before.auth_method,
            before.reference,
            visit.starts_at + TICK * ticks,
        )
        return self._keep(report, await self.line.amend(report, added=added))

    async def report_end(self, visit: Visit, *, auth_method: str = "WHITELIST", reference: str | None = None) -> Sent:
        """This method will close the session of a visit, whether it was reported before or not."""
        before = self.sessions.get(f"S-{visit.id}")
        slices = before.slices if before else ()
        done = int(sum((part.hours for part in slices), Decimal(0)) * 100)
        if done < visit.charging_ticks:
            energy = visit.energy_kwh - (before.energy_kwh if before else Decimal(0))
            slices += (Slice(visit.starts_at + TICK * done, energy, Decimal(visit.charging_ticks - done) / 100),)
        if visit.parking_ticks:
            slices += (Slice(visit.charged_at, Decimal(0), visit.parking_hours, is_parking=True),)
        report = SessionReport(
            visit,
            "COMPLETED",
            visit.energy_kwh,
            slices,
            before.auth_method if before else auth_method,
            before.reference if before else reference,
            visit.ends_at,
        )
        return self._keep(report, await self.line.report(report, is_new=before is None))

    def record(self, visit: Visit) -> ChargeRecord:
        """This method will write the record of a finished visit, two minutes after its end."""
        session = self.sessions[f"S-{visit.id}"]  # billed is what was reported as ended
        return ChargeRecord(visit.id, visit, session.auth_method, session.reference, visit.ends_at + timedelta(minutes=2))

    async def bill(self, record: ChargeRecord) -> Sent:
        """This method will send a record to be paid and keep it where the hub took it."""
        sent = await self.line.bill(record)
        if sent.is_in:
            self.records[record.id] = record
            _forget_oldest(self.records)
        return sent

    def learn_card(self, *, provider_id: str, uid: str, document: dict[str, object]) -> bool:
        """This method will keep a card that a provider pushed; tells whether it is new."""
        is_new = (provider_id, uid) not in self.cards
        self.cards[(provider_id, uid)] = document
        return is_new

    async def start(self, wish: RemoteStart) -> str:
        """This method will answer a remote start: REJECTED where nobody plays, else what the play says."""
        return await self.on_start(wish) if self.on_start else "REJECTED"

    async def stop(self, *, session_id: str, result_address: str) -> str:
        """This method will answer a remote stop."""
        return await self.on_stop(session_id, result_address) if self.on_stop else "UNKNOWN_SESSION"

    def find_charger(self, *, location_id: str, evse_uid: str | None) -> tuple[Site, Charger] | None:
        """This method will return the charger that a remote start names, or None."""
        for site in self.plan.sites:
            for charger in site.chargers:
                if site.id == location_id and evse_uid in (None, charger.uid):
                    return site, charger
        return None

    def _keep(self, report: SessionReport, sent: Sent) -> Sent:
        self.sessions[report.id] = report  # the operator's own books: they do not depend on what the hub says
        _forget_oldest(self.sessions)
        return sent


def share(visit: Visit, ticks: int) -> Decimal:
    """This function will return the kWh of a visit after so many ticks, two decimals, charging evenly."""
    done = min(ticks, visit.charging_ticks)
    return (visit.energy_kwh * done / visit.charging_ticks).quantize(Decimal("0.01"))


def _forget_oldest(kept: dict[str, Any]) -> None:
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]
