"""What operators and providers say, as OICP 2.3 operations: one line per company and role."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.sandbox.companies import Company
from hub.sandbox.line import ACCEPTED, FAILED, REFUSED, REPEATED, Answer, ChargeRecord, Sent, SessionReport, Slice
from hub.sandbox.oicp_2_3 import documents
from hub.sandbox.oicp_2_3.documents import Document, operator_id, provider_id
from hub.sandbox.oicp_2_3.link import OicpLink, Reply
from hub.sandbox.operator import Operator
from hub.sandbox.world import Card, Charger, Site

_DATA_EXISTS, _SESSION_INVALID = "009", "400"
_WORDS = {
    "101": "UNKNOWN",
    "102": "UNKNOWN",
    "105": "UNKNOWN",
    "106": "NOT_ALLOWED",
    "200": "BLOCKED",
    "210": "NO_CREDIT",
    "300": "NO_ROUTE",
}
# The specification's distance between two Progress notifications of one session.
_SPACING = timedelta(minutes=5)
_NO_SESSION = Sent(REFUSED, "", "a charge without a SessionID cannot be told in OICP")


class OicpOperatorLine:
    """An operator's side: pushes EVSE data, status and prices to the hub; notifications and CDRs name the hub's session."""

    def __init__(self, *, link: OicpLink, operator: Operator) -> None:
        self.link = link
        self.operator = operator
        self.company = operator.company
        self._billed: set[str] = set()
        self._told: dict[str, datetime] = {}  # session -> its latest Progress

    async def push_tariffs(self) -> list[Sent]:
        """This method will push every offer as a product, and which one applies at which charger."""
        plan = self.operator.plan
        return [
            await self._operator("dynamicpricing/v10", "pricing-products", documents.write_product_push(self.company, plan.tariffs)),
            await self._operator("dynamicpricing/v10", "evse-pricing", documents.write_evse_pricing_push(plan)),
        ]

    async def push_site(self, site: Site) -> Sent:
        """This method will push a site's chargers, new or known, and how they are."""
        plan = self.operator.plan
        sent = await self._operator("evsepush/v23", "data-records", documents.write_evse_push(plan, site, action="insert"))
        if sent.code == _DATA_EXISTS:
            sent = await self._operator("evsepush/v23", "data-records", documents.write_evse_push(plan, site, action="update"))
        return await self._push_statuses(site.chargers) if sent.is_in else sent

    async def push_status(self, site: Site, charger: Charger, *, at: datetime) -> Sent:
        """This method will push the status of one charger."""
        return await self._push_statuses([charger])

    async def ask(self, card: Card, *, site: Site, charger: Charger) -> Answer:
        """This method will send AuthorizeStart; the SessionID of a yes is the reference."""
        path = f"charging/v21/operators/{operator_id(self.company)}/authorize/start"
        reply = await self.link.post(path, documents.write_authorize_start(self.company, card, charger), kind="authorize start")
        if reply.body.get("AuthorizationStatus") == "Authorized":
            return Answer("ALLOWED", reply.body["SessionID"], reply.code or "")
        return Answer(_WORDS.get(reply.code or "", "ERROR"), None, reply.code or f"HTTP {reply.http}")

    async def report(self, report: SessionReport, *, is_new: bool) -> Sent:
        """This method will notify that a session started or ended."""
        if report.reference is None:
            return _NO_SESSION
        return await self._notify(report, report.reference)

    async def amend(self, report: SessionReport, *, added: Sequence[Slice]) -> Sent:
        """This method will notify progress, not more often than the specification wants."""
        if report.reference is None:
            return _NO_SESSION
        latest = self._told.get(report.reference)
        if latest is not None and report.reported_at - latest < _SPACING:
            return Sent(REPEATED, "", "told a moment ago")
        self._told[report.reference] = report.reported_at
        return await self._notify(report, report.reference)

    async def bill(self, record: ChargeRecord) -> Sent:
        """This method will send the CDR; a session has one, so a second one is refused, and there are no credits."""
        if record.reference is None or record.credit_of is not None:
            return _NO_SESSION
        path = f"cdrmgmt/v22/operators/{operator_id(self.company)}/charge-detail-record"
        body = documents.write_cdr(record, session_id=record.reference)
        reply = await self.link.post(path, body, kind="charge detail record")
        if reply.code == _SESSION_INVALID and record.reference in self._billed:
            return Sent(REPEATED, reply.code, reply.note)  # the hub has it
        if reply.is_done:
            self._billed.add(record.reference)
        self._told.pop(record.reference, None)
        return _sent(reply)

    async def tell_result(self, address: str, *, result: str) -> Sent:
        """This method will say nothing: the answer to a remote start was its result."""
        return Sent(ACCEPTED, "")

    async def _push_statuses(self, chargers: Sequence[Charger]) -> Sent:
        body = documents.write_status_push(self.company, chargers, statuses=self.operator.statuses)
        return await self._operator("evsepush/v21", "status-records", body)

    async def _notify(self, report: SessionReport, session_id: str) -> Sent:
        body = documents.write_notification(report, session_id=session_id)
        return _sent(await self.link.post("notificationmgmt/v11/charging-notifications", body, kind="charging notification"))

    async def _operator(self, group: str, operation: str, body: Document) -> Sent:
        return _sent(await self.link.post(f"{group}/operators/{operator_id(self.company)}/{operation}", body, kind=f"push {operation}"))


class OicpProviderLine:
    """A provider's side: uploads its cards, starts and stops from its app."""

    def __init__(self, *, link: OicpLink, company: Company) -> None:
        self.link = link
        self.company = company

    async def push_cards(self, cards: Sequence[Card], *, at: datetime) -> list[Sent]:
        """This method will upload the cards as one full load."""
        path = f"authdata/v21/providers/{provider_id(self.company)}/push-request"
        return [_sent(await self.link.post(path, documents.write_card_push(self.company, cards), kind="push cards"))]

    async def start_remotely(
        self, card: Card, *, operator: Company, location_id: str, evse_uid: str, evse_id: str, reference: str, result_key: str, at: datetime
    ) -> Sent:
        """This method will send AuthorizeRemoteStart and wait for what the charger did."""
        return await self._remote("start", documents.write_remote(self.company, evse_id=evse_id, card=card))

    async def stop_remotely(self, *, operator: Company, session_id: str, evse_id: str, reference: str | None, result_key: str) -> Sent:
        """This method will send AuthorizeRemoteStop and wait for what the charger did."""
        return await self._remote("stop", documents.write_remote(self.company, evse_id=evse_id, session_id=reference))

    async def _remote(self, verb: str, body: Document) -> Sent:
        path = f"charging/v21/providers/{provider_id(self.company)}/authorize-remote/{verb}"
        return _sent(await self.link.post(path, body, kind=f"remote {verb}"))


def _sent(reply: Reply) -> Sent:
    if reply.is_done:
        return Sent(ACCEPTED, reply.code or "", reply.note)
    # What a hub says about itself (001, 002), or says nothing, may pass; a push that runs already does too.
    may_pass = reply.code in (None, "001", "002") and reply.http != 400
    return Sent(FAILED if may_pass else REFUSED, reply.code or f"HTTP {reply.http}", reply.note)
