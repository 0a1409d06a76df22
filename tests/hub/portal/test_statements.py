"""A partner's statements: issued ones only, line by line, and files that agree with the page to the cent."""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import mkdtemp

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase, override_settings

from settlement.documents.store import path_of
from settlement.models import Document, Statement
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from tests.builders.network import Network, build_network
from tests.builders.people import someone_of

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


@override_settings(DOCUMENTS_DIR=Path(mkdtemp(prefix="roamhouse-documents-")))
class TestStatements(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=4)

    def issue(self) -> Statement:
        approve_run(run=self.network.run, by="checker@hub.example", by_role="checker", at=NOW)
        issue_run(run=self.network.run, by="checker@hub.example", by_role="checker", at=NOW)
        return Statement.objects.get(party=self.network.beta)

    def test_hides_a_draft_as_if_it_did_not_exist(self) -> None:
        draft = Statement.objects.get(party=self.network.beta)
        client = someone_of(self.network.beta)
        assert client.get(f"/portal/statements/{draft.pk}/").status_code == 404
        assert client.get(f"/portal/statements/{draft.pk}/pdf/").status_code == 404
        assert "No statement yet" in client.get("/portal/statements/").content.decode()

    def test_shows_what_the_month_came_to(self) -> None:
        # September, Beta's sessions: in Lyon 12 and 15 kWh at 0.44 EUR (no. 0, 3), in Hamburg 14 kWh at 0.39 EUR (no. 2);
        # the 20 kWh that were credited cancel out. 27 × 0.44 = 11.88 and 14 × 0.39 = 5.46 net; with 20 % and 19 % VAT 14.256 and 6.4974,
        # which the statement rounds to 14.26 and 6.50.
        # Hub fee: 0.20 EUR for each of 4 originals.
        statement = self.issue()
        page = someone_of(self.network.beta).get(f"/portal/statements/{statement.pk}/").content.decode()
        assert statement.payable == Decimal("20.76")
        assert statement.net == Decimal("-21.56")
        for figure in ("20.76 EUR", "\u221221.56 EUR", "\u221214.256 EUR", "0.80 EUR"):
            assert figure in page
        assert statement.number is not None
        assert statement.number in page
        assert "Charpente Énergie" in page

    def test_hands_out_each_file_as_it_was_stored(self) -> None:
        statement = self.issue()
        client = someone_of(self.network.beta)
        for file_format, begins in (("pdf", b"%PDF-"), ("xlsx", b"PK"), ("csv", b""), ("json", b"{")):
            answer = client.get(f"/portal/statements/{statement.pk}/{file_format}/")
            body = answer.getvalue()
            assert answer.status_code == 200
            assert body.startswith(begins)
            assert f"{statement.number}_NL-BET_2026-09_EUR.{file_format}" in answer["Content-Disposition"]
            document = Document.objects.get(statement=statement, format=file_format)
            assert hashlib.sha256(body).hexdigest() == document.sha256
        assert document.sha256 in client.get(f"/portal/statements/{statement.pk}/").content.decode()

    def test_tells_the_same_net_in_json_and_on_the_page(self) -> None:
        statement = self.issue()
        answer = someone_of(self.network.beta).get(f"/portal/statements/{statement.pk}/json/")
        told = json.loads(answer.getvalue())
        assert Decimal(told["totals"]["net"]) == statement.net
        assert told["number"] == statement.number

    def test_offers_no_format_that_does_not_exist(self) -> None:
        statement = self.issue()
        client = someone_of(self.network.beta)
        assert client.get(f"/portal/statements/{statement.pk}/docx/").status_code == 404
        page = client.get(f"/portal/statements/{statement.pk}/").content.decode()
        assert f"/portal/statements/{statement.pk}/docx/" not in page
        assert f"/portal/statements/{statement.pk}/pdf/" in page

    def test_verifies_before_the_readers_eyes_and_tells_a_changed_copy_from_the_right_one(self) -> None:
        statement = self.issue()
        client = someone_of(self.network.beta)
        original = client.get(f"/portal/statements/{statement.pk}/csv/").getvalue()
        page = client.get(f"/portal/statements/{statement.pk}/verify/").content.decode()
        assert "Everything is right" in page
        assert "5 seals are right" in page  # September: numbers 0, 2, 3, the credited one and its credit
        address = f"/portal/statements/{statement.pk}/verify/"
        assert "Your copy is the CSV file" in client.post(address, {"copy": SimpleUploadedFile("a.csv", original)}).content.decode()
        changed = SimpleUploadedFile("a.csv", original.replace(b"Z", b"Y", 1))
        assert "none of the files" in client.post(address, {"copy": changed}).content.decode()
        path = path_of(sha256=Document.objects.get(statement=statement, format="csv").sha256)
        path.chmod(0o640)
        path.write_bytes(b"forged")
        assert "Something is wrong" in client.get(address).content.decode()
        assert someone_of(self.network.gamma).get(address).status_code == 404
