"""The demonstration network and the rehearsal, as an operator starts them."""

import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.process.configuration import PROJECT
from hub.sandbox.demo import DEMO_LOGINS
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

_ALIVE = "The demonstration network is alive"
_WAIT_SECONDS = 120
_REHEARSAL = ["--operators", "3", "--providers", "2", "--cdrs", "40", "--seed", "11"]


@contextmanager
def _demonstration(house: House, *, log: Path) -> Iterator[None]:
    """Run `run_sandbox` until it says that it is alive; end it with SIGTERM, as the supervisor does."""
    command = [sys.executable, str(PROJECT / "manage.py"), "run_sandbox"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=house.environment, cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + _WAIT_SECONDS
        while _ALIVE not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0, log.read_text()


@pytest.fixture(scope="module")
def first_start(house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the first start said, the network having ended again."""
    log = tmp_path_factory.mktemp("demo") / "first.log"
    with _demonstration(house, log=log):
        assert house.command("list_platforms", [])["platforms"]
    return log.read_text()


class TestRunSandbox:
    def test_brings_everybody_onto_the_hub_and_closes_last_month(self, house: House, first_start: str) -> None:
        month = f"{datetime.now(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"

        assert "9 platforms registered over OCPI 2.2.1" in first_start
        assert "2 partners speak OICP 2.3" in first_start
        assert f"{month} is closed, approved and issued" in first_start
        held = [{reason["check"] for reason in hold["reasons"]} for hold in house.command("list_holds", [])["holds"]]
        assert len(held) == 1
        assert 45 in held[0]  # the charge beyond belief
        assert house.command("verify_ledger", [])["ok"] is True

    @pytest.mark.parametrize(("email", "password"), [login[1:] for login in DEMO_LOGINS if login[0].startswith("accountant")])
    def test_gives_a_newcomer_last_months_statement(self, house: House, first_start: str, email: str, password: str) -> None:
        assert first_start
        newcomer = Visitor(url=house.url)

        assert newcomer.log_in(email=email, password=password) == 200

        page = next(link for link in newcomer.links("/portal/statements/") if re.fullmatch(r"/portal/statements/\d+/", link))
        pdf = next(link for link in newcomer.links(page) if "pdf" in link)
        status, body = newcomer.get(pdf)
        assert (status, body[:4]) == (200, b"%PDF")

    def test_puts_charges_over_both_protocols_on_one_statement(self, house: House, first_start: str, tmp_path: Path) -> None:
        assert first_start
        # Fahrwerk speaks OCPI, Enzian OICP; each charged at operators of both kinds, and each has one statement of the month.
        for party, partners in (("DE-FWK", {"DE-NLD", "DE-MBL"}), ("AT-ENZ", {"DE-NLD", "DE-MBL"})):
            (number,) = house.rows(
                f"SELECT s.id FROM settlement_statement s JOIN roaming_party p ON p.id = s.party_id WHERE p.party_id = '{party[3:]}'"  # noqa: S608
                " AND s.currency = 'EUR' AND s.number IS NOT NULL"
            )[0]
            paper = tmp_path / f"{party}.json"
            house.command("export_statement", ["--statement", str(number), "--format", "json", "--output", str(paper)])
            cdrs = json.loads(paper.read_text())["cdrs"]
            assert partners <= {line["operator"] for line in cdrs}
            assert all(Decimal(line["net"]) > 0 for line in cdrs if line["operator"] == "DE-MBL")

    def test_keeps_its_secrets_to_itself(self, house: House, first_start: str) -> None:
        kept = house.root / "sandbox.json"

        assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
        tokens = [connection["token_at_hub"] for connection in json.loads(kept.read_text())["connections"].values()]
        assert len(set(tokens)) == 9
        assert not [token for token in tokens if token in first_start]

    def test_finds_itself_again_at_the_second_start(self, house: House, first_start: str, tmp_path: Path) -> None:
        assert first_start
        before = json.loads((house.root / "sandbox.json").read_text())
        last_month = f"SELECT count(*) FROM roaming_cdr WHERE ended_at < date_trunc('month', '{datetime.now(UTC):%Y-%m-%d}'::date)"  # noqa: S608
        records = house.rows(last_month)

        with _demonstration(house, log=tmp_path / "second.log"):
            again = json.loads((house.root / "sandbox.json").read_text())

        said = (tmp_path / "second.log").read_text()
        assert "Playing" not in said
        assert "registered" not in said
        assert again["connections"] == before["connections"]
        assert house.rows(last_month) == records


@pytest.fixture(scope="module")
def summary(house: House) -> dict[str, Any]:
    return house.command("rehearse", _REHEARSAL)


class TestFirstHour:
    def test_works_as_it_is_written(self, house: House, first_start: str, tmp_path: Path) -> None:
        assert "is in review and waits for you" in first_start
        last_month = f"{datetime.now(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"
        answers: dict[str, dict[str, Any]] = {}
        for line in re.findall(r"^\.venv/bin/python manage\.py (.+)$", (PROJECT / "docs" / "first-hour.md").read_text(), re.MULTILINE):
            name, *told = shlex.split(line.replace("2026-10", last_month))
            if name == "export_statement":
                told[told.index("--statement") + 1] = str(answers["issue_run"]["statements"][0])
                told[-1] = str(tmp_path / told[-1])
            if "--run" in told:
                told[told.index("--run") + 1] = str(answers["close_period"]["run"])
            answers[name] = house.command(name, told)

        assert len(answers["list_holds"]["holds"]) == 1
        assert answers["verify_ledger"]["ok"] is True
        with zipfile.ZipFile(tmp_path / "statement.zip") as package:
            package.extractall(tmp_path)
        told_offline = subprocess.run([sys.executable, "verify.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert told_offline.returncode == 0, told_offline.stdout + told_offline.stderr


class TestRehearse:
    def test_counts_everything_and_sums_to_zero(self, summary: dict[str, Any]) -> None:
        cdrs = summary["cdrs"]

        # 40 charges of which one comes late, four sent twice, one credited and replaced.
        assert (cdrs["sent"], cdrs["accepted"], cdrs["repeated"], cdrs["late"]) == (46, 42, 4, 1)
        assert (cdrs["refused"], cdrs["failed"], cdrs["delivered"]) == (0, 0, 41)
        assert summary["held"]["cdrs"] == summary["held"]["reasons"]["ENERGY_ABOVE_POWER"] == 1
        assert summary["authorizations"]["ALLOWED"] > summary["authorizations"]["UNKNOWN"] > 0
        total = summary["sum"]
        assert {Decimal(amount) for amount in (total.values() if isinstance(total, dict) else [total])} == {Decimal(0)}
        assert summary["statements"] == summary["positions"] > 0
        assert set(summary["seconds"]) == {"enrol", "introduce", "charge", "deliver", "settle"}

    def test_can_be_repeated_with_the_same_seed(self, house: House, summary: dict[str, Any]) -> None:
        again = house.command("rehearse", _REHEARSAL)

        assert again["netting_set"] != summary["netting_set"]
        assert (again["cdrs"], again["billed"], again["gross"]) == (summary["cdrs"], summary["billed"], summary["gross"])

    def test_takes_its_connections_away(self, house: House, summary: dict[str, Any]) -> None:
        platforms = house.command("list_platforms", [])["platforms"]

        left = {platform["status"] for platform in platforms if "rehearsal" in platform["name"]}
        assert "CONNECTED" not in left
        assert left
        assert summary["messages"] > 100
