"""Exports: written by a worker, watched, cancelled, fetched in parts, and nobody else's."""

import csv
import hashlib
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from django.test import TestCase, override_settings

from hub.portal.cdr_filters import read_filters
from hub.portal.export_write import ExportRunning, ask_export, cancel_export, forget_old, path_of, write_next
from hub.portal.models import CdrExport
from hub.users.models import User
from tests.builders.network import Network, build_network
from tests.builders.people import someone_of

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


@override_settings(DOCUMENTS_DIR=Path(mkdtemp(prefix="roamhouse-exports-")))
class TestExports(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=4)

    def ask(self, **given: str) -> CdrExport:
        user = User.objects.filter(email="bo@beta.example").first() or User.objects.create_user("bo@beta.example", "x" * 20)
        filters = read_filters(given={"month": "2026-09", **given}, sides=["provider"], counterparties=[], today=NOW.date())
        return ask_export(party=self.network.beta, by=user, filters=filters, at=NOW)

    def test_writes_what_the_list_shows_and_hands_it_out_from_any_byte(self) -> None:
        client = someone_of(self.network.beta)
        with self.captureOnCommitCallbacks():
            asked = client.post("/portal/exports/", {"month": "2026-09"})
        export = CdrExport.objects.get()
        assert asked["Location"] == f"/portal/exports/{export.pk}/"
        assert "Waiting for a worker" in client.get(asked["Location"]).content.decode()
        assert client.get(f"{asked['Location']}file/").status_code == 404
        assert write_next(at=NOW) == export
        # September of Beta: numbers 0, 2, 3, the credited one with its credit, and the held one.
        assert client.get(f"{asked['Location']}?as=json").json() == {"state": "done", "rows": 6, "total": 6}
        whole = client.get(f"{asked['Location']}file/")
        content = whole.getvalue()
        assert whole["Accept-Ranges"] == "bytes"
        assert hashlib.sha256(content).hexdigest() == CdrExport.objects.get().sha256
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        assert [row["cdr_id"] for row in rows] == ["CDR-TOO-MUCH", "CDR-CREDITED-C", "CDR-CREDITED", "CDR-003", "CDR-002", "CDR-000"]
        assert (rows[5]["energy_kwh"], rows[5]["charged_net"], rows[5]["vat_rate"]) == ("12.0000", "5.2800", "20.00")
        assert "300 kWh in 120 min" in rows[0]["hold_reasons"]
        part = client.get(f"{asked['Location']}file/", headers={"Range": "bytes=10-29", "If-Range": whole["ETag"]})
        assert (part.status_code, part["Content-Range"]) == (206, f"bytes 10-29/{len(content)}")
        assert part.getvalue() == content[10:30]
        assert client.get(f"{asked['Location']}file/", headers={"Range": "bytes=-5"}).getvalue() == content[-5:]
        assert client.get(f"{asked['Location']}file/", headers={"Range": f"bytes={len(content)}-"}).status_code == 416
        other = client.get(f"{asked['Location']}file/", headers={"Range": "bytes=5-", "If-Range": '"other"'})
        assert (other.status_code, other.getvalue()) == (200, content)
        for address in ("", "file/"):
            assert someone_of(self.network.gamma).get(f"{asked['Location']}{address}").status_code == 404

    def test_makes_one_at_a_time_and_stops_when_asked(self) -> None:
        export = self.ask()
        with pytest.raises(ExportRunning):
            self.ask()
        cancel_export(export=export, at=NOW)
        assert write_next(at=NOW) is None
        assert not path_of(export).exists()
        assert self.ask(state="held").filters["state"] == "held"

    def test_takes_over_what_a_dead_worker_left_and_forgets_after_a_week(self) -> None:
        export = self.ask()
        CdrExport.objects.update(state="running", beat_at=NOW - timedelta(minutes=1))
        assert write_next(at=NOW) is None
        written = write_next(at=NOW + timedelta(minutes=2))
        assert written is not None
        assert (written.state, path_of(export).exists()) == ("done", True)
        assert forget_old(at=NOW + timedelta(days=8)) == 1
        assert not path_of(export).exists()
