"""What only a browser can prove of the portal: progress that moves by itself, the reader's clock and language, keys without a mouse."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from hub.portal.export_write import path_of, write_next
from hub.portal.models import CdrExport
from roaming.models import Cdr
from settlement.models import Dispute
from tests.hub.browser.conftest import ALFA_FINANCE, BETA_FINANCE, House, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def test_an_export_shows_its_end_by_itself_and_is_saved_byte_for_byte(house: House, visit: OpenPage, tmp_path: Path) -> None:
    page = visit(f"/portal/cdrs/?month={house.network.last_month.name}", as_user=ALFA_FINANCE)
    page.get_by_role("button", name="Export as CSV").click()
    page.get_by_text("Waiting for a worker").wait_for()
    with ThreadPoolExecutor(1) as worker:  # with a connection of its own: what this test writes itself, the server never sees
        worker.submit(_write_next).result()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download CSV").click()
    started.value.save_as(tmp_path / "cdrs.csv")
    export = CdrExport.objects.get(party=house.network.alfa)
    assert (tmp_path / "cdrs.csv").read_bytes() == path_of(export).read_bytes()


def _write_next() -> None:
    assert write_next(at=timezone.now()) is not None
    connections.close_all()


def test_pages_are_written_for_the_reader(house: House, visit: OpenPage) -> None:
    page = visit("/portal/cdrs/", as_user=BETA_FINANCE, locale="de-DE", timezone_id="Asia/Tokyo")
    page.reload()  # the first page told the server the zone
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.get_by_role("heading", level=1).inner_text() == "CDRs"
    cdr = Cdr.objects.filter(provider=house.network.beta).latest("ended_at")
    told = page.locator(f"a[href='/portal/cdrs/{cdr.public_id}/'] time")
    assert f"{(cdr.ended_at.hour + 9) % 24:02d}:" in told.inner_text()
    assert "JST" in told.inner_text()
    assert (told.get_attribute("title") or "").endswith("UTC")
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="Statements").wait_for()


def test_a_dispute_is_opened_with_the_keyboard_alone(house: House, visit: OpenPage) -> None:
    cdr = Cdr.objects.filter(provider=house.network.beta, charge__isnull=False, credits=None, is_credit=False).earliest("ended_at")
    page = visit(f"/portal/cdrs/{cdr.public_id}/", as_user=BETA_FINANCE)
    page.get_by_role("link", name="Dispute", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Reason").focus()
    for keys in ("w", "Tab", "Tab"):
        page.keyboard.press(keys)
    page.keyboard.type("Too much.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The dispute is open.").wait_for()
    assert Dispute.objects.get(cdr=cdr).text == "Too much."
