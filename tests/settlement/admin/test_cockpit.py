"""Finance at work in the admin: from a net down to the messages and back, variance, disputes, rules tried before they hold."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

from django.test import Client, TestCase

from roaming.admin.score import read_score, score_table
from roaming.models import AuditRecord, Cdr, Credential, Delivery, Exchange, RoamingAgreement
from settlement.admin.variance import Variance, compare_positions
from settlement.disputes.open import open_dispute
from settlement.models import Charge, Dispute, Hold, NettingRun, Position, RuleChange, SettlementTerms
from tests.builders.network import Network, build_network
from tests.builders.parties import platform_of
from tests.builders.people import staff

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def way(client: Client, address: str, words: str) -> str:
    page = client.get(address)
    assert page.status_code == 200, address
    links = re.findall(r'<a class="link" href="([^"]+)">([^<]+)</a>', page.content.decode())
    found = [unescape(url) for url, text in links if text == words]
    assert found, f"{words} is not on {address}"
    return found[0]


class TestCockpit(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=4)

    def test_leads_from_a_net_to_its_pairs_its_cdrs_their_messages_and_back(self) -> None:
        auditor, run = staff("auditor"), NettingRun.objects.get()
        net = Position.objects.get(run=run, party=self.network.beta)
        pairs = way(auditor, f"/admin/settlement/position/{net.pk}/change/", "what it owes, by operator")
        cdrs = way(auditor, pairs, "its CDRs")
        listed = auditor.get(cdrs).context["cl"].result_list
        shown = {row.pk for row in listed}
        pair = auditor.get(pairs).context["cl"].result_list[0]
        expected = Charge.objects.filter(operator=pair.operator, provider=pair.provider, period=run.period, bucket=pair.bucket)
        assert shown == set(expected.values_list("cdr_id", flat=True))
        cdr = f"/admin/roaming/cdr/{listed[0].pk}/change/"
        Exchange.objects.create(at=NOW, direction="in", method="POST", path="/cdrs", object_id=listed[0].cdr_id, module="cdrs")
        messages = auditor.get(way(auditor, cdr, "its messages")).context["cl"].result_list
        assert listed[0].cdr_id in {row.object_id for row in messages}
        assert way(auditor, cdr, str(run)) == f"/admin/settlement/nettingrun/{run.pk}/change/"
        assert f"operator__id__exact={pair.operator_id}" in way(auditor, cdr, "its pair")

    def test_compares_a_run_with_the_one_before(self) -> None:
        run = NettingRun.objects.get()
        first = compare_positions(run=run, before=None)
        assert {row.share for row in first} == {"new"}
        assert sum(row.now for row in first) == Decimal(0)
        assert Variance("Beta", "EUR", Decimal("-150"), Decimal("-120")).share == "\u221225.0 %"
        assert Variance("Beta", "EUR", Decimal("-150"), Decimal("-120")).moved == Decimal("-30")
        page = staff("maker").get(f"/admin/settlement/nettingrun/{run.pk}/change/").content.decode()
        assert "Against the run before" in page

    def test_takes_and_decides_a_dispute_but_an_auditor_only_reads_it(self) -> None:
        charged = Cdr.objects.filter(provider=self.network.beta, charge__isnull=False, is_credit=False)
        cdr = charged.exclude(credits__isnull=False).latest("id")
        dispute = open_dispute(cdr=cdr, reason="wrong_price", amount=Decimal(1), by="maker@hub.example", by_role="maker", at=NOW)
        checker, page = staff("checker"), f"/admin/settlement/dispute/{dispute.pk}"
        assert checker.get("/admin/settlement/dispute/").status_code == 200
        checker.post(f"{page}/take/", {"seen": ""})
        assert Dispute.objects.get().assigned_to == "checker@hub.example"
        seen = {"seen": "open  None"}
        assert staff("auditor").post(f"{page}/uphold/", seen).status_code == 403
        assert Dispute.objects.get().state == "open"
        assert "figures changed" in checker.post(f"{page}/uphold/", {"seen": "answered"}).content.decode()
        checker.post(f"{page}/split/", seen)
        told = Dispute.objects.get()
        assert (told.state, told.upheld_amount, told.resolved_by) == ("split", Decimal("0.5000"), "checker@hub.example")
        assert "checker@hub.example" in checker.get(f"{page}/change/").content.decode()

    def test_tries_a_rule_on_the_past_asks_for_it_and_lets_another_approve(self) -> None:
        maker, checker = staff("maker"), staff("checker")
        told = {"check": "47", "name": "car_kwh", "value": "14.5", "reason": "small cars only"}
        tried = maker.post("/admin/settlement/rulechange/all/", {**told, "try": ""}).content.decode()
        # Above 14.5 kWh: 15 kWh at 0.44; 20, 18, 19 and 24 kWh at 0.39. The 300 kWh are held already.
        assert '<td class="figure">5 · 38.19 EUR</td>' in tried
        assert "CDR-LATE" in tried
        assert not RuleChange.objects.exists()
        refused = maker.post("/admin/settlement/rulechange/all/", {**told, "name": "nothing", "value": "1", "propose": ""})
        assert "has no parameter" in unescape(refused.content.decode())
        maker.post("/admin/settlement/rulechange/all/", {**told, "propose": ""})
        change = RuleChange.objects.get()
        page = f"/admin/settlement/rulechange/{change.pk}"
        seen = {"seen": "47 car_kwh 14.5 None"}
        assert maker.post(f"{page}/approve/", seen).status_code == 403
        assert "<dd>150</dd>" in checker.get(f"{page}/approve/").content.decode()
        checker.post(f"{page}/approve/", seen)
        change.refresh_from_db()
        assert (change.proposed_by, change.approved_by) == ("maker@hub.example", "checker@hub.example")
        assert staff("auditor").post("/admin/settlement/rulechange/all/", {**told, "propose": ""}).status_code == 403
        assert checker.get("/admin/settlement/rulechange/").status_code == 200

    def test_shows_how_a_connection_is_and_a_new_token_once(self) -> None:
        operations, platform = staff("operations"), platform_of(self.network.alfa)
        now = datetime.now(UTC)
        Exchange.objects.bulk_create(
            Exchange(at=now, direction="out", platform_id=platform.pk, method="POST", path="/x", duration_ms=ms, http_status=status)
            for ms, status in ((10, 200), (20, 200), (30, 200), (900, 503))
        )
        page = operations.get(f"/admin/roaming/platform/{platform.pk}/change/").content.decode()
        assert "<td>4</td><td>1</td><td>20 ms</td><td>900 ms</td><td>900 ms</td>" in page
        assert "HTTP 503: 1 times" in page
        assert "Its latest 1 calls failed." in page
        score = {one.name: (one.right, one.all) for one in read_score(platform=platform, at=NOW)}
        # Alfa sent of last month: four of the six sessions, the credited and the held one; of this month one a day at most, four.
        assert score["CDRs never held"] == (score["CDRs that name their session"][1] - 1, score["CDRs that name their session"][0])
        assert score["CDRs never corrected"][1] - score["CDRs never corrected"][0] == 1
        assert "of 100</strong>" in str(score_table(read_score(platform=platform, at=NOW)))
        Delivery.objects.filter(platform=platform).update(state="parked", attempts=9)
        assert operations.post(f"/admin/roaming/platform/{platform.pk}/replay/", {"seen": ""}).status_code == 302
        assert set(Delivery.objects.filter(platform=platform).values_list("state", "attempts")) == {("waiting", 0)}
        assert staff("auditor").get(f"/admin/roaming/platform/{platform.pk}/replay/").status_code in {302, 403}
        before = Credential.objects.filter(platform=platform).count()
        shown = operations.post(f"/admin/roaming/platform/{platform.pk}/rotate/", {"seen": ""})
        token = re.findall(r"shown this once: (\S+)", shown.content.decode())[0]
        assert Credential.objects.filter(platform=platform).count() == before + 1
        assert token not in operations.get(f"/admin/roaming/platform/{platform.pk}/change/").content.decode()
        assert token not in str(list(AuditRecord.objects.values()))
        assert AuditRecord.objects.filter(action="token rotated", actor="operations@hub.example").exists()

    def test_releases_many_with_one_reason_after_a_look_at_the_money(self) -> None:
        hold = Hold.objects.get()
        told = {"action": "release_many", "_selected_action": [str(hold.pk)]}
        maker = staff("maker")
        preview = maker.post("/admin/settlement/hold/", told).content.decode()
        assert "<strong>117.00 EUR</strong>" in preview
        assert "300 kWh in 120 min" in preview
        assert "Say why" in maker.post("/admin/settlement/hold/", {**told, "confirmed": "1", "reason": " "}).content.decode()
        assert Hold.objects.get().state == "held"
        staff("auditor").post("/admin/settlement/hold/", {**told, "confirmed": "1", "reason": "because"})
        assert Hold.objects.get().state == "held"
        maker.post("/admin/settlement/hold/", {**told, "confirmed": "1", "reason": "lorries, confirmed by the operator"})
        released = Hold.objects.get()
        assert (released.state, released.released_by, released.release_reason) == (
            "released",
            "maker@hub.example",
            "lorries, confirmed by the operator",
        )

    def test_tries_terms_and_a_tariff_on_the_past_month_and_leaves_nothing_behind(self) -> None:
        agreement = RoamingAgreement.objects.get()
        asked = {"agreement": str(agreement.pk), "period": self.network.last_month.name}
        tried = staff("auditor").get(
            "/admin/trial/", {**asked, "hub_fee": "0.50", "hub_fee_payer": "both", "percent": "2", "countries": "FRA"}
        )
        told = tried.context["tried"]
        # Of six originals the 300 kWh are held. In Lyon: 12 and 15 kWh at 0.44; in Hamburg 13, 14 and 20 kWh at 0.39, and the late 18 kWh.
        assert (told.cdrs, told.before.charged, told.before.held) == (7, 6, 1)
        assert told.before.net == {"EUR": Decimal("37.2300")}
        assert (told.before.operator_fees, told.before.provider_fees) == (Decimal(0), Decimal("1.2000"))
        assert (told.after.charged, told.after.net) == (2, {"EUR": Decimal("11.8800")})
        # Half of 2 CDRs at 0.50 each, and half of two per cent of 11.88 (0.24) each.
        assert (told.after.operator_fees, told.after.provider_fees) == (Decimal("0.62"), Decimal("0.62"))
        assert "--hub-fee 0.50 --hub-fee-payer both" in unescape(tried.content.decode())
        pair = {"operator": str(self.network.alfa.pk), "provider": str(self.network.gamma.pk), "period": self.network.last_month.name}
        alone = staff("maker").get("/admin/trial/", {**pair, "hub_fee": "1"}).context["tried"]
        assert (alone.cdrs, alone.before.provider_fees, alone.after.provider_fees) == (2, Decimal("0.4000"), Decimal(2))
        published = staff("maker").get("/admin/trial/", {**asked, "operator": str(self.network.alfa.pk), "tariff": "ac-1"})
        assert published.context["priced"].told == published.context["priced"].replayed
        own = '{"id": "N", "currency": "EUR", "elements": [{"price_components": [{"type": "ENERGY", "price": 0.5, "step_size": 1}]}]}'
        priced = staff("maker").get("/admin/trial/", {**asked, "operator": str(self.network.alfa.pk), "tariff_text": own}).context["priced"]
        # 13, 14, 18 and the held 300 kWh: 345 kWh at 0.39, and at 0.50.
        assert (priced.priced, priced.told, priced.replayed) == (4, Decimal("134.5500"), Decimal("172.5"))
        for wrong in ({"tariff": "NOPE"}, {"tariff_text": "{"}, {}, {"period": "soon", "hub_fee": "1"}, {"agreement": "", "hub_fee": "1"}):
            assert staff("maker").get("/admin/trial/", {**asked, **wrong}).status_code == 400, wrong
        terms = SettlementTerms.objects.get()
        assert (terms.hub_fee, terms.scope, RoamingAgreement.objects.count()) == (Decimal("0.2000"), {}, 1)
        assert Client().get("/admin/trial/").status_code == 302
