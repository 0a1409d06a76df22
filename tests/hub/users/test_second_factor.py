"""The second factor: asked for after the password at both doors, required of the hub's people where the hub says so, replaceable."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from hub.users.factors import TooManyWrongCodes, WrongCode, add_app, check_code, make_app_secret, make_recovery_codes
from hub.users.invite import invite_person
from hub.users.keep import keep_user
from hub.users.models import User
from roaming.models import AuditRecord
from tests.builders.parties import an_operator
from tests.builders.people import PASSWORD, staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, 0, 10, tzinfo=UTC)
# RFC 6238, appendix B: the secret of its test vectors and what it shows at T = 59 s.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


def code_of(secret: str, at: datetime) -> str:
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(at.timestamp()).decode()  # noqa: S303  (what the apps do)


def with_app(user: User, *, at: datetime = NOW) -> str:
    secret = make_app_secret()
    add_app(user=user, secret=secret, code=code_of(secret, at), name="phone", at=at)
    return secret


def a_maker() -> User:
    return keep_user(email="max@hub.example", password=PASSWORD, role="maker")


def at_the_door(door: str = "/admin/login/") -> Client:
    client = Client()
    assert client.post(door, {"username": "max@hub.example", "password": PASSWORD}).status_code == 302
    return client


class TestCodes:
    def test_are_those_of_rfc_6238(self) -> None:
        user = a_maker()
        add_app(user=user, secret=RFC_SECRET, code="287082", name="", at=datetime.fromtimestamp(59, UTC))
        assert User.objects.get().has_second_factor

    def test_count_once_and_a_clock_may_be_off_by_one_step(self) -> None:
        user = a_maker()
        secret = with_app(user)
        ahead = code_of(secret, NOW + timedelta(seconds=30))
        assert check_code(user=user, code=f" {ahead[:3]} {ahead[3:]}", at=NOW).startswith("app ")
        with pytest.raises(WrongCode):
            check_code(user=user, code=ahead, at=NOW + timedelta(seconds=30))
        with pytest.raises(WrongCode):
            check_code(user=user, code=code_of(secret, NOW + timedelta(minutes=5)), at=NOW)

    def test_are_locked_after_five_wrong_ones_for_a_quarter_of_an_hour(self) -> None:
        user = a_maker()
        secret = with_app(user)
        for _ in range(5):
            with pytest.raises(WrongCode):
                check_code(user=user, code="abc", at=NOW + timedelta(minutes=1))
        with pytest.raises(TooManyWrongCodes):
            check_code(user=user, code=code_of(secret, NOW + timedelta(minutes=2)), at=NOW + timedelta(minutes=2))
        later = NOW + timedelta(minutes=17)
        assert check_code(user=user, code=code_of(secret, later), at=later)

    def test_of_recovery_count_once_in_any_writing_and_are_not_kept_readable(self) -> None:
        user = a_maker()
        with_app(user)
        codes = make_recovery_codes(user=user)
        assert len(set(codes)) == 10
        assert check_code(user=user, code=codes[3].upper().replace("-", " "), at=NOW) == "recovery code"
        with pytest.raises(WrongCode):
            check_code(user=user, code=codes[3], at=NOW)
        assert codes[0] not in "".join(user.recovery_codes.values_list("code_hash", flat=True))

    def test_leave_no_secret_in_the_audit_trail(self) -> None:
        secret = with_app(a_maker())
        assert AuditRecord.objects.filter(subject_type="hub_secondfactor", action="added").exists()
        told = str(list(AuditRecord.objects.values_list("before", "after")))
        assert secret not in told
        assert "pbkdf2" not in told
        assert "md5$" not in told


class TestDoor:
    @pytest.mark.parametrize("door", ["/admin/login/", "/portal/login/"])
    def test_leads_to_the_second_factor_and_then_to_the_page_that_was_wanted(self, door: str) -> None:
        secret = with_app(a_maker(), at=timezone.now() - timedelta(minutes=5))
        client = at_the_door(door)
        wanted = "/admin/settlement/hold/?state__exact=held"
        led = client.get(wanted)
        assert led["Location"] == "/account/second-factor/?next=/admin/settlement/hold/%3Fstate__exact%3Dheld"
        assert client.get("/account/")["Location"].startswith("/account/second-factor/")
        assert client.post("/account/remove/1/")["Location"].startswith("/account/second-factor/")
        assert "is wrong" in client.post("/account/second-factor/", {"code": "000000"}).content.decode()
        key = client.session.session_key
        through = client.post("/account/second-factor/", {"code": code_of(secret, timezone.now()), "next": wanted})
        assert through["Location"] == wanted
        assert client.session.session_key != key
        assert client.get(wanted).status_code == 200
        assert client.post("/account/second-factor/", {"next": "https://evil.example/"})["Location"] == "/admin/"

    def test_asks_again_in_the_next_login_of_the_same_browser(self) -> None:
        secret = with_app(a_maker(), at=timezone.now() - timedelta(minutes=5))
        client = at_the_door()
        client.post("/account/second-factor/", {"code": code_of(secret, timezone.now())})
        client.post("/admin/logout/")
        client.post("/admin/login/", {"username": "max@hub.example", "password": PASSWORD})
        assert client.get("/admin/")["Location"].startswith("/account/second-factor/")

    def test_makes_people_of_the_hub_set_one_up_where_it_is_required_and_nobody_else(self, settings: Settings) -> None:
        settings.HUB_STAFF_SECOND_FACTOR = "required"
        a_maker()
        keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
        partner = Client()
        partner.post("/portal/login/", {"username": "ana@alfa.example", "password": PASSWORD})
        assert partner.get("/portal/account/").status_code == 200
        client = at_the_door()
        assert client.get("/admin/")["Location"] == "/account/?next=/admin/"
        assert "Set one up" in client.get("/account/").content.decode()
        secret = client.get("/account/app/").context["secret"].replace(" ", "")
        assert "wrong by more" in client.post("/account/app/", {"code": "123456"}).content.decode()
        shown = client.post("/account/app/", {"code": code_of(secret, timezone.now()), "name": "phone"})
        assert len(re.findall(r"<li><code>", shown.content.decode())) == 10
        assert client.get("/admin/").status_code == 200

    def test_lets_in_with_the_password_alone_where_it_is_optional(self) -> None:
        a_maker()
        assert at_the_door().get("/admin/").status_code == 200

    def test_ends_a_session_that_is_idle_for_half_an_hour_or_older_than_eight(self) -> None:
        a_maker()
        for key, age in (("seen", 1801), ("since", 8 * 3600 + 1)):
            client = at_the_door()
            session = client.session
            session[key] = timezone.now().timestamp() - age
            session.save()
            assert client.get("/admin/")["Location"].startswith("/admin/login/"), key

    def test_takes_a_factor_away_for_the_password_only_and_never_somebody_elses(self) -> None:
        user = a_maker()
        with_app(user)
        other = keep_user(email="eve@hub.example", password=PASSWORD, role="checker")
        with_app(other)
        client = at_the_door()
        session = client.session
        session["second_factor"] = "app"
        session.save()
        own, foreign = user.second_factors.get(), other.second_factors.get()
        client.post(f"/account/remove/{own.pk}/", {"password": "wrong"})
        client.post(f"/account/remove/{foreign.pk}/", {"password": PASSWORD})
        assert User.objects.filter(has_second_factor=True).count() == 2
        client.post(f"/account/remove/{own.pk}/", {"password": PASSWORD})
        assert [person.email for person in User.objects.filter(has_second_factor=True)] == ["eve@hub.example"]


class TestTrailOfLogins:
    def test_names_who_came_in_and_who_was_refused_and_never_a_password(self) -> None:
        a_maker()
        Client().post("/admin/login/", {"username": "Max@hub.example", "password": "a-wrong-password"})
        at_the_door()
        told = list(AuditRecord.objects.filter(action__startswith="log").order_by("id").values_list("actor", "action", "address"))
        assert told == [("max@hub.example", "login refused", "127.0.0.1"), ("max@hub.example", "logged in", "127.0.0.1")]
        assert "a-wrong-password" not in str(list(AuditRecord.objects.values()))


class TestInvitation:
    def test_lets_its_reader_choose_a_password_once_by_the_rules(self, client: Client) -> None:
        invite_person(email="New@alfa.example", by="ana@alfa.example", party=an_operator("DE-ALF").key)
        link = re.findall(r"https?://[^/]+(/account/\S+)", str(mail.outbox[0].body))[0]
        assert mail.outbox[0].to == ["new@alfa.example"]
        for weak, word in (("short-words", "15 are needed"), ("passwordpassword", "too common"), ("new@alfa.example", "too similar")):
            assert word in client.post(link, {"new_password1": weak, "new_password2": weak}).content.decode().replace("&quot;", ""), weak
        good = {"new_password1": "tall-oak-by-the-gate", "new_password2": "tall-oak-by-the-gate"}
        assert client.post(link, good).status_code == 302
        assert client.get(link).status_code == 410
        assert client.post(link, good).status_code == 410
        assert client.post("/portal/login/", {"username": "new@alfa.example", "password": "tall-oak-by-the-gate"}).status_code == 302
        assert client.get("/account/invitation/MQ/abc-def/").status_code == 410
        assert client.get("/account/invitation/%F0/x/").status_code == 410

    def test_is_sent_by_the_admin_to_somebody_new_and_never_a_password_set_there(self) -> None:
        platform = staff("platform")
        page = {"email": "neu@hub.example", "name": "Neu", "staff_role": "checker", "is_staff": "on"}
        rows = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
        assert platform.post("/admin/hub/user/add/", {**page, **rows}).status_code == 302
        invited = User.objects.get(email="neu@hub.example")
        assert (invited.staff_role, invited.has_usable_password(), mail.outbox[0].to) == ("checker", False, ["neu@hub.example"])
        assert platform.get(f"/admin/hub/user/{invited.pk}/password/").status_code == 403

    def test_lets_nobody_raise_themselves(self) -> None:
        platform = staff("platform")
        own = User.objects.get(staff_role="platform")
        page = {"email": own.email, "name": "Boss", "staff_role": "checker", "is_superuser": "on", "is_staff": "on", "is_active": "on"}
        platform.post(f"/admin/hub/user/{own.pk}/change/", {**page, "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"})
        own.refresh_from_db()
        assert (own.name, own.staff_role, own.is_superuser) == ("Boss", "platform", False)
