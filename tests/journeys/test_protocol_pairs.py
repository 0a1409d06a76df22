"""The four pairs of protocols: a card, an app and a record go from any operator to any provider, and stand on one statement."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.sandbox.line import RemoteStart
from hub.sandbox.operator import Operator
from tests.journeys.house import House
from tests.journeys.town import Town

# Nordlicht and Fahrwerk speak OCPI, Moorblick and Enzian OICP: (operator, provider).
PAIRS = (("DE-NLD", "DE-FWK"), ("DE-NLD", "AT-ENZ"), ("DE-MBL", "DE-FWK"), ("DE-MBL", "AT-ENZ"))
_PASSWORD = "counts-every-cent-26"


@pytest.fixture(scope="module")
def town(house: House) -> Iterator[Town]:
    """Two operators and two providers, one of each protocol, enrolled and introduced."""
    with Town(house=house, cast=("DE-NLD", "DE-FWK", "DE-MBL", "AT-ENZ")) as town:
        town.enrol()
        yield town


@dataclass
class Charger:
    """An operator's charger under the test's hand: it takes every wish of an app and says so."""

    operator: Operator
    wishes: list[RemoteStart] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.operator.on_start, self.operator.on_stop = self._start, self._stop

    async def _start(self, wish: RemoteStart) -> str:
        self.wishes.append(wish)
        self._tell(wish.result_address)
        return "ACCEPTED"

    async def _stop(self, session_id: str, address: str) -> str:
        self.stopped.append(session_id)
        self._tell(address)
        return "ACCEPTED"

    def _tell(self, address: str) -> None:
        if address:
            asyncio.get_running_loop().create_task(self.operator.line.tell_result(address, result="ACCEPTED"))


def _delivered(town: Town, provider: str) -> list[dict[str, Any]]:
    """The CDRs that a provider was sent, in its own protocol."""
    host = next(host for host in town.network.hosts if provider in host.providers)
    shelves: Any = host.door
    return list(shelves.cdrs.values() if hasattr(shelves, "cdrs") else shelves.shelf.objects["cdrs"].values())


@pytest.mark.parametrize(("operator_id", "provider_id"), PAIRS)
class TestEachPair:
    def test_a_card_is_asked_for_charges_and_is_billed(self, town: Town, operator_id: str, provider_id: str) -> None:
        operator, visit = town.operator(operator_id), town.visit(operator=operator_id, provider=provider_id)
        before = len(_delivered(town, provider_id))

        answer = town.run(operator.ask(visit.card, site=visit.site, charger=visit.charger))
        reference = answer.reference
        started = town.run(operator.report_start(visit, auth_method="AUTH_REQUEST", reference=reference))
        ended = town.run(operator.report_end(visit))
        billed = town.run(operator.bill(operator.record(visit)))

        assert answer.is_allowed
        assert (started.is_in, ended.is_in, billed.is_in) == (True, True, True), (started, ended, billed)
        town.until(lambda: len(_delivered(town, provider_id)) > before, what=f"{provider_id} was sent no CDR")
        cdr = _delivered(town, provider_id)[-1]
        if provider_id == "AT-ENZ":
            assert (cdr["SessionID"], cdr["ConsumedEnergy"]) == (reference, visit.energy_kwh)
            assert not {"TotalCost", "total_cost"} & set(cdr)
        else:
            assert cdr["total_energy"] == visit.energy_kwh
            assert abs(cdr["total_cost"]["excl_vat"] - visit.cost.total.net) <= Decimal("0.0001")

    def test_an_app_starts_and_stops(self, town: Town, operator_id: str, provider_id: str) -> None:
        operator, provider = town.operator(operator_id), town.provider(provider_id)
        visit = town.visit(operator=operator_id, provider=provider_id)
        charger, is_brokered = Charger(operator), operator_id == "DE-MBL"
        key = f"{operator_id}-{provider_id}"

        started = town.run(
            provider.start_remotely(
                visit.card, operator=operator.company, location_id=visit.site.id, evse_uid=visit.charger.uid,
                evse_id=visit.charger.evse_id, key=key,
            )
        )  # fmt: skip
        town.until(lambda: bool(charger.wishes), what=f"{operator_id} was not asked to start")
        wish = charger.wishes[0]
        town.run(operator.report_start(visit, auth_method="COMMAND", reference=wish.reference))
        if provider_id == "DE-FWK":
            town.until(lambda: provider.results.get(key) == "ACCEPTED", what="Fahrwerk did not hear the result")
        session_id = (wish.reference or "") if is_brokered else f"S-{visit.id}"
        stopped = town.run(
            provider.stop_remotely(
                operator=operator.company, session_id=session_id, evse_id=visit.charger.evse_id, reference=wish.reference,
                key=f"stop-{key}",
            )
        )  # fmt: skip

        assert (started.is_in, stopped.is_in) == (True, True), (started, stopped)
        assert (wish.evse_uid, wish.is_of(visit.card)) == (visit.charger.uid, True)
        town.until(lambda: charger.stopped == [session_id], what=f"{operator_id} was not asked to stop")


class TestStatement:
    def test_of_an_ocpi_provider_holds_the_charge_at_an_oicp_operator_priced_and_explained(
        self, house: House, town: Town, tmp_path: Path
    ) -> None:
        for role in ("maker", "checker"):
            town.office.admit(email=f"{role}@hub.example", password=_PASSWORD, role=role, party=None)
        operator, visit = town.operator("DE-MBL"), town.visit(operator="DE-MBL", provider="DE-FWK")
        answer = town.run(operator.ask(visit.card, site=visit.site, charger=visit.charger))
        town.run(operator.report_end(visit, auth_method="AUTH_REQUEST", reference=answer.reference))
        assert town.run(operator.bill(operator.record(visit))).is_in

        run = town.office.close(period=town.month, by="maker@hub.example")
        town.office.approve(run=run["run"], by="checker@hub.example")
        town.office.issue(run=run["run"], by="checker@hub.example")

        cdr = f"DE-MBL/{answer.reference}"
        papers = [_paper(house, number, tmp_path) for number in run["statements"]]
        (paper,) = [paper for paper in papers if paper["party"] == "DE-FWK"]
        lines = {line["cdr"].lower(): line for line in paper["cdrs"]}
        # The price is the product's, worked by the operator itself: start fee, energy and parking before VAT.
        assert Decimal(lines[cdr.lower()]["net"]) == visit.cost.total.net
        assert {line["operator"] for line in paper["cdrs"]} >= {"DE-NLD", "DE-MBL"}
        findings = house.command("list_findings", ["--cdr", cdr])["findings"]
        assert [finding for finding in findings if finding["action"] != "flag"] == []


def _paper(house: House, number: int, room: Path) -> dict[str, Any]:
    file = room / f"{number}.json"
    house.command("export_statement", ["--statement", str(number), "--format", "json", "--output", str(file)])
    paper: dict[str, Any] = json.loads(file.read_text())
    return paper
