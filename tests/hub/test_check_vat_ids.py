"""The online check is a call like any other: only to an approved host, and only a clear yes is kept."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.management import call_command

from settlement.models import TaxDeclaration
from settlement.tax.proof import missing_of_party
from settlement.terms.details import set_details
from tests.builders.parties import a_party, a_platform

pytestmark = pytest.mark.django_db

ANSWERS = {"123456789": {"valid": True, "requestIdentifier": "WAPI-1"}, "123456789B01": {"valid": False}, "1": "nonsense"}


class _Service(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(ANSWERS.get(asked["vatNumber"])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def service() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_only_a_clear_yes_is_kept(service: str, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.HUB_TAX_PROOF = "required"
    for key, vat_id in {"DE-ALF": "DE123456789", "NL-BET": "NL123456789B01", "FR-CEE": "FR404"}.items():
        set_details(party=a_party(key), details={"vat_id": vat_id})
    platform = a_platform("VIES", allowed_hosts=[service])
    call_command("check_vat_ids", "--platform", str(platform.pk), "--url", f"http://{service}/check", "--json")
    told = {row["party"]: row["answer"] for row in json.loads(capsys.readouterr().out)["checked"]}
    assert (told["DE-ALF"], told["NL-BET"]) == ("confirmed WAPI-1", "denied")
    assert told["FR-CEE"] == "no answer: HTTP 200 without a verdict"
    assert [row.evidence for row in TaxDeclaration.objects.all()] == ["WAPI-1"]
    assert missing_of_party(party=a_party("DE-ALF"), vat_id="DE123456789") is None
    assert "cannot be right" in str(missing_of_party(party=a_party("NL-BET"), vat_id="NL123456789B01"))


def test_a_host_that_nobody_approved_is_not_asked(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_details(party=a_party("DE-ALF"), details={"vat_id": "DE123456789"})
    platform = a_platform("VIES", allowed_hosts=["vies.example"])
    call_command("check_vat_ids", "--platform", str(platform.pk), "--url", f"http://{service}/check", "--json")
    (row,) = json.loads(capsys.readouterr().out)["checked"]
    assert row["answer"].startswith("no answer: ")
    assert not TaxDeclaration.objects.exists()
