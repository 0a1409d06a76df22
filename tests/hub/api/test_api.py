"""The read API: one party's statements and CDRs for whoever shows its key, described as it answers."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from django.core.cache import cache
from django.test import Client, TestCase, override_settings

from hub.api.keys import make_key
from hub.portal.models import ApiKey
from roaming.models import Party
from settlement.models import Document, Statement
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from tests.builders.network import Network, build_network
from tests.builders.people import someone_of

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


@override_settings(DOCUMENTS_DIR=Path(mkdtemp(prefix="roamhouse-documents-")))
class TestApi(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=4)
        approve_run(run=cls.network.run, by="checker@hub.example", by_role="checker", at=NOW)
        issue_run(run=cls.network.run, by="checker@hub.example", by_role="checker", at=NOW)

    def client_of(self, party: Party) -> Client:
        key = make_key(party=party, name="books", by="bo@beta.example", at=NOW)
        return Client(headers={"Authorization": f"Bearer {key}"})

    def test_tells_a_party_its_statements_and_hands_out_the_files_that_were_issued(self) -> None:
        client = self.client_of(self.network.beta)
        (told,) = client.get("/api/v1/statements").json()["results"]
        statement = Statement.objects.get(party=self.network.beta)
        assert (told["number"], told["party"], told["period"], told["net"]) == (statement.number, "NL-BET", "2026-09", f"{statement.net:f}")
        assert client.get(f"/api/v1/statements/{statement.pk}").json() == told
        body = client.get(f"/api/v1/statements/{statement.pk}/csv").getvalue()
        assert hashlib.sha256(body).hexdigest() == Document.objects.get(statement=statement, format="csv").sha256
        assert client.get(f"/api/v1/statements/{statement.pk}/docx").status_code == 404
        assert client.get(f"/api/v1/statements/{statement.pk}/xml").status_code == 409  # no VAT ids are known

    @override_settings(HUB_API_RATE="2/min")
    def test_answers_a_key_that_asks_too_often_when_to_come_back(self) -> None:
        cache.clear()
        eager, other = self.client_of(self.network.beta), self.client_of(self.network.beta)
        answers = [eager.get("/api/v1/statements") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 0 < int(answers[2]["Retry-After"]) <= 60
        assert other.get("/api/v1/statements").status_code == 200

    def test_tells_where_a_cdr_stands_and_why(self) -> None:
        told = self.client_of(self.network.beta).get("/api/v1/cdrs?month=2026-09").json()
        states = {cdr["cdr_id"]: cdr["state"] for cdr in told["results"]}
        assert states["CDR-TOO-MUCH"] == "held"
        assert states["CDR-000"] == "cleared"
        assert told["next"] is None
        assert "300 kWh in 120 min" in told["results"][0]["hold_reasons"][0]
        assert "contract_id" not in told["results"][0]

    def test_opens_to_nobody_else(self) -> None:
        foreign = Statement.objects.get(party=self.network.gamma)
        client = self.client_of(self.network.beta)
        missing, others = client.get("/api/v1/statements/999999"), client.get(f"/api/v1/statements/{foreign.pk}")
        assert (missing.status_code, missing.content) == (404, others.content)
        for headers in ({}, {"Authorization": "Bearer rh_wrong"}, {"Authorization": "Token x"}):
            answer = Client(headers=headers).get("/api/v1/statements")
            assert answer.status_code == 401
            assert answer["WWW-Authenticate"].startswith("Bearer")
        assert someone_of(self.network.beta).get("/api/v1/statements").status_code == 401  # a browser's session is no key
        assert client.post("/api/v1/cdrs").status_code == 405

    def test_is_made_and_ended_in_the_portal(self) -> None:
        accountant = someone_of(self.network.beta)
        key = accountant.post("/portal/connection/api/", {"name": "books"}).context["key"]
        client = Client(headers={"Authorization": f"Bearer {key}"})
        answer = client.get("/api/v1/cdrs")
        assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
        row = ApiKey.objects.get()
        assert key not in row.fingerprint
        assert key not in accountant.get("/portal/connection/api/").content.decode()
        assert someone_of(self.network.gamma).post(f"/portal/connection/api/{row.pk}/end/").status_code == 404
        assert someone_of(self.network.beta, role="partner-technical").get("/portal/connection/api/").status_code == 403
        accountant.post(f"/portal/connection/api/{row.pk}/end/")
        assert client.get("/api/v1/cdrs").status_code == 401

    def test_is_described_as_it_answers(self) -> None:
        described = Client().get("/api/v1/openapi.json").json()
        assert set(described["paths"]) == {
            "/api/v1/statements",
            "/api/v1/statements/{statement_id}",
            "/api/v1/statements/{statement_id}/{file_format}",
            "/api/v1/cdrs",
        }
        told = self.client_of(self.network.beta).get("/api/v1/cdrs?month=2026-09").json()["results"][0]
        assert set(told) == set(described["components"]["schemas"]["CdrShape"]["properties"])
        page = Client().get("/api/").content.decode()
        assert "GET /api/v1/cdrs" in page

    def test_shows_the_connection_guides_as_pages(self) -> None:
        page = Client().get("/connect/ocpi/").content.decode()
        assert "<h1>" in page
        assert "<table>" in page
        assert Client().get("/connect/eichrecht/").status_code == 404
