"""The public pages: real rows only, nothing that was not published, and whether the hub works."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.directory.countries import country_name
from hub.directory.geometry import project, window_around
from hub.directory.service import read_service
from roaming import canonical
from roaming.locations.receive import put_location
from roaming.models import Authorization, Delivery, Platform
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
