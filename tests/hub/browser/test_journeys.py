"""What people come for, clicked in a real browser."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from roaming.models import Cdr
from settlement.documents.render import render_statement
from settlement.models import Hold, Statement
from tests.hub.browser.conftest import ALFA_FINANCE, BETA_ENGINEER, BETA_FINANCE, BOTH, CHECKER, MAKER, PASSWORD, House, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def test_an_accountant_logs_in_finds_the_statement_and_saves_every_file(house: House, visit: OpenPage, tmp_path: Path) -> None:
    statement = Statement.objects.get(party=house.network.beta)
    page = visit("/portal/")
    page.get_by_label("E-mail").fill(BETA_FINANCE)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Statements", exact=True).click()
    page.get_by_role("link", name=str(statement.number)).click()
    for file_format in ("pdf", "xlsx", "csv", "json"):
        with page.expect_download() as started:
            page.get_by_role("link", name=file_format.upper(), exact=True).click()
        saved = tmp_path / started.value.suggested_filename
        started.value.save_as(saved)
        assert saved.name == f"{statement.number}_NL-BET_{house.network.last_month.name}_EUR.{file_format}"
        assert saved.read_bytes() == render_statement(statement=statement, format=file_format).content
    assert Decimal(json.loads(saved.read_text())["totals"]["net"]) == statement.net


def test_an_accountant_cannot_open_the_paper_of_another_company(house: House, visit: OpenPage) -> None:
    foreign = Statement.objects.get(party=house.network.beta)
    page = visit(f"/portal/statements/{foreign.pk}/", as_user=ALFA_FINANCE)
    assert page.get_by_role("heading", level=1).inner_text() == "There is nothing here"
    answer = page.goto(f"/portal/statements/{foreign.pk}/pdf/")
    assert answer is not None
    assert answer.status == 404


def test_an_engineer_sees_the_wire_and_no_statements(house: House, visit: OpenPage) -> None:
    page = visit("/portal/connection/", as_user=BETA_ENGINEER)
    assert page.get_by_text("correlation-0").is_visible()
    assert page.get_by_role("link", name="Statements").count() == 0
    answer = page.goto("/portal/statements/")
    assert answer is not None
    assert answer.status == 403


def test_a_holding_switches_between_its_companies_by_choosing(house: House, visit: OpenPage) -> None:
    page = visit("/portal/", as_user=BOTH)
    assert page.get_by_role("heading", level=1).inner_text() == "Alfa Laden"
    page.get_by_label("Party").select_option(label="Beta Mobility")
    page.get_by_role("heading", level=1, name="Beta Mobility").wait_for()


def test_filters_work_by_choosing_and_lead_to_the_reason_of_a_hold(house: House, visit: OpenPage) -> None:
    page = visit("/portal/cdrs/", as_user=ALFA_FINANCE)
    page.get_by_label("Month").select_option(value=house.network.last_month.name)
    page.wait_for_url("**month=*")
    page.get_by_label("State").select_option(value="held")
    page.wait_for_url("**state=held*")
    page.locator("tbody tr").first.get_by_role("link").click()
    assert page.get_by_text("300 kWh in 120 min; 22 kW can give 44.00 kWh").first.is_visible()


def test_the_keyboard_reaches_the_content_first(house: House, visit: OpenPage) -> None:
    page = visit("/portal/", as_user=ALFA_FINANCE)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_the_portal_works_without_scripts(house: House, visit: OpenPage) -> None:
    page = visit("/portal/cdrs/", as_user=ALFA_FINANCE, java_script_enabled=False)
    page.get_by_label("Month").select_option(value=house.network.last_month.name)
    page.get_by_role("button", name="Show").click()
    assert f"month={house.network.last_month.name}" in page.url
    assert page.locator("tbody tr").count() > 1


def test_a_checker_releases_a_held_cdr_with_a_reason(house: House, visit: OpenPage) -> None:
    held = Cdr.objects.get(cdr_id=house.network.held)
    page = visit("/admin/", as_user=CHECKER)
    page.get_by_role("link", name="Work on it").click()
    page.get_by_role("link", name=held.cdr_id).first.click()
    page.get_by_role("link", name="Release with a reason").click()
    page.get_by_label("Reason").fill("a lorry, confirmed by the operator")
    page.get_by_role("button", name="Release with a reason").click()
    page.get_by_text("is released and charged").wait_for()
    assert Hold.objects.get(cdr=held).release_reason == "a lorry, confirmed by the operator"


def test_a_passkey_is_added_and_from_then_on_asked_for_after_the_password(house: House, visit: OpenPage) -> None:
    # WebAuthn binds to names: the same hub under its name. Chromium's own virtual authenticator stands for the security key.
    by_name = house.url.replace("127.0.0.1", "localhost")
    page = visit(f"{by_name}/admin/")
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    def log_in() -> None:
        page.get_by_label("Email").fill(MAKER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

    log_in()
    page.goto(f"{by_name}/account/")
    page.get_by_label("Name of the device").fill("key on the ring")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("key on the ring").wait_for()
    page.get_by_role("button", name="Make new codes").click()
    assert page.locator(".codes li").count() == 10
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{by_name}/")
    page.goto(f"{by_name}/admin/settlement/hold/")
    log_in()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/admin/settlement/hold/")
