"""Every page of the portal for every kind of person: what belongs to others answers exactly like what never existed."""

from datetime import UTC, datetime
from uuid import uuid4

from django.test import Client, TestCase

from roaming.models import Cdr
from settlement.models import Statement
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from tests.builders.network import Network, build_network
from tests.builders.people import someone_of

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
LISTS = ["/portal/", "/portal/statements/", "/portal/cdrs/", "/portal/connection/", "/portal/account/"]


class TestIsolation(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=4)
        approve_run(run=cls.network.run, by="checker@hub.example", by_role="checker", at=NOW)
        issue_run(run=cls.network.run, by="checker@hub.example", by_role="checker", at=NOW)

    def test_answers_a_foreign_object_with_the_bytes_of_a_missing_one(self) -> None:
        client = someone_of(self.network.beta)
        foreign = Statement.objects.get(party=self.network.gamma)
        foreign_cdr = Cdr.objects.filter(provider=self.network.gamma).latest("id")
        pairs = [
            (f"/portal/statements/{foreign.pk}/", "/portal/statements/999999/"),
            (f"/portal/statements/{foreign.pk}/pdf/", "/portal/statements/999999/pdf/"),
            (f"/portal/cdrs/{foreign_cdr.public_id}/", f"/portal/cdrs/{uuid4()}/"),
        ]
        for address, missing in pairs:
            foreign_answer, missing_answer = client.get(address), client.get(missing)
            assert foreign_answer.status_code == missing_answer.status_code == 404, address
            assert foreign_answer.content == missing_answer.content, address

    def test_shows_own_objects_on_both_sides_of_a_cdr(self) -> None:
        cdr = Cdr.objects.filter(provider=self.network.beta, owner=self.network.alfa).latest("id")
        for party in (self.network.alfa, self.network.beta):
            assert someone_of(party).get(f"/portal/cdrs/{cdr.public_id}/").status_code == 200
        assert someone_of(self.network.charpente).get(f"/portal/cdrs/{cdr.public_id}/").status_code == 404

    def test_lists_only_own_rows(self) -> None:
        client = someone_of(self.network.gamma)
        statements = client.get("/portal/statements/").content.decode()
        own, foreign = Statement.objects.get(party=self.network.gamma), Statement.objects.get(party=self.network.beta)
        assert own.number is not None
        assert own.number in statements
        assert foreign.number is not None
        assert foreign.number not in statements
        cdrs = client.get("/portal/cdrs/?month=2026-09").content.decode()
        assert "CDR-001" in cdrs  # Gamma's, by number % 4 == 1
        assert "CDR-002" not in cdrs

    def test_refuses_to_switch_to_a_party_of_others(self) -> None:
        client = someone_of(self.network.beta)
        assert client.post("/portal/party/", {"party": self.network.gamma.pk}).status_code == 404
        assert "Beta Mobility" in client.get("/portal/").content.decode()

    def test_lets_a_person_of_two_parties_switch_and_open_links_of_either(self) -> None:
        client = someone_of(self.network.alfa, self.network.beta)
        assert "<h1>Alfa Laden</h1>" in client.get("/portal/").content.decode()
        assert client.post("/portal/party/", {"party": self.network.beta.pk}).status_code == 302
        assert "<h1>Beta Mobility</h1>" in client.get("/portal/").content.decode()
        statement = Statement.objects.get(party=self.network.alfa)
        assert client.get(f"/portal/statements/{statement.pk}/").status_code == 200

    def test_keeps_statements_from_engineers_and_tells_them_why(self) -> None:
        client = someone_of(self.network.beta, role="partner-technical")
        statement = Statement.objects.get(party=self.network.beta)
        for address in ("/portal/statements/", f"/portal/statements/{statement.pk}/", f"/portal/statements/{statement.pk}/csv/"):
            answer = client.get(address)
            assert answer.status_code == 403
            assert "Your role does not allow this" in answer.content.decode()
        overview = client.get("/portal/").content.decode()
        assert "EUR" not in overview
        assert "/portal/statements/" not in overview

    def test_checks_the_role_of_each_party_separately(self) -> None:
        client = someone_of(self.network.alfa)
        engineer = someone_of(self.network.beta, role="partner-technical")
        statement = Statement.objects.get(party=self.network.beta)
        assert client.get(f"/portal/statements/{statement.pk}/").status_code == 404
        assert engineer.get(f"/portal/statements/{statement.pk}/").status_code == 403

    def test_leads_strangers_to_the_login(self) -> None:
        statement = Statement.objects.get(party=self.network.beta)
        for address in [*LISTS, f"/portal/statements/{statement.pk}/", f"/portal/statements/{statement.pk}/json/"]:
            answer = Client().get(address)
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/portal/login/?next="), address

    def test_lets_no_cache_keep_a_page(self) -> None:
        client = someone_of(self.network.beta)
        statement = Statement.objects.get(party=self.network.beta)
        for address in [*LISTS, f"/portal/statements/{statement.pk}/", f"/portal/statements/{statement.pk}/json/"]:
            kept = {word.strip() for word in client.get(address)["Cache-Control"].split(",")}
            assert kept == {"private", "no-store"}, address

    def test_changes_nothing_by_following_a_link(self) -> None:
        client = someone_of(self.network.beta)
        assert client.get("/portal/party/").status_code == 405
        assert client.get("/portal/logout/").status_code == 405
        assert client.post("/portal/statements/").status_code == 405
