"""Finance in the admin: four eyes on a run, a reason for a release, and pages that change nothing by being looked at."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection, transaction
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from roaming.models import Cdr
from settlement.models import Charge, Hold, NettingRun, Statement
from tests.builders.network import Network, build_network
from tests.builders.people import staff

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


class TestRuns(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=4)

    def step(self, client: Client, name: str, **form: str) -> Any:
        run = NettingRun.objects.get()
        return client.post(f"/admin/settlement/nettingrun/{run.pk}/{name}/", {"seen": run.digest, **form})

    def state(self) -> str:
        return NettingRun.objects.get().state

    def test_are_approved_and_issued_by_people_who_may(self) -> None:
        checker = staff("checker")
        assert "is approved" in said(self.step(checker, "approve"))
        assert self.state() == "approved"
        assert NettingRun.objects.get().approved_by == "checker@hub.example"
        assert "is issued" in said(self.step(checker, "issue"))
        assert self.state() == "issued"
        assert not Statement.objects.filter(number=None).exists()

    def test_are_not_approved_by_the_one_who_closed_them(self) -> None:
        closer = staff("checker", email="maker@hub.example")
        assert "cannot approve it: another person must" in said(self.step(closer, "approve"))
        assert self.state() == "draft"

    def test_are_not_approved_by_a_superuser_without_the_role(self) -> None:
        superuser = staff("operations", is_superuser=True)
        assert self.step(superuser, "approve").status_code == 403
        assert self.state() == "draft"

    def test_refuse_roles_without_the_right(self) -> None:
        for role in ("maker", "auditor", "treasurer", "operations"):
            assert self.step(staff(role), "approve").status_code == 403
        assert self.state() == "draft"

    def test_are_not_approved_when_the_figures_changed_since_they_were_seen(self) -> None:
        answer = self.step(staff("checker"), "approve", seen="0" * 64)
        assert answer.status_code == 400
        assert "The figures changed since you opened this page" in answer.content.decode()
        assert self.state() == "draft"

    def test_change_nothing_when_a_step_is_only_looked_at(self) -> None:
        run = NettingRun.objects.get()
        page = staff("checker").get(f"/admin/settlement/nettingrun/{run.pk}/approve/").content.decode()
        assert "maker@hub.example closed this run and cannot approve it" in page
        assert run.digest[:16] in page
        assert self.state() == "draft"

    def test_say_so_when_somebody_was_faster(self) -> None:
        checker = staff("checker")
        self.step(checker, "approve")
        assert "somebody was faster" in said(self.step(checker, "approve"))

    def test_offer_each_person_what_that_person_may_do(self) -> None:
        run = NettingRun.objects.get()
        assert "/approve/" in staff("checker").get(f"/admin/settlement/nettingrun/{run.pk}/change/").content.decode()
        assert "/approve/" not in staff("auditor").get(f"/admin/settlement/nettingrun/{run.pk}/change/").content.decode()

    def test_give_the_partners_file_to_those_who_may_export(self) -> None:
        checker = staff("checker")
        self.step(checker, "approve")
        self.step(checker, "issue")
        statement = Statement.objects.get(party=self.network.beta)
        address = f"/admin/settlement/statement/{statement.pk}/download/json/"
        answer = staff("auditor").get(address)
        assert answer.status_code == 200
        assert answer.getvalue().startswith(b"{")
        assert staff("operations").get(address).status_code == 403


class TestHolds(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=1)

    def release(self, client: Client, reason: str) -> Any:
        hold = Hold.objects.get()
        return client.post(f"/admin/settlement/hold/{hold.pk}/release/", {"reason": reason, "seen": ""})

    def test_are_released_with_a_reason_that_is_kept(self) -> None:
        assert "is released and charged" in said(self.release(staff("maker"), "two cars, one meter: confirmed by phone"))
        hold = Hold.objects.get()
        assert (hold.state, hold.released_by) == ("released", "maker@hub.example")
        assert hold.release_reason == "two cars, one meter: confirmed by phone"
        assert Charge.objects.filter(cdr=hold.cdr).exists()

    def test_stay_when_no_reason_is_given(self) -> None:
        answer = self.release(staff("maker"), "   ")
        assert answer.status_code == 400
        assert "Say why" in answer.content.decode()
        assert Hold.objects.get().state == "held"

    def test_stay_when_the_role_may_not(self) -> None:
        assert self.release(staff("operations"), "because").status_code == 403
        assert self.release(staff("operations", email="root@hub.example", is_superuser=True), "because").status_code == 403
        assert Hold.objects.get().state == "held"

    def test_worth_more_than_an_analyst_may_release_are_left_to_others_and_above_the_limit_to_two(self) -> None:
        # 300 kWh at 0.39 are 117.00 EUR.
        with override_settings(HUB_RELEASE_ANALYST=Decimal("116.99")):
            assert "above what an analyst may release (116.99)" in said(self.release(staff("analyst"), "because"))
        with override_settings(HUB_RELEASE_ALONE=Decimal("116.99")):
            maker = staff("maker")
            assert "another person releases it, too" in said(self.release(maker, "a lorry"))
            assert "maker@hub.example asked for this release of 117.0000 EUR" in said(self.release(maker, "a lorry"))
            assert (Hold.objects.get().state, Hold.objects.get().release_asked_by) == ("held", "maker@hub.example")
            assert "is released and charged" in said(self.release(staff("checker"), "a lorry, seen"))
        hold = Hold.objects.get()
        assert (hold.state, hold.release_asked_by, hold.released_by) == ("released", "maker@hub.example", "checker@hub.example")
        with pytest.raises(IntegrityError), transaction.atomic():
            Hold.objects.update(released_by="maker@hub.example")

    def test_show_why_in_words(self) -> None:
        auditor, hold = staff("auditor"), Hold.objects.get()
        for address in ("/admin/settlement/hold/", f"/admin/settlement/hold/{hold.pk}/change/"):
            assert "300 kWh in 120 min; 22 kW can give 44.00 kWh" in auditor.get(address).content.decode()


class TestPages(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=4)

    def test_of_money_open_for_every_role_and_are_only_looked_at(self) -> None:
        auditor = staff("auditor")
        names = ["nettingrun", "statement", "hold", "position", "pairtotal", "entry", "settlementterms", "paymentdetails"]
        for name in names:
            listed = auditor.get(f"/admin/settlement/{name}/")
            assert listed.status_code == 200, name
            row = listed.context["cl"].result_list[0]
            assert auditor.get(f"/admin/settlement/{name}/{row.pk}/change/").status_code == 200, name
            assert auditor.get(f"/admin/settlement/{name}/add/").status_code == 403, name
            assert auditor.post(f"/admin/settlement/{name}/{row.pk}/change/", {}).status_code == 403, name
            assert auditor.post(f"/admin/settlement/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403, name

    def test_refuse_change_and_deletion_even_to_a_superuser(self) -> None:
        superuser = staff("checker", email="root@hub.example", is_superuser=True)
        run, cdr = NettingRun.objects.get(), Cdr.objects.latest("id")
        for address in (f"/admin/settlement/nettingrun/{run.pk}", f"/admin/roaming/cdr/{cdr.pk}"):
            assert superuser.post(f"{address}/change/", {"state": "issued"}).status_code == 403
            assert superuser.post(f"{address}/delete/", {"post": "yes"}).status_code == 403

    def test_of_cdrs_tell_who_where_how_much_and_keep_the_card_secret(self) -> None:
        cdr = Cdr.objects.get(cdr_id=self.network.held)
        page = staff("auditor").get(f"/admin/roaming/cdr/{cdr.pk}/change/").content.decode()
        for words in ("Alfa Laden", "Beta Mobility", "Hafenstraße 12", "300.000 kWh", "117.00 EUR", "300 kWh in 120 min; 22 kW can give"):
            assert words in page
        assert "•••• " in page

    def test_of_cdrs_are_found_by_their_id_with_or_without_the_operator(self) -> None:
        auditor = staff("auditor")
        for text, found in (("cdr-000", 1), ("FR-CHP/cdr-000", 1), ("DE-ALF/CDR-000", 0), ("nonsense/CDR-000", 0), ("CDR-0", 0)):
            listed = auditor.get("/admin/roaming/cdr/", {"q": text})
            assert len(listed.context["cl"].result_list) == found, text

    def test_of_cdrs_count_no_rows_and_ask_the_same_for_two_as_for_ten(self) -> None:
        auditor = staff("auditor")
        asked = []
        for filters in ({"owner__id__exact": self.network.charpente.pk}, {}):
            with CaptureQueriesContext(connection) as captured:
                listed = auditor.get("/admin/roaming/cdr/", filters)
            asked.append([query["sql"] for query in captured])
        assert len(listed.context["cl"].result_list) >= 10
        assert len(asked[0]) == len(asked[1])
        assert not any("COUNT(" in sql and "roaming_cdr" in sql for sql in asked[1])
