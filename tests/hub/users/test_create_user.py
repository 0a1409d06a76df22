"""`create_user`: one readable result, JSON for scripts, and the same e-mail again brings the person up to date."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from hub.users.models import Membership, User
from roaming.canonical import PartyId
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db


def create_user(**options: Any) -> dict[str, Any]:
    output = io.StringIO()
    call_command("create_user", **{"email": "ana@example.org", "password": "a-good-password", **options}, json=True, stdout=output)
    told: dict[str, Any] = json.loads(output.getvalue())
    return told


class TestCreateUser:
    def test_makes_a_person_of_the_hub_who_may_enter_the_administration(self) -> None:
        told = create_user(role="checker")
        user = User.objects.get()
        assert told == {"user": user.pk}
        assert (user.email, user.staff_role, user.is_staff, user.is_superuser) == ("ana@example.org", "checker", True, False)
        assert user.check_password("a-good-password")

    def test_makes_a_partners_person_for_finance_unless_told_otherwise(self) -> None:
        alfa = a_party("DE-ALF")
        create_user(party=alfa.key)
        assert list(Membership.objects.values_list("party__party_id", "role")) == [("ALF", "partner-finance")]
        assert User.objects.get().is_staff is False

    def test_changes_password_and_role_of_a_known_email_in_any_letter_case(self) -> None:
        alfa = a_party("DE-ALF")
        first = create_user(party=alfa.key)
        again = create_user(email="ANA@Example.org", password="another-password", party=alfa.key, role="partner-technical")
        assert again == first
        user = User.objects.get()
        assert user.check_password("another-password")
        assert [membership.role for membership in user.memberships.all()] == ["partner-technical"]

    def test_adds_a_second_party_and_keeps_the_first(self) -> None:
        for key in ("DE-ALF", "NL-BET"):
            create_user(party=a_party(key).key)
        assert sorted(str(membership.party.key) for membership in User.objects.get().memberships.all()) == ["DE-ALF", "NL-BET"]

    @pytest.mark.parametrize(
        ("options", "word"),
        [
            ({"role": "partner-finance"}, "say of which party"),
            ({"party": PartyId("DE", "XXX")}, "no party DE-XXX is known"),
            ({"email": "not an address"}, "not an e-mail address"),
            ({"password": ""}, "--password is empty"),
            ({"password": "short-words"}, "15 are needed"),
            ({"password": "passwordpassword"}, "too common"),
            ({"password": "ana@example.org!"}, "too similar"),
        ],
    )
    def test_refuses_and_says_why(self, options: dict[str, Any], word: str) -> None:
        with pytest.raises(CommandError, match=word):
            create_user(**options)
        assert not User.objects.exists()

    def test_refuses_to_let_one_person_work_for_the_hub_and_for_a_partner(self) -> None:
        alfa = a_party("DE-ALF")
        with pytest.raises(CommandError, match="has no party"):
            create_user(role="maker", party=alfa.key)
        create_user(party=alfa.key)
        with pytest.raises(CommandError, match="works for a partner already"):
            create_user(role="checker")
