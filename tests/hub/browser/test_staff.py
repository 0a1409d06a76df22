"""What the hub's own people come for, clicked in a real browser."""

import pytest

from roaming.models import Cdr
from settlement.models import Hold
from tests.hub.browser.conftest import CHECKER, House, OpenPage

pytestmark = pytest.mark.django_db


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
