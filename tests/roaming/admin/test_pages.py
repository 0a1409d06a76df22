"""Operations in the admin: traffic is looked at, platforms are locked, deliveries retried and parked."""

import re
import uuid
from datetime import UTC, datetime
from html import unescape

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from hub.dashboard import read_today
from roaming.models import Delivery, Exchange, ForwardedCommand, Platform, Session, Token
from settlement.models import Hold
from tests.builders.network import Network, build_network
from tests.builders.parties import platform_of
from tests.builders.people import staff

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
PAGES = ["cdr", "session", "authorization", "location", "tariff", "token", "delivery", "exchange", "platform", "party", "roamingagreement"]


class TestPages(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=3)

    def test_open_for_operations_and_change_nothing(self) -> None:
        operations = staff("operations")
        for name in PAGES:
            listed = operations.get(f"/admin/roaming/{name}/")
            assert listed.status_code == 200, name
            row = listed.context["cl"].result_list[0]
            assert operations.get(f"/admin/roaming/{name}/{row.pk}/change/").status_code == 200, name
            assert operations.get(f"/admin/roaming/{name}/add/").status_code == 403, name
            assert operations.post(f"/admin/roaming/{name}/{row.pk}/change/", {}).status_code == 403, name
            assert operations.post(f"/admin/roaming/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403, name

    def test_say_what_to_do_where_nothing_is(self) -> None:
        Exchange.objects.all().delete()
        page = staff("operations").get("/admin/roaming/exchange/").content.decode()
        assert "Nothing was said yet" in page

    def test_never_show_a_whole_token_or_contract(self) -> None:
        operations = staff("operations")
        token, session = Token.objects.earliest("id"), Session.objects.earliest("id")
        for address in ("token/", f"token/{token.pk}/change/", "session/", "authorization/"):
            page = operations.get(f"/admin/roaming/{address}").content.decode()
            assert token.uid not in page, address
            assert session.contract_id not in page, address

    def test_tell_which_command_a_session_began_with(self) -> None:
        session = Session.objects.earliest("id")
        asked = {"callback_key": "k", "command": "START_SESSION", "sender_platform_id": 1, "receiver_platform_id": 1, "digest": b""}
        ForwardedCommand.objects.create(
            **asked, id=uuid.uuid4(), sender=session.provider, receiver=session.owner, session_row=session.id, expires_at=session.started_at
        )
        page = staff("operations").get(f"/admin/roaming/session/{session.id}/change/").content.decode()
        assert "start session, " in page

    def test_find_every_leg_of_a_message_by_its_correlation_id(self) -> None:
        operations = staff("operations")
        listed = operations.get("/admin/roaming/exchange/", {"q": "correlation-2"})
        assert [row.correlation_id for row in listed.context["cl"].result_list] == ["correlation-2"]
        for nonsense in ("'; drop", "9" * 40, "\x00"):
            assert operations.get("/admin/roaming/exchange/", {"q": nonsense}).status_code == 200, nonsense

    def test_open_a_message_by_its_instant_so_that_one_part_of_the_table_is_read(self) -> None:
        operations = staff("operations")
        exchange = Exchange.objects.earliest("at")
        listed = operations.get("/admin/roaming/exchange/")
        links = [url for url in re.findall(r'href="([^"]+)"', listed.content.decode()) if f"/exchange/{exchange.pk}/change/" in url]
        address = unescape(links[0])
        assert "?at=2026-10-20T" in address
        with CaptureQueriesContext(connection) as captured:
            page = operations.get(address)
        assert page.status_code == 200
        assert exchange.correlation_id in page.content.decode()
        read = [query["sql"] for query in captured if 'FROM "roaming_exchange"' in query["sql"]]
        assert all('"at" = ' in sql for sql in read)
        assert operations.get(f"/admin/roaming/exchange/{exchange.pk}/change/?at=2026-01-01T00:00:00Z").status_code == 302

    def test_lock_and_unlock_a_platform(self) -> None:
        operations = staff("operations")
        platform = platform_of(self.network.beta)
        address = f"/admin/roaming/platform/{platform.pk}"
        operations.post(f"{address}/lock/", {"seen": ""})
        assert Platform.objects.get(pk=platform.pk).is_locked
        assert operations.get(f"{address}/lock/").status_code == 302  # no longer offered
        operations.post(f"{address}/unlock/", {"seen": ""})
        assert not Platform.objects.get(pk=platform.pk).is_locked
        assert staff("auditor").post(f"{address}/lock/", {"seen": ""}).status_code == 403

    def test_park_a_delivery_and_retry_it(self) -> None:
        operations = staff("operations")
        delivery = Delivery.objects.filter(state="waiting").earliest("id")
        address = f"/admin/roaming/delivery/{delivery.pk}"
        operations.post(f"{address}/park/", {"seen": ""})
        assert Delivery.objects.get(pk=delivery.pk).state == "parked"
        operations.post(f"{address}/retry/", {"seen": ""})
        assert Delivery.objects.get(pk=delivery.pk).state == "waiting"

    def test_retry_many_deliveries_but_never_a_delivered_one(self) -> None:
        operations = staff("operations")
        rows = list(Delivery.objects.order_by("id")[:2])
        Delivery.objects.filter(pk=rows[0].pk).update(state="parked", attempts=9)
        Delivery.objects.filter(pk=rows[1].pk).update(state="delivered", attempts=1)
        form = {"action": "retry_selected", "_selected_action": [row.pk for row in rows]}
        operations.post("/admin/roaming/delivery/", form)
        assert list(Delivery.objects.filter(pk__in=[row.pk for row in rows]).order_by("id").values_list("state", "attempts")) == [
            ("waiting", 0),
            ("delivered", 1),
        ]
        assert "retry_selected" not in staff("auditor").get("/admin/roaming/delivery/").content.decode()


class TestToday(TestCase):
    def test_shows_the_day_and_where_each_period_stands_in_a_fixed_number_of_queries(self) -> None:
        now = datetime.now(UTC)
        network = build_network(now=now, sessions=3)
        with self.assertNumQueries(16):
            today = read_today(at=now)
        running, draft = today.board
        assert [stage.state for stage in running.stages] == ["now", *["ahead"] * 7]
        assert [stage.state for stage in draft.stages] == ["done", "done", "now", "ahead", "now", "ahead", "ahead", "ahead"]
        assert draft.stages[4].who == "not maker@hub.example"
        assert [hold.cdr.cdr_id for hold in today.work] == [network.held]
        owed = {one.name: one.unpaid for one in today.exposure}
        assert owed["Beta Mobility"] == sum(payment.amount for payment in network.run.payments.filter(payer=network.beta))
        page = staff("maker").get("/admin/").content.decode()
        reason = Hold.objects.get().reasons[0]["code"].replace("_", " ").lower()
        for words in (reason, "117.00 EUR", "not maker@hub.example", "Gamma Drive platform"):
            assert words in page

    def test_tells_somebody_without_a_role_what_is_missing(self) -> None:
        assert "no role inside the hub yet" in staff("").get("/admin/").content.decode()
