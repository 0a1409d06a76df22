"""Every page × every role × what belongs to others. The pages come from the address table itself: a new one cannot be forgotten.

A page of the portal with an unknown kind of number in its address, or a step of the admin without a line here, fails this test.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from hub.models import AgreementOffer, ApiKey, CdrExport, Membership, SelfTest, User
from roaming.admin.steps import StepsPage
from roaming.models import Cdr, Exchange, PartnerCertificate
from settlement.models import Charge, Dispute, Statement
from tests.builders.network import Network, build_network
from tests.builders.parties import an_agreement, platform_of
from tests.builders.people import someone_of, staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
PARTNER_ROLES = [role.value for role in Membership.Role]
STAFF_ROLES = [role.value for role in User.StaffRole if role]
MISSING = {"int": 999_999_999, "uuid": UUID(int=7), "str": "nothing", "path": "nothing", "slug": "nothing"}
# Pages for nobody in particular, and those that answer a foreign number with their own list.
OPEN = {"portal:login", "portal:logout", "account:invitation", "account:remove", "account:forgotten", "account:new_password"}
# Which roles may take which step of the admin (clearing §3.2). Being a superuser opens none that moves money.
STEPS = {
    "settlement.approve_run": {"checker"},
    "settlement.issue_run": {"maker", "checker", "controller"},
    "settlement.void_run": {"maker", "checker"},
    "settlement.release_hold": {"maker", "checker", "analyst"},
    "settlement.release_letter": {"maker", "checker", "treasurer"},
    "settlement.resolve_dispute": {"maker", "checker", "disputes", "arbiter"},
    "settlement.assign_work": {"maker", "checker", "analyst", "disputes"},
    "settlement.approve_rule": {"checker"},
    "roaming.write_note": set(STAFF_ROLES),
    "roaming.run_deliveries": {"operations"},
    "roaming.lock_platform": {"operations"},
}


@pytest.fixture
def network() -> Network:
    return build_network(now=NOW, sessions=4)


def pages(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every named address: (name with its namespace, parameter → converter)."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from pages(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern) and pattern.name:
            told: Any = pattern.pattern
            converters = {name: _kind(converter) for name, converter in told.converters.items()}
            regex = getattr(getattr(told, "regex", None), "groupindex", {})
            yield f"{prefix}{pattern.name}", converters or dict.fromkeys(regex, "str")


def _kind(converter: object) -> str:
    return type(converter).__name__.removesuffix("Converter").removesuffix("Path").lower() or "str"


def _foreign(network: Network) -> dict[str, Any]:
    """For each parameter of the portal's addresses: the number of something that is Gamma's or Alfa's, never Beta's."""
    gamma, alfa = network.gamma, network.alfa
    cdr = Cdr.objects.filter(owner=alfa, provider=gamma, charge__isnull=False).earliest("id")
    charge = Charge.objects.get(cdr=cdr)
    exchange = (
        Exchange.objects.exclude(platform_id=platform_of(network.beta).pk).exclude(sender="NL-BET").exclude(receiver="NL-BET").first()
    )
    someone_of(gamma)
    dispute = Dispute.objects.create(
        cdr=cdr,
        reason="other",
        amount=charge.gross,
        currency=charge.currency,
        opened_by="g@gamma.example",
        opened_at=NOW,
        answer_due_at=NOW + timedelta(days=5),
        resolve_due_at=NOW + timedelta(days=9),
    )
    offer = AgreementOffer.objects.create(
        operator=alfa, provider=gamma, made_by=gamma, made_by_person="g@gamma.example", made_at=NOW, starts_on=date(2026, 11, 1), hub_fee=0
    )
    certificate = PartnerCertificate.objects.create(platform=platform_of(gamma), sha256="a" * 64)
    export = CdrExport.objects.create(id=uuid4(), party=gamma, asked_by="g@gamma.example", filters={}, asked_at=NOW, state="done")
    return {
        "statement_id": Statement.objects.get(party=gamma).pk,
        "public_id": cdr.public_id,
        "file_format": "pdf",
        "export_id": export.pk,
        "dispute_id": dispute.pk,
        "file_id": 1,
        "offer_id": offer.pk,
        "agreement_id": an_agreement(operator=alfa, provider=gamma, starts=date(2020, 1, 1)).pk,
        "second": int(exchange.at.timestamp()) if exchange else 0,
        "exchange_id": exchange.pk if exchange else 0,
        "platform_id": platform_of(gamma).pk,
        "certificate_id": certificate.pk,
        "test_id": SelfTest.objects.create(platform=platform_of(gamma), asked_by="g@gamma.example", asked_at=NOW, finished_at=NOW).pk,
        "key_id": ApiKey.objects.create(party=gamma, name="g", fingerprint="b" * 64, made_by="g@gamma.example", made_at=NOW).pk,
        "membership_id": Membership.objects.get(party=gamma).pk,
    }


def test_a_foreign_number_in_the_portal_is_as_absent_as_one_that_never_was(network: Network) -> None:
    foreign = _foreign(network)
    clients = {role: someone_of(network.beta, role=role) for role in PARTNER_ROLES}
    checked, wrong = 0, []
    for name, parameters in pages():
        if not name.startswith("portal:") or not parameters or name in OPEN:
            continue
        assert parameters.keys() <= foreign.keys(), f"{name}: say in _foreign what belongs to others there"
        address = reverse(name, kwargs={parameter: foreign[parameter] for parameter in parameters})
        for role, client in clients.items():
            for method in ("get", "post"):
                status = getattr(client, method)(address).status_code
                checked += 1
                if status not in (403, 404, 405):
                    wrong.append((name, role, method, status))
    assert wrong == []
    assert checked > 30


def test_nobody_without_a_login_sees_a_page_behind_the_doors() -> None:
    guest = Client()
    for name, parameters in pages():
        if (
            name.startswith(("portal:", "account:", "admin:", "admin_"))
            and name not in OPEN
            and name not in ("admin:login", "admin:logout")
        ):
            values = {parameter: MISSING.get(kind, "nothing") for parameter, kind in parameters.items()}
            values |= {word: told for word, told in (("purpose", "new"), ("step", "begin")) if word in values}
            values |= {"app_label": "hub"} if "app_label" in values else {}
            values |= {"content_type_id": 1, "object_id": 1} if "content_type_id" in values else {}
            address = reverse(name, kwargs=values)
            answer = guest.get(address)
            assert answer.status_code in (302, 405), name
            assert answer.status_code == 405 or "/login/" in answer["Location"], name


def test_no_partner_enters_the_administration() -> None:
    network_less = {role: User.objects.create(email=f"{role}@alfa.example") for role in PARTNER_ROLES}
    lists = [name for name, parameters in pages() if name.startswith("admin:") and not parameters and "log" not in name]
    for user in network_less.values():
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert {name for name in lists if client.get(reverse(name)).status_code != 302} == set()


def test_no_role_inside_the_hub_adds_edits_or_removes_a_row_but_people_by_who_manages_them() -> None:
    request = RequestFactory().post("/admin/")
    allowed = set()
    for role in STAFF_ROLES:
        request.user = User(email=f"{role}@hub.example", staff_role=role, is_staff=True, pk=1)
        for model, page in admin.site._registry.items():
            verbs = {
                "add": page.has_add_permission(request),
                "change": page.has_change_permission(request),
                "delete": page.has_delete_permission(request),
            }
            allowed |= {(role, model.__name__, verb) for verb, may in verbs.items() if may and model is not ContentType}
    assert allowed == {("platform", "User", "add"), ("platform", "User", "change")}


def test_each_step_is_open_to_its_roles_and_shut_to_all_others(network: Network) -> None:
    steps = [(model, page, step) for model, page in admin.site._registry.items() if isinstance(page, StepsPage) for step in page.steps]
    assert {step.permission for _, _, step in steps} <= STEPS.keys(), "say in STEPS who may take a new step"
    clients = {role: staff(role) for role in STAFF_ROLES} | {"superuser": staff("", email="root@hub.example", is_superuser=True)}
    people = {role: User.objects.get(pk=client.session["_auth_user_id"]) for role, client in clients.items()}
    for model, _, step in steps:
        row = next((row for row in model._default_manager.all()[:50] if step.offered(row)), None)
        allowed = STEPS[step.permission]
        # Every role is asked for its right; the page itself by one that has it, one that has not, and the superuser.
        at_the_page = {min(allowed), min(set(STAFF_ROLES) - allowed, default="superuser"), "superuser"}
        for role, client in clients.items():
            may = people[role].has_perm(step.permission)
            moves_no_money = step.permission.startswith("roaming.") and role == "superuser"
            assert may == (role in allowed or moves_no_money), (step.name, role)
            if row is not None and role in at_the_page:
                address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{step.name}", args=[row.pk])
                assert client.get(address).status_code == (200 if may else 403), (step.name, role)
