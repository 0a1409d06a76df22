"""A forgotten password: the same answer for everybody, a link that works once and for an hour; and a company that asks a second factor."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from hub.users.forgotten import _LINKS, send_links
from hub.users.keep import keep_user
from hub.users.models import TeamRule, User
from roaming.models import AuditRecord
from tests.builders.parties import an_operator

pytestmark = pytest.mark.django_db
PASSWORD, OTHER = "four-walls-and-a-roof", "seven-doors-and-a-gate"


def asked(client: Client, email: str) -> str:
    answer = client.post("/account/forgotten/", {"email": email})
    assert answer.status_code == 200
    return re.sub(r'nonce="[^"]+"', "", answer.content.decode())


def test_a_forgotten_password_is_replaced_by_whoever_reads_the_mail() -> None:
    cache.clear()
    keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
    german = Client(headers={"accept-language": "de", "x-forwarded-for": "203.0.113.7"})
    assert asked(german, "Ana@alfa.example") == asked(german, "nobody@alfa.example")
    assert send_links(at=timezone.now()) == 1
    assert send_links(at=timezone.now()) == 0
    asked(german, "ana@alfa.example")  # within ten minutes: no second mail
    assert send_links(at=timezone.now()) == 0
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["ana@alfa.example"], "Ein neues Passwort für Roamhouse")
    link = re.findall(r"https?://[^/]+(/account/new-password/\S+)", str(letter.body))[0]
    assert german.get(link).status_code == 200
    assert german.post(link, {"new_password1": "short", "new_password2": "short"}).status_code == 200
    assert german.post(link, {"new_password1": OTHER, "new_password2": OTHER}).status_code == 302
    assert german.get(link).status_code == 410
    assert german.login(username="ana@alfa.example", password=PASSWORD) is False
    assert german.post("/portal/login/", {"username": "ana@alfa.example", "password": OTHER}).status_code == 302
    assert AuditRecord.objects.filter(action="chose a new password", actor="ana@alfa.example").exists()


def test_links_end_after_an_hour_and_an_address_may_ask_ten_times() -> None:
    cache.clear()
    user = keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
    hour = int(timedelta(hours=1).total_seconds())
    now = _LINKS._num_seconds(_LINKS._now())
    fresh, old = (_LINKS._make_token_with_timestamp(user, now - age, _LINKS.secret) for age in (hour - 60, hour + 60))
    assert (_LINKS.check_token(user, fresh), _LINKS.check_token(user, old), _LINKS.check_token(user, "nonsense")) == (True, False, False)
    client = Client(headers={"x-forwarded-for": "203.0.113.8"})
    codes = [client.post("/account/forgotten/", {"email": "x@y.example"}).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]


def test_a_company_may_ask_a_second_factor_of_its_people() -> None:
    party = an_operator("DE-ALF").key
    keep_user(email="ana@alfa.example", password=PASSWORD, party=party, role="partner-finance")
    keep_user(email="adm@alfa.example", password=PASSWORD, party=party, role="partner-admin")
    finance, admin = Client(), Client()
    for client, who in ((finance, "ana"), (admin, "adm")):
        client.post("/portal/login/", {"username": f"{who}@alfa.example", "password": PASSWORD})
    assert finance.post("/portal/team/rule/", {"needs_second_factor": "on"}).status_code == 403
    assert not TeamRule.objects.exists()
    assert finance.get("/portal/team/").status_code == 200
    assert admin.post("/portal/team/rule/", {"needs_second_factor": "on"}).status_code == 302
    led = finance.get("/portal/team/")
    assert (led.status_code, led["Location"].split("?")[0]) == (302, "/account/")
    TeamRule.objects.update(needs_second_factor=False)
    assert finance.get("/portal/team/").status_code == 200
    assert User.objects.get(email="ana@alfa.example").has_second_factor is False
