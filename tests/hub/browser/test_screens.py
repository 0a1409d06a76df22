"""Every page, on a desk and a phone, light and dark: it fits, no script fails, no page is heavy. With SCREENS_DIR: pictures."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page

from roaming.models import Cdr, Platform, RoamingAgreement
from settlement.models import Dispute, Hold, NettingRun, Statement
from tests.builders.portal import portal_addresses
from tests.hub.browser.conftest import ADMIN, BETA_ENGINEER, BETA_FINANCE, BOTH, House, OpenPage, screens_directory

pytestmark = [pytest.mark.browser, pytest.mark.django_db]  # pytest-django prepares no database for tests that do not ask for one

PUBLIC = ["/", "/partners/", "/network/", "/status/", "/portal/login/", "/account/forgotten/", "/nowhere/", "/admin/login/"]
PORTAL = ["/portal/", "/portal/statements/", "{statement}", "/portal/cdrs/", "/portal/cdrs/?state=held&month={month}", "{cdr}", "{held}"]
PORTAL += ["/portal/connection/", "/portal/account/", "{verify}", "/portal/disputes/", "{dispute}", "{dispute_form}", "{export}"]
PORTAL += ["/portal/agreements/", "/portal/agreements/offer/?side=provider", "/portal/coverage/", "/portal/connection/messages/"]
PORTAL += ["/portal/team/"]
ENGINEER = ["{message}", "/portal/connection/access/", "/portal/connection/self-tests/", "{self_test}", "/portal/connection/webhook/"]
ADMIN_PAGES = ["/admin/", "/admin/settlement/nettingrun/", "{run}", "/admin/settlement/statement/", "{admin_statement}"]
ADMIN_PAGES += ["/admin/settlement/hold/", "{hold}", "{release}", "/admin/settlement/position/", "/admin/settlement/entry/"]
ADMIN_PAGES += ["/admin/settlement/settlementterms/", "/admin/settlement/paymentdetails/", "/admin/roaming/cdr/", "{admin_cdr}"]
# One long list of the wire stands for all: they share their page.
ADMIN_PAGES += [f"/admin/roaming/{name}/" for name in ("session", "exchange", "auditrecord")]
ADMIN_PAGES += ["/admin/settlement/rulechange/all/", "{dispute_page}", "{trial}", "/account/"]
ADMIN_PAGES += [
    "/admin/roaming/platform/",
    "{platform}",
    "/admin/roaming/party/",
    "/admin/roaming/roamingagreement/",
    "/admin/hub/user/",
    "/admin/hub/user/add/",
]

SIZES: dict[str, dict[str, int]] = {"desk": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}
Theme = Literal["light", "dark"]
# The two that differ most always; all four when pictures are wanted.
LOOKS: list[tuple[str, Theme]] = [("desk", "light"), ("phone", "dark")]
if screens_directory() is not None:
    LOOKS += [("desk", "dark"), ("phone", "light")]
HEAVIEST_BYTES = 200_000
# All of WCAG 2.2 AA once, on the desk; contrast differs with the theme, and is asked in every look when pictures are wanted.
_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
_EVERYTHING = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
_WEIGHT = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""


def _unfit_for_some(page: Page, template: str, *, size: str) -> list[str]:
    found = Axe().run(page, options=_EVERYTHING if size == "desk" else _CONTRAST).response["violations"]
    return [f"{template}: {one['id']} ({one['help']}) at {[node['target'] for node in one['nodes'][:3]]}" for one in found]


def addresses(house: House) -> dict[str, str]:
    """This function will return the pages whose address holds an id."""
    network = house.network
    statement = Statement.objects.get(party=network.beta)
    charged = Cdr.objects.filter(provider=network.beta, charge__isnull=False).latest("ended_at")
    held = Cdr.objects.get(cdr_id=network.held)
    hold = Hold.objects.get(cdr=held)
    return {
        **portal_addresses(network),
        "statement": f"/portal/statements/{statement.pk}/",
        "verify": f"/portal/statements/{statement.pk}/verify/",
        "month": network.last_month.name,
        "cdr": f"/portal/cdrs/{charged.public_id}/",
        "held": f"/portal/cdrs/{held.public_id}/",
        "run": f"/admin/settlement/nettingrun/{NettingRun.objects.get().pk}/change/",
        "admin_statement": f"/admin/settlement/statement/{statement.pk}/change/",
        "hold": f"/admin/settlement/hold/{hold.pk}/change/",
        "release": f"/admin/settlement/hold/{hold.pk}/release/",
        "admin_cdr": f"/admin/roaming/cdr/{held.pk}/change/",
        "dispute_page": f"/admin/settlement/dispute/{Dispute.objects.latest('pk').pk}/change/",
        "trial": f"/admin/trial/?agreement={RoamingAgreement.objects.latest('pk').pk}&period={network.last_month.name}&hub_fee=0.5",
        "platform": f"/admin/roaming/platform/{Platform.objects.get(name__startswith='Beta').pk}/change/",
    }


@pytest.mark.parametrize(
    ("door", "person", "paths"),
    [
        ("public", None, PUBLIC),
        ("portal", BETA_FINANCE, PORTAL),
        ("engineer", BETA_ENGINEER, ENGINEER),
        ("group", BOTH, ["/portal/"]),
        ("admin", ADMIN, ADMIN_PAGES),
    ],
    ids=["public", "portal", "engineer", "group", "admin"],
)
def test_a_page_fits_and_is_light(house: House, visit: OpenPage, door: str, person: str | None, paths: list[str]) -> None:
    page = visit(paths[0], as_user=person)
    told = addresses(house)
    problems: list[str] = []
    for number, template in enumerate(paths):
        page.set_viewport_size(SIZES["desk"])  # type: ignore[arg-type]
        page.emulate_media(color_scheme="light")
        page.goto(template.format(**told))
        of_admin = page.url.startswith(f"{house.url}/admin/")
        if (weight := page.evaluate(_WEIGHT)) > HEAVIEST_BYTES and not of_admin:
            problems.append(f"{template} weighs {weight} bytes")
        for size, theme in LOOKS:
            # The same page, turned: to load it anew for every look would take twice as long and show the same.
            page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
            page.emulate_media(color_scheme=theme)
            if of_admin and screens_directory() is not None:
                page.reload()  # the admin takes its theme once, when it is loaded
            if (width := page.evaluate("document.documentElement.scrollWidth")) > SIZES[size]["width"]:
                problems.append(f"{template} is {width} px wide ({size})")
            if not of_admin and (size == "desk" or screens_directory() is not None):
                problems += _unfit_for_some(page, template, size=size)
            _keep_picture(page, name=f"{door}-{number:02d}-{_name_of(template)}-{size}-{theme}.png")
    assert problems == []


def _name_of(template: str) -> str:
    return template.strip("/{}").replace("/", "-").replace("?", "-").split("&")[0] or "home"


def _keep_picture(page: Page, *, name: str) -> None:
    if (pictures := screens_directory()) is None:
        return
    page.screenshot(path=pictures / name, full_page=True)
    # Few colours are enough for a page, and a third of the bytes.
    Image.open(pictures / name).convert("RGB").quantize(96).save(pictures / name, optimize=True)
