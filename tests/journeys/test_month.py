"""A month, from what operators sent to the statement that a partner's accountant holds in the hand."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.sandbox.line import ChargeRecord
from hub.sandbox.office import OfficeRefused
from tests.journeys.house import House
from tests.journeys.town import Town
from tests.journeys.visitor import Visitor

_PASSWORD = "counts-every-cent-26"
# (operator, provider, how many charges)
_TRAFFIC = (("DE-NLD", "DE-FWK", 12), ("NL-PSM", "DE-FWK", 8), ("DE-NLD", "NL-PSM", 6), ("FR-GRC", "NL-TLP", 5), ("NL-PSM", "NL-TLP", 4))


class Books:
    """What the operators of this month billed, and what became of it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.records: list[ChargeRecord] = []
        self.held: list[ChargeRecord] = []

    def bill_everything(self) -> None:
        """Every operator reports and bills its charges; one is credited and billed again, one is beyond belief."""
        for operator, provider, count in _TRAFFIC:
            for _ in range(count):
                self.records.append(self._bill(operator, provider))
        wrong = self.records[0]
        at = wrong.created_at + timedelta(hours=1)
        for record in (wrong.credited(at=at), wrong.replaced(energy_kwh=wrong.visit.energy_kwh - Decimal("0.05"), at=at)):
            assert self.town.run(self.town.operator("DE-NLD").bill(record)).is_in
            self.records.append(record)
        self.held.append(self._bill("DE-NLD", "DE-FWK", times=Decimal("1.6")))

    def of(self, *, operator: str | None = None, provider: str | None = None) -> list[ChargeRecord]:
        """The records that are not held, of one side."""
        return [
            record
            for record in self.records
            if operator in (None, record.visit.company.id) and provider in (None, record.visit.provider.company.id)
        ]

    def _bill(self, operator_id: str, provider_id: str, *, times: Decimal | None = None) -> ChargeRecord:
        visit, operator = self.town.visit(operator=operator_id, provider=provider_id), self.town.operator(operator_id)
        if times is not None:
            possible = visit.charger.power_kw * visit.total_hours
            visit = replace(visit, energy_kwh=(possible * times).quantize(Decimal("0.01")))
        assert self.town.run(operator.report_end(visit)).is_in
        record = operator.record(visit)
        assert self.town.run(operator.bill(record)).is_in
        return record


def _net(record: ChargeRecord) -> Decimal:
    return -record.cost.total.net if record.credit_of else record.cost.total.net


@pytest.fixture(scope="module")
def books(town: Town) -> Books:
    town.enrol()
    for role in ("maker", "checker"):
        town.office.admit(email=f"{role}@hub.example", password=_PASSWORD, role=role, party=None)
    for name, party in (("fahrwerk", "DE-FWK"), ("nordlicht", "DE-NLD")):
        town.office.admit(email=f"{name}@partner.example", password=_PASSWORD, role="partner-finance", party=party)
    books = Books(town)
    books.bill_everything()
    return books


@pytest.fixture(scope="module")
def run(books: Books, town: Town) -> dict[str, Any]:
    """The month closed by the maker."""
    return town.office.close(period=town.month, by="maker@hub.example")


@pytest.fixture(scope="module")
def issued(run: dict[str, Any], town: Town) -> list[int]:
    """The statements, approved and issued by the checker."""
    town.office.approve(run=run["run"], by="checker@hub.example")
    return [int(number) for number in town.office.issue(run=run["run"], by="checker@hub.example")["statements"]]


@pytest.fixture(scope="module")
def statement(house: House, issued: list[int]) -> tuple[Visitor, str, dict[str, Any]]:
    """Fahrwerk's statement as its accountant downloads it: (the browser, its page, its JSON)."""
    accountant = Visitor(url=house.url)
    assert accountant.log_in(email="fahrwerk@partner.example", password=_PASSWORD) == 200
    pages = sorted({link for link in accountant.links("/portal/statements/") if link.strip("/").split("/")[-1].isdigit()})
    assert len(pages) == 1
    return accountant, pages[0], json.loads(_download(accountant, pages[0], "json"), parse_float=Decimal)


def _download(visitor: Visitor, page: str, form: str) -> bytes:
    links = [link for link in visitor.links(page) if link.rstrip("/").endswith(form)]
    assert links, f"no link to {form} on {page}"
    status, body = visitor.get(links[0])
    assert status == 200
    return body


class TestClose:
    def test_positions_sum_to_zero_in_every_currency(self, run: dict[str, Any]) -> None:
        total = run["sum"]
        assert {Decimal(amount) for amount in (total.values() if isinstance(total, dict) else [total])} == {Decimal(0)}
        by_currency: dict[str, Decimal] = {}
        for position in run["positions"]:
            by_currency[position["currency"]] = by_currency.get(position["currency"], Decimal(0)) + Decimal(position["amount"])
        assert by_currency == {"EUR": Decimal(0)}
        assert "DE-HUB" in {position["party"] for position in run["positions"]}  # the hub's fee

    def test_needs_fewer_payments_than_there_are_pairs(self, run: dict[str, Any]) -> None:
        assert 0 < len(run["payments"]) < len(_TRAFFIC) + 1

    def test_holds_the_charge_beyond_belief_and_nothing_else(self, town: Town, books: Books, run: dict[str, Any]) -> None:
        held = {hold["cdr"]: [reason["code"] for reason in hold["reasons"]] for hold in town.office.holds()}

        assert set(held) == {f"DE-NLD/{record.id}" for record in books.held}, held
        assert run["held"] == 1

    def test_closing_twice_is_the_same_run(self, town: Town, run: dict[str, Any]) -> None:
        assert town.office.close(period=town.month, by="maker@hub.example") == run

    def test_who_closed_cannot_approve(self, town: Town, run: dict[str, Any]) -> None:
        with pytest.raises(OfficeRefused):
            town.office.approve(run=run["run"], by="maker@hub.example")


class TestStatement:
    def test_lists_every_record_the_operators_sent_and_none_else(
        self, statement: tuple[Visitor, str, dict[str, Any]], books: Books
    ) -> None:
        listed = {line["cdr"].rpartition("/")[2]: Decimal(line["net"]) for line in statement[2]["cdrs"]}

        assert listed == {record.id: _net(record) for record in books.of(provider="DE-FWK")}

    def test_owes_what_the_operators_billed(self, statement: tuple[Visitor, str, dict[str, Any]], books: Books) -> None:
        paper = statement[2]
        cent = Decimal("0.01")
        # At home the price with VAT; from the Netherlands to Germany the net price, the tax is Fahrwerk's own affair (reverse charge).
        at_home = sum((_net(record) for record in books.of(operator="DE-NLD", provider="DE-FWK")), Decimal(0)).quantize(cent)
        home_vat = (at_home * Decimal("0.19")).quantize(cent)
        abroad = sum((_net(record) for record in books.of(operator="NL-PSM", provider="DE-FWK")), Decimal(0)).quantize(cent)

        payable = sum((Decimal(line["gross"]) for line in paper["lines"] if line["kind"] == "payable"), Decimal(0))
        # The rounding of the VAT of single records may move a cent; it stands on a line of its own.
        assert abs(-payable - (at_home + home_vat + abroad)) <= cent
        assert sum((Decimal(line["gross"]) for line in paper["lines"]), Decimal(0)) == Decimal(paper["totals"]["net"])
        assert (paper["party"], paper["period"], paper["currency"]) == ("DE-FWK", books.town.month, "EUR")

    def test_is_the_position_of_the_run(self, statement: tuple[Visitor, str, dict[str, Any]], run: dict[str, Any]) -> None:
        positions = {position["party"]: Decimal(position["amount"]) for position in run["positions"]}

        assert Decimal(statement[2]["totals"]["net"]) == positions["DE-FWK"]

    def test_comes_in_four_formats_that_never_change(self, statement: tuple[Visitor, str, dict[str, Any]], books: Books) -> None:
        accountant, page, _ = statement
        first, second = ([_download(accountant, page, form) for form in ("pdf", "xlsx", "csv", "json")] for _ in range(2))

        assert first == second
        assert first[0].startswith(b"%PDF")
        assert first[1].startswith(b"PK")
        rows = list(csv.reader(io.StringIO(first[2].decode("utf-8-sig")), delimiter=";" if b";" in first[2].splitlines()[0] else ","))
        assert len(rows) > len(books.of(provider="DE-FWK"))

    def test_cannot_be_reached_by_another_partner(self, house: House, statement: tuple[Visitor, str, dict[str, Any]]) -> None:
        _, page, _ = statement
        stranger = Visitor(url=house.url)
        stranger.log_in(email="nordlicht@partner.example", password=_PASSWORD)

        assert stranger.get(page)[0] == 404
        assert stranger.get("/portal/statements/999999/")[0] == 404


class TestAfterwards:
    def test_a_late_record_belongs_to_the_next_month_and_changes_nothing_that_was_issued(
        self, house: House, town: Town, statement: tuple[Visitor, str, dict[str, Any]], run: dict[str, Any]
    ) -> None:
        accountant, page, paper = statement
        visit, operator = town.visit(operator="DE-NLD", provider="DE-FWK"), town.operator("DE-NLD")
        town.run(operator.report_end(visit))

        assert town.run(operator.bill(operator.record(visit))).is_in

        this_month = house.command("close_period", ["--period", f"{datetime.now(UTC):%Y-%m}", "--dry-run"])
        assert {position["party"] for position in this_month["positions"]} >= {"DE-NLD", "DE-FWK"}
        assert json.loads(_download(accountant, page, "json"), parse_float=Decimal) == paper
        assert town.office.close(period=town.month, by="maker@hub.example")["positions"] == run["positions"]

    def test_the_ledger_can_be_walked(self, house: House, issued: list[int]) -> None:
        walked = house.command("verify_ledger", [])

        assert walked["ok"] is True
        assert walked["records"] > 0
