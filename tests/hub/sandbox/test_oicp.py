"""What the simulated OICP partners say can be read by the hub's own shapes, member by member."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.sandbox.companies import OICP, demonstration_companies, make_companies
from hub.sandbox.day import Visit, plan_month
from hub.sandbox.line import ChargeRecord, SessionReport
from hub.sandbox.oicp_2_3 import documents
from hub.sandbox.world import World, make_world
from roaming.protocols.oicp.bridge.locations import evse_uid_of, location_id_of
from roaming.protocols.oicp.identifiers import contract_key, din_check_digit
from roaming.protocols.oicp.v2_3.authentication_data import PUSH
from roaming.protocols.oicp.v2_3.authorization import AUTHORIZE_START
from roaming.protocols.oicp.v2_3.charge_detail_record import CHARGE_DETAIL_RECORD
from roaming.protocols.oicp.v2_3.evse_data import read_push
from roaming.protocols.oicp.v2_3.evse_status import PUSH as STATUS_PUSH
from roaming.protocols.oicp.v2_3.notifications import read_notification
from roaming.protocols.oicp.v2_3.pricing import EVSE_PRICE_PUSH, PRODUCT_PUSH

STARTS, ENDS = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
SESSION_ID = "5c0e9a94-3a0b-4c6e-9f3c-2d9f53d2a1b0"


@pytest.fixture(scope="module")
def world() -> World:
    """Moorblick (operator) and Enzian (provider), both over OICP."""
    return make_world(companies=[one for one in demonstration_companies() if one.protocol == OICP], seed=3, valid_from=STARTS)


@pytest.fixture(scope="module")
def visit(world: World) -> Visit:
    """A charge that is followed by parking."""
    visits = plan_month(world=world, starts_at=STARTS, ends_at=ENDS, count=40, seed=3)
    return next(visit for visit in visits if visit.parking_ticks)


class TestOperator:
    def test_pushes_chargers_under_the_names_that_the_hub_gives_them(self, world: World) -> None:
        plan = world.operators[0]
        for site in plan.sites:
            push = read_push(documents.write_evse_push(plan, site, action="insert"))

            assert {location_id_of(record) for record in push.records} == {site.id}
            assert [evse_uid_of(record.evse_id) for record in push.records] == [charger.uid for charger in site.chargers]

    def test_pushes_statuses_and_prices(self, world: World) -> None:
        plan = world.operators[0]
        chargers = plan.sites[0].chargers
        statuses = {charger.uid: "CHARGING" for charger in chargers}

        told = STATUS_PUSH.read(documents.write_status_push(plan.company, chargers, statuses=statuses))
        products = PRODUCT_PUSH.read(documents.write_product_push(plan.company, plan.tariffs)).data.products
        prices = EVSE_PRICE_PUSH.read(documents.write_evse_pricing_push(plan)).prices

        assert {record.status for record in told.statuses.records} == {"Occupied"}
        assert [(product.product_id, product.price) for product in products] == [(one.id, one.energy_price) for one in plan.tariffs]
        assert {one.products[0] for one in prices} == {tariff.id for tariff in plan.tariffs}

    def test_tells_a_session_from_start_to_record(self, visit: Visit) -> None:
        report = SessionReport(visit, "ACTIVE", Decimal(0), (), "AUTH_REQUEST", SESSION_ID, visit.starts_at)
        later = replace(report, energy_kwh=Decimal("1.25"), reported_at=visit.starts_at + timedelta(minutes=6))
        last = replace(report, status="COMPLETED", energy_kwh=visit.energy_kwh, auth_method="COMMAND")
        record = ChargeRecord("R1", visit, "AUTH_REQUEST", SESSION_ID, visit.ends_at)

        notified = [read_notification(documents.write_notification(one, session_id=SESSION_ID)) for one in (report, later, last)]
        cdr = CHARGE_DETAIL_RECORD.read(documents.write_cdr(record, session_id=SESSION_ID))

        assert [one.type for one in notified] == ["Start", "Progress", "End"]
        assert (cdr.session_start.at, cdr.charging_end.at, cdr.session_end.at) == (visit.starts_at, visit.charged_at, visit.ends_at)
        assert cdr.session_start.text[-6:] in ("+01:00", "+02:00")
        assert cdr.consumed_energy == visit.energy_kwh == (cdr.meter_end or 0) - (cdr.meter_start or 0)

    def test_asks_by_the_card(self, world: World, visit: Visit) -> None:
        asked = AUTHORIZE_START.read(documents.write_authorize_start(visit.company, visit.card, visit.charger))

        assert (asked.identification.uid, asked.evse_id) == (visit.card.uid, visit.charger.evse_id)


class TestProvider:
    def test_uploads_only_cards_that_may_charge_with_right_check_digits(self, world: World) -> None:
        plan = world.providers[0]
        good = [card for card in plan.cards if card.verdict == "ALLOWED"]

        media = PUSH.read(documents.write_card_push(plan.company, plan.cards)).data.identifications

        assert [medium.uid for medium in media] == [card.uid for card in good]
        assert all(card.contract_id[-1] == _digit(card.contract_id) for card in plan.cards)


class TestRehearsal:
    @pytest.mark.parametrize(("operators", "providers", "brokered"), [(8, 6, 2), (3, 2, 2), (1, 1, 0), (2, 1, 1)])
    def test_has_an_oicp_partner_of_a_role_that_two_hold(self, operators: int, providers: int, brokered: int) -> None:
        told: dict[str, Any] = {"operators": operators, "providers": providers, "seed": 1, "label": "t", "taken": ()}

        assert sum(company.protocol == OICP for company in make_companies(**told, has_oicp=True)) == brokered
        assert not [company for company in make_companies(**told) if company.protocol == OICP]


def _digit(contract_id: str) -> str:
    return din_check_digit(contract_key(contract_id))
