"""The two doors: e-mail and password, a lock after six wrong ones, a policy on every page."""

import pytest
from django.test import Client
from pytest_django import Settings

from hub.users.keep import keep_user
from tests.builders.parties import an_operator

pytestmark = pytest.mark.django_db
PASSWORD = "four-walls-and-a-roof"
PAGES = ["/", "/partners/", "/network/", "/status/", "/portal/login/", "/portal/", "/portal/cdrs/", "/portal/connection/", "/nowhere/"]


def log_in(client: Client, email: str, password: str = PASSWORD, door: str = "/portal/login/") -> int:
    return client.post(door, {"username": email, "password": password}).status_code


class TestLogin:
    def test_lets_in_by_email_in_any_letter_case(self, client: Client) -> None:
        keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
        assert log_in(client, "Ana@ALFA.example") == 302
        assert client.get("/portal/").status_code == 200

    def test_leads_back_to_the_page_one_wanted_and_never_to_another_site(self, client: Client) -> None:
        keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
        wanted = client.get("/portal/cdrs/?state=held")
        assert wanted["Location"] == "/portal/login/?next=/portal/cdrs/%3Fstate%3Dheld"
        answer = client.post(
            "/portal/login/", {"username": "ana@alfa.example", "password": PASSWORD, "next": "https://evil.example/portal/"}
        )
        assert answer["Location"] == "/portal/"

    def test_locks_a_login_after_six_wrong_passwords_and_says_for_how_long(self, client: Client, settings: Settings) -> None:
        settings.AXES_ENABLED = True
        keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
        answers = [log_in(client, email, "wrong") for email in ["ana@alfa.example", "ANA@alfa.example", " ana@alfa.example"] * 2]
        assert answers[:5] == [200] * 5
        assert answers[5] == 429
        locked = client.post("/portal/login/", {"username": "ana@alfa.example", "password": PASSWORD})
        assert locked.status_code == 429
        assert locked["Retry-After"] == "900"
        assert "15 minutes" in locked.content.decode()

    def test_locks_a_login_for_the_address_that_guessed_and_for_no_other(self, client: Client, settings: Settings) -> None:
        settings.AXES_ENABLED = True
        keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
        guesser = Client(headers={"x-forwarded-for": "203.0.113.9"})
        assert [log_in(guesser, "ana@alfa.example", "wrong") for _ in range(6)][-1] == 429
        assert log_in(Client(headers={"x-forwarded-for": "198.51.100.4"}), "ana@alfa.example") == 302

    @pytest.mark.parametrize("door", ["/portal/login/", "/admin/login/"])
    def test_leads_people_of_the_hub_to_the_administration_from_either_door(self, client: Client, door: str) -> None:
        keep_user(email="max@hub.example", password=PASSWORD, role="maker")
        answer = client.post(door, {"username": "max@hub.example", "password": PASSWORD}, follow=True)
        assert answer.redirect_chain[-1][0] == "/admin/"
        assert answer.status_code == 200

    def test_explains_to_somebody_without_a_party_what_is_missing(self, client: Client) -> None:
        keep_user(email="new@example.org", password=PASSWORD)
        log_in(client, "new@example.org")
        answer = client.get("/portal/")
        assert answer.status_code == 403
        assert "belongs to no company yet" in answer.content.decode()

    def test_keeps_partners_out_of_the_administration(self, client: Client) -> None:
        keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
        log_in(client, "ana@alfa.example")
        assert client.get("/admin/settlement/nettingrun/").status_code == 302

    def test_ends_other_sessions_when_the_password_changes(self, client: Client) -> None:
        keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
        elsewhere = Client()
        log_in(client, "ana@alfa.example")
        log_in(elsewhere, "ana@alfa.example")
        changed = client.post(
            "/portal/account/",
            {
                "form": "password",
                "old_password": PASSWORD,
                "new_password1": "tall-oak-by-the-gate",
                "new_password2": "tall-oak-by-the-gate",
            },
        )
        assert changed.status_code == 302
        assert client.get("/portal/account/").status_code == 200
        assert elsewhere.get("/portal/account/").status_code == 302


class TestContentPolicy:
    def test_refuses_everything_inline_and_foreign_on_every_page(self, client: Client) -> None:
        keep_user(email="ana@alfa.example", password=PASSWORD, party=an_operator("DE-ALF").key)
        log_in(client, "ana@alfa.example")
        for page in PAGES:
            policy = client.get(page)["Content-Security-Policy"]
            assert "default-src 'none'" in policy, page
            assert "frame-ancestors 'none'" in policy, page
            assert "script-src 'self' 'nonce-" in policy, page
            assert "unsafe" not in policy, page

    def test_gives_the_administration_eval_and_no_inline(self, client: Client) -> None:
        policy = client.get("/admin/login/")["Content-Security-Policy"]
        assert "'unsafe-eval'" in policy
        assert "unsafe-inline" not in policy

    def test_shows_markup_in_a_partners_name_as_text(self, client: Client) -> None:
        alfa = an_operator("DE-ALF")
        alfa.name = "<script>alert(1)</script><b onclick=x>"
        alfa.save()
        keep_user(email="ana@alfa.example", password=PASSWORD, party=alfa.key)
        keep_user(email="max@hub.example", password=PASSWORD, role="auditor")
        log_in(client, "ana@alfa.example")
        staff = Client()
        log_in(staff, "max@hub.example")
        pages = [client.get("/portal/"), client.get("/portal/connection/"), client.get("/partners/")]
        pages += [staff.get("/admin/roaming/party/"), staff.get("/admin/roaming/platform/"), staff.get("/admin/")]
        for page in pages:
            assert page.status_code == 200
            assert b"<script>alert" not in page.content
            assert b"<b onclick" not in page.content
        assert b"&lt;script&gt;alert(1)" in pages[0].content
        assert b"&lt;script&gt;alert(1)" in pages[3].content
