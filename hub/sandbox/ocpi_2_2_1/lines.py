"""What operators and providers say, as OCPI 2.2.1 requests: one line per company and role."""

from collections.abc import Sequence
from datetime import datetime

from hub.sandbox.companies import Company
from hub.sandbox.line import ACCEPTED, FAILED, REFUSED, REPEATED, Answer, ChargeRecord, Sent, SessionReport, Slice
from hub.sandbox.ocpi_2_2_1 import documents
from hub.sandbox.ocpi_2_2_1.documents import Document
from hub.sandbox.ocpi_2_2_1.link import HUB, Link, Reply
from hub.sandbox.operator import Operator
from hub.sandbox.world import Card, Charger, Site

NO_ROUTE = 4001
_WORDS = {2004: "UNKNOWN", NO_ROUTE: "NO_ROUTE", 4002: "LATE", 4003: "ABSENT"}


class OcpiOperatorLine:
    """An operator's side: pushes locations and tariffs to everybody, sessions and CDRs to the provider concerned."""

    def __init__(self, *, link: Link, operator: Operator) -> None:
        self.link = link
        self.operator = operator
        self.company = operator.company

    async def push_tariffs(self) -> list[Sent]:
        """This method will PUT every tariff to the hub, which broadcasts it."""
        return [
            await self._put("tariffs", documents.write_tariff(self.company, tariff), tariff.id, receiver=HUB)
            for tariff in self.operator.plan.tariffs
        ]

    async def push_site(self, site: Site) -> Sent:
        """This method will PUT a Location to the hub, which broadcasts it."""
        return await self._put("locations", self.location(site), site.id, receiver=HUB)

    async def push_status(self, site: Site, charger: Charger, *, at: datetime) -> Sent:
        """This method will PATCH the status of one EVSE at the hub, which broadcasts it."""
        changes = {"status": self.operator.statuses[charger.uid], "last_updated": documents.write_time(at)}
        path = self.link.object_path(self.company, site.id, charger.uid)
        return _sent(await self.link.call("PATCH", "locations/RECEIVER", path, body=changes, sender=self.company, receiver=HUB))

    async def ask(self, card: Card, *, site: Site, charger: Charger) -> Answer:
        """This method will POST a real-time authorisation without an addressee: the hub finds the provider (open routing)."""
        reply = await self.link.call(
            "POST",
            "tokens/SENDER",
            f"/{card.uid}/authorize",
            query={"type": "RFID"},
            sender=self.company,
            body={"location_id": site.id, "evse_uids": [charger.uid]},
        )
        if reply.is_success:
            return Answer(reply.data["allowed"], reply.data.get("authorization_reference"), str(reply.code))
        return Answer(_WORDS.get(reply.code or 0, "ERROR"), None, _code(reply))

    async def report(self, report: SessionReport, *, is_new: bool) -> Sent:
        """This method will PUT the whole Session."""
        return await self._put(
            "sessions", documents.write_session(report), report.id, receiver=self._provider(report.visit.provider.company)
        )

    async def amend(self, report: SessionReport, *, added: Sequence[Slice]) -> Sent:
        """This method will PATCH what the Session gained."""
        changes = documents.write_session_changes(report, added=added)
        path, receiver = self.link.object_path(self.company, report.id), self._provider(report.visit.provider.company)
        return _sent(await self.link.call("PATCH", "sessions/RECEIVER", path, body=changes, sender=self.company, receiver=receiver))

    async def bill(self, record: ChargeRecord) -> Sent:
        """This method will POST the CDR."""
        receiver = self._provider(record.visit.provider.company)
        return _sent(
            await self.link.call("POST", "cdrs/RECEIVER", body=documents.write_cdr(record), sender=self.company, receiver=receiver)
        )

    async def tell_result(self, address: str, *, result: str) -> Sent:
        """This method will POST a CommandResult to the address that came with the command."""
        return _sent(await self.link.call_address("POST", address, kind="POST commands", body={"result": result}, sender=self.company))

    def location(self, site: Site) -> Document:
        """This method will write a site as it stands now."""
        operator = self.operator
        return documents.write_location(
            operator.plan,
            site,
            statuses=operator.statuses,
            updated=operator.updated,
            at=max(operator.updated[c.uid] for c in site.chargers),
        )

    def list_documents(self, module: str) -> list[Document]:
        """This method will return everything of a module, for whoever pulls (the hub)."""
        operator = self.operator
        if module == "locations":
            return [self.location(site) for site in operator.plan.sites]
        if module == "tariffs":
            return [documents.write_tariff(self.company, tariff) for tariff in operator.plan.tariffs]
        if module == "sessions":
            return [documents.write_session(report) for report in operator.sessions.values()]
        return [documents.write_cdr(record) for record in operator.records.values()]

    async def _put(self, module: str, document: Document, *path: str, receiver: str | None) -> Sent:
        address = self.link.object_path(self.company, *path)
        return _sent(await self.link.call("PUT", f"{module}/RECEIVER", address, body=document, sender=self.company, receiver=receiver))

    def _provider(self, provider: Company) -> str | None:
        return provider.id if self.operator.plan.addresses_provider else None


class OcpiProviderLine:
    """A provider's side: pushes tokens to everybody, commands to one operator."""

    def __init__(self, *, link: Link, company: Company) -> None:
        self.link = link
        self.company = company

    async def push_cards(self, cards: Sequence[Card], *, at: datetime) -> list[Sent]:
        """This method will PUT every Token to the hub, which broadcasts it."""
        return [await self._push_card(card, at=at) for card in cards]

    async def _push_card(self, card: Card, *, at: datetime) -> Sent:
        body = documents.write_token(self.company, card, at=at)
        path = self.link.object_path(self.company, card.uid)
        return _sent(
            await self.link.call("PUT", "tokens/RECEIVER", path, query={"type": "RFID"}, body=body, sender=self.company, receiver=HUB)
        )

    async def start_remotely(
        self, card: Card, *, operator: Company, location_id: str, evse_uid: str, evse_id: str, reference: str, result_key: str, at: datetime
    ) -> Sent:
        """This method will POST START_SESSION to the operator."""
        body = {
            "token": documents.write_token(self.company, card, at=at),
            "location_id": location_id,
            "evse_uid": evse_uid,
            "authorization_reference": reference,
        }
        return await self._command("START_SESSION", body, operator=operator, result_key=result_key)

    async def stop_remotely(self, *, operator: Company, session_id: str, evse_id: str, reference: str | None, result_key: str) -> Sent:
        """This method will POST STOP_SESSION to the operator."""
        return await self._command("STOP_SESSION", {"session_id": session_id}, operator=operator, result_key=result_key)

    async def _command(self, name: str, body: Document, *, operator: Company, result_key: str) -> Sent:
        own = self.link.own_versions_url.removesuffix("/versions")
        body["response_url"] = f"{own}/2.2.1/emsp/commands/{name}/{result_key}"
        reply = await self.link.call("POST", "commands/RECEIVER", f"/{name}", body=body, sender=self.company, receiver=operator.id)
        if reply.is_success and reply.data["result"] != "ACCEPTED":
            return Sent(REFUSED, reply.data["result"])
        return _sent(reply)


def _sent(reply: Reply) -> Sent:
    if reply.is_success:
        # A hub answers a repeat like the first time; HTTP 201 says that it was new.
        return Sent(ACCEPTED if reply.http == 201 else REPEATED, str(reply.code), reply.message)
    # 4001: nobody there to receive it, now or later. What else a server answers about itself may pass.
    may_pass = reply.code is None or (reply.code >= 3000 and reply.code != NO_ROUTE)
    return Sent(FAILED if may_pass else REFUSED, _code(reply), reply.message)


def _code(reply: Reply) -> str:
    return str(reply.code) if reply.code is not None else f"HTTP {reply.http}"
