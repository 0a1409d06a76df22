"""Language and zone of a page: the person's choice, the browser's, and never in the admin."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone, translation

from hub.portal.models import Preference
from hub.templatetags.figures import instant, money
from hub.users.models import User
from tests.builders.parties import a_provider
from tests.builders.people import someone_of, staff

pytestmark = pytest.mark.django_db


class TestLanguage:
    def test_follows_the_browser_then_the_cookie_then_what_was_kept(self) -> None:
        assert 'lang="en-gb"' in Client().get("/status/").content.decode()
        german = {"Accept-Language": "de-AT,de;q=0.9"}
        assert 'lang="de"' in Client(headers=german).get("/status/").content.decode()
        client = someone_of(a_provider("NL-BET"))
        Preference.objects.create(user=User.objects.get(), language="de", zone="Europe/Berlin")
        assert 'lang="de"' in client.get("/portal/").content.decode()
        back = client.get("/language/en-gb/", headers={"Referer": "http://testserver/portal/cdrs/?state=held"})
        assert back["Location"] == "/portal/cdrs/?state=held"
        assert 'lang="en-gb"' in client.get("/portal/").content.decode()
        assert client.get("/language/fr/").status_code == 404

    @pytest.mark.parametrize("referer", ["http://evil.example/x", "http://testserver//evil.example/", ""])
    def test_leads_nowhere_else(self, referer: str) -> None:
        assert Client().get("/language/de/", headers={"Referer": referer})["Location"] == "/"

    def test_leaves_the_admin_in_english_and_utc(self) -> None:
        client = staff("maker")
        client.cookies["language"] = "de"
        client.cookies["zone"] = "Asia/Tokyo"
        assert 'lang="en-gb"' in client.get("/admin/").content.decode()

    def test_tells_caches_what_a_page_depends_on(self) -> None:
        assert {"Accept-Language", "Cookie"} <= {word.strip() for word in Client().get("/network/")["Vary"].split(",")}


class TestFigures:
    def test_writes_an_instant_in_the_readers_zone_with_utc_behind_it(self) -> None:
        at = datetime(2026, 7, 5, 22, 30, tzinfo=UTC)
        with timezone.override("Europe/Berlin"):
            told = str(instant(at))
        assert ">6 Jul 2026, 00:30 CEST<" in told
        assert 'title="5 Jul 2026, 22:30 UTC"' in told
        assert 'datetime="2026-07-05T22:30:00Z"' in told

    def test_writes_money_with_the_marks_of_the_language(self) -> None:
        with translation.override("de"):
            assert money(Decimal("-1234.5"), "EUR") == "\u22121.234,50 EUR"
        assert money(Decimal("1234.5"), "EUR") == "1,234.50 EUR"

    def test_ignores_a_zone_that_does_not_exist(self) -> None:
        client = Client()
        client.cookies["zone"] = "Mars/Olympus"
        assert "Times: UTC" in client.get("/status/").content.decode()
