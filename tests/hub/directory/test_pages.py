"""The public pages: real rows only, nothing that was not published, and whether the hub works."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.directory.clusters import Dot, cluster, read_window
from hub.directory.countries import country_name
from hub.directory.geometry import Window, project, window_around
from hub.directory.levels import add_up, read_levels
from hub.directory.models import ServiceMinute
from hub.directory.prices import describe
from hub.directory.service import read_service
from roaming import canonical
from roaming.locations.receive import put_location
from roaming.models import Authorization, Delivery, Exchange, Platform
from roaming.tariffs.receive import put_tariff
from tests.builders import canonical_messages as messages
from tests.builders.parties import an_operator, platform_of, roaming_partners

AT = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def publish(**over: Any) -> None:
    audience = over.pop("audience", None)
    assert audience is None or isinstance(audience, canonical.PartyId)
    put_location(location=messages.a_location(**over), audience=audience, at=AT, correlation_id="t")


class TestEmptyHub:
    @pytest.mark.parametrize(
        ("page", "words"),
        [
            ("/", "One connection. Every network."),
            ("/partners/", "Nobody here yet"),
            ("/network/", "No site is published yet"),
            ("/status/", "Every partner has heard everything."),
        ],
    )
    def test_says_what_is_missing_and_breaks_nowhere(self, client: Client, page: str, words: str) -> None:
        answer = client.get(page)
        assert answer.status_code == 200
        assert words in answer.content.decode()


class TestNetwork:
    def test_lists_and_draws_what_operators_published(self, client: Client) -> None:
        roaming_partners()
        publish(name="Hafenstrasse")
        page = client.get("/network/").content.decode()
        assert "Hafenstrasse" in page
        assert "Germany" in page
        assert "1 of 1" in page
        assert "22 kW" in page
        assert page.count("<circle") == 1

    def test_shows_neither_unpublished_sites_nor_those_meant_for_one_partner(self, client: Client) -> None:
        _, beta = roaming_partners()
        publish(id="LOC-2", name="Depot", publish=False)
        publish(id="LOC-3", name="Only for Beta", audience=beta.key)
        page = client.get("/network/").content.decode()
        assert "Depot" not in page
        assert "Only for Beta" not in page

    def test_filters_by_country_and_ignores_one_that_is_not_there(self, client: Client) -> None:
        roaming_partners()
        publish(id="LOC-1", name="Speicherstadt")
        publish(id="LOC-2", name="Confluence", country="FRA", city="Lyon")
        assert "Speicherstadt" not in client.get("/network/?country=FRA").content.decode()
        assert "Speicherstadt" in client.get("/network/?country=<script>&after=x").content.decode()

    def test_turns_pages_by_row(self, client: Client) -> None:
        roaming_partners()
        for number in range(41):
            publish(id=f"LOC-{number}", name=f"Site {number:02d}")
        first = client.get("/network/")
        assert "Site 39" in first.content.decode()
        assert "Site 40" not in first.content.decode()
        second = client.get(f"/network/?after={first.context['go_on']}").content.decode()
        assert "Site 40" in second
        assert "Site 39" not in second


class TestPartners:
    def test_tells_each_role_and_the_state_of_its_connection(self, client: Client) -> None:
        alfa, _ = roaming_partners()
        Platform.objects.filter(pk=platform_of(alfa).pk).update(status="OFFLINE")
        page = client.get("/partners/").content.decode()
        assert "DE-ALF" in page
        assert ">Offline</span>" in page
        assert ">Connected</span>" in page
        operators = client.get("/partners/?role=operator").content.decode()
        assert "DE-ALF" in operators
        assert "NL-BET" not in operators

    def test_takes_the_same_queries_for_two_and_for_ten(self, client: Client) -> None:
        roaming_partners()
        with CaptureQueriesContext(connection) as few:
            client.get("/partners/")
        for number in range(8):
            an_operator(f"FR-{number:03d}")
        with CaptureQueriesContext(connection) as many:
            client.get("/partners/")
        assert len(many) == len(few)


class TestService:
    def test_reads_the_last_hour_the_backlog_and_the_platforms(self) -> None:
        alfa, beta = roaming_partners()
        for minutes, source, duration in ((1, "provider", 10), (2, "provider", 30), (3, "none", 500), (70, "provider", 9000)):
            Authorization.objects.create(
                id=f"00000000-0000-4000-8000-0000000000{minutes:02d}",
                at=AT - timedelta(minutes=minutes),
                platform_id=platform_of(alfa).pk,
                token_uid="04A2",
                token_type="RFID",
                outcome="ALLOWED" if source == "provider" else "TIMEOUT",
                source=source,
                duration_ms=duration,
            )
        Delivery.objects.create(
            platform=platform_of(beta), receiver=beta, receiver_role="EMSP", module="cdrs", verb="post", object_type="cdr", object_row=1
        )
        service = read_service(at=AT)
        assert (service.answers.count, service.answers.decided) == (3, 2)
        assert (service.answers.median_ms, service.answers.slow_ms) == (30, 500)
        assert service.waiting == 1
        assert service.backlog[0]["module"] == "cdrs"
        assert service.platforms == {"CONNECTED": 2}


class TestGeometry:
    def test_puts_the_centre_in_the_middle_and_the_north_above(self) -> None:
        assert project(latitude=52, longitude=10) == (0.0, 0.0)
        # One degree of latitude is 111.2 km.
        north = project(latitude=53, longitude=10)
        assert north is not None
        assert north[0] == 0.0
        assert north[1] == pytest.approx(-111.2, abs=0.1)

    def test_leaves_out_what_the_outline_does_not_cover(self) -> None:
        assert project(latitude=40.7, longitude=-74.0) is None  # New York
        assert project(latitude=-52, longitude=-170) is None  # the antipode, where the projection has no point

    def test_makes_a_window_that_holds_every_point_and_is_never_tiny(self) -> None:
        window = window_around([(0.0, 0.0)])
        assert (window.width, window.height) == (500, 400)
        wide = window_around([(-1000.0, 0.0), (1000.0, 10.0)])
        assert wide.width == pytest.approx(2480)
        assert wide.x == pytest.approx(-1240)


class TestCountryName:
    def test_names_what_it_knows_and_repeats_what_it_does_not(self) -> None:
        assert country_name("DEU") == "Germany"
        assert country_name("XYZ") == "XYZ"


class TestPrices:
    def test_says_what_always_holds_and_that_the_rest_depends(self) -> None:
        energy = canonical.PriceComponent(type="ENERGY", price=Decimal("0.39"))
        night = canonical.PriceComponent(type="ENERGY", price=Decimal("0.29"))
        start, parked = (
            canonical.PriceComponent(type="FLAT", price=Decimal("1")),
            canonical.PriceComponent(type="PARKING_TIME", price=Decimal("6")),
        )
        simple = messages.a_tariff(elements=(canonical.TariffElement(price_components=(energy, start, parked)),))
        assert describe(simple).words == "0.39 EUR per kWh, 1.00 EUR at the start, parked 6.00 EUR per hour, plus VAT"
        at_night = canonical.TariffElement(price_components=(night,), restrictions=canonical.TariffRestrictions(start_time="22:00"))
        timed = messages.a_tariff(elements=(at_night, canonical.TariffElement(price_components=(energy,))))
        assert describe(timed).words == "0.39 EUR per kWh, depends on time or amount, plus VAT"

    def test_shows_the_cheapest_of_a_site_before_one_charges(self, client: Client) -> None:
        roaming_partners()
        for key, price in (("DAY", "0.49"), ("NIGHT", "0.39")):
            component = canonical.PriceComponent(type="ENERGY", price=Decimal(price))
            tariff = messages.a_tariff(id=key, elements=(canonical.TariffElement(price_components=(component,)),))
            put_tariff(tariff=tariff, audience=None, at=AT, correlation_id="t")
        publish(evses=(messages.an_evse(connectors=(messages.a_connector(tariff_ids=("day", "NIGHT")),)),))
        assert "from 0.39 EUR per kWh, plus VAT" in client.get("/network/").content.decode()
        assert "ab 0,39 EUR pro kWh" in client.get("/network/", headers={"Accept-Language": "de"}).content.decode()


class TestFilters:
    def test_finds_sites_by_operator_plug_and_power_of_one_and_the_same_connector(self, client: Client) -> None:
        roaming_partners()
        an_operator("FR-CHP")
        slow_combo = messages.a_connector(id="1", standard="IEC_62196_T2_COMBO", max_electric_power=20_000)
        fast = messages.a_connector(id="2", standard="CHADEMO", max_electric_power=None, max_voltage=400, max_amperage=125, power_type="DC")
        publish(id="LOC-1", name="Two plugs", evses=(messages.an_evse(connectors=(slow_combo, fast)),))
        publish(id="LOC-2", name="Charpente site", operator=canonical.PartyId("FR", "CHP"), city="Lyon")
        for query, names in (
            ("operator=FR-CHP", {"Charpente site"}),
            ("plug=CHADEMO", {"Two plugs"}),
            ("plug=CHADEMO&power=50", {"Two plugs"}),  # 400 V × 125 A
            ("plug=IEC_62196_T2_COMBO&power=50", set()),
            ("power=150", set()),
            ("power=x&plug=<b>&operator=&box=1,2", {"Two plugs", "Charpente site"}),
        ):
            page = client.get(f"/network/?{query}").content.decode()
            assert {name for name in ("Two plugs", "Charpente site") if name in page} == names, query


class TestClusters:
    def test_gathers_what_lies_in_one_cell_and_leads_closer(self) -> None:
        window = Window(0, 0, 220, 176)  # cells of 10 km
        near, far = [Dot(11, 11, 1, 2), Dot(13, 15, 0, 4)], Dot(105, 51, 2, 2)
        first, second = cluster(dots=[*near, far, Dot(300, 1, 9, 9)], window=window)
        assert (first.sites, first.evses, first.free, first.x, first.y) == (2, 6, 1, 12, 13)
        assert (second.sites, second.free) == (1, 2)
        closer = read_window(first.closer, ratio=1.25)
        assert closer is not None
        assert (closer.x, closer.y, closer.width) == (12 - 27.5, 13 - 22, 55)

    @pytest.mark.parametrize("text", ["", "1,2", "a,b,c", "nan,0,10", "0,0,1", "0,0,9e9", "9e9,0,10"])
    def test_reads_no_window_from_nonsense(self, text: str) -> None:
        assert read_window(text, ratio=1.25) is None


class TestLevels:
    def test_adds_up_what_the_hub_answered_and_counts_its_own_faults_only(self) -> None:
        told = [("tokens", "/ocpi/2.2.1/tokens/NL/BET/x/authorize", 200, 10), ("tokens", "/ocpi/2.2.1/tokens/NL/BET/x/authorize", 503, 40)]
        told_of_cdrs = [("cdrs", "/ocpi/2.2.1/cdrs", status, 20) for status in (200, 400, 401, None)]
        for module, path, status, took in [*told, *told_of_cdrs]:
            Exchange.objects.create(at=AT, direction="in", method="POST", path=path, module=module, http_status=status, duration_ms=took)
        Exchange.objects.create(at=AT, direction="out", method="POST", path="/cdrs", module="cdrs", http_status=500)
        for _ in range(2):
            add_up(at=AT + timedelta(seconds=30))
        levels = {str(level.name): level for level in read_levels(at=AT + timedelta(seconds=30))}
        authorization, cdrs = levels["Authorisation of cards"], levels["CDRs"]
        assert (authorization.count, authorization.failed, authorization.half_ms, authorization.slow_ms) == (2, 1, 10, 40)
        assert (authorization.share, cdrs.count, cdrs.failed, cdrs.share) == (Decimal("50.000"), 4, 1, Decimal("75.000"))
        assert levels["Tariffs"].share is None
        assert [(bar.x, bar.height) for bar in authorization.bars] == [(59, 20.0)]
        add_up(at=AT + timedelta(days=32))
        assert not ServiceMinute.objects.exists()
