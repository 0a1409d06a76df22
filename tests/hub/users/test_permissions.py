"""One table says who may do what; superusers are not above four eyes."""

import pytest
from django.contrib.auth.models import AnonymousUser

from hub.users.models import Membership, User
from hub.users.permissions import Action, may, parties_of
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db


def staff(role: str, **over: bool) -> User:
    return User.objects.create(email=f"{role or 'nobody'}@hub.example", staff_role=role, is_staff=True, **over)


class TestMay:
    @pytest.mark.parametrize(
        ("role", "allowed"),
        [
            (
                "maker",
                {
                    "close",
                    "issue",
                    "release_hold",
                    "export",
                    "see_everything",
                    "write_note",
                    "assign",
                    "change_rule",
                    "resolve_dispute",
                    "void_run",
                    "release_letter",
                },
            ),
            (
                "checker",
                {
                    "close",
                    "approve",
                    "issue",
                    "release_hold",
                    "export",
                    "see_everything",
                    "write_note",
                    "approve_rule",
                    "assign",
                    "change_rule",
                    "resolve_dispute",
                    "void_run",
                    "release_letter",
                },
            ),
            ("treasurer", {"export", "see_everything", "write_note", "release_letter"}),
            ("auditor", {"export", "see_everything", "write_note"}),
            ("operations", {"see_everything", "write_note", "run_deliveries", "lock_platforms"}),
            ("analyst", {"release_hold", "see_everything", "write_note", "assign"}),
            ("controller", {"issue", "export", "see_everything", "write_note"}),
            ("platform", {"see_everything", "write_note", "manage_users"}),
            ("", set()),
        ],
    )
    def test_gives_each_role_its_own(self, role: str, allowed: set[str]) -> None:
        user = staff(role)
        assert {action.value for action in Action if may(user, action)} == allowed

    def test_does_not_let_a_superuser_without_a_role_move_money(self) -> None:
        user = staff("", is_superuser=True)
        assert {action.value for action in Action if may(user, action)} == {
            "see_everything",
            "write_note",
            "run_deliveries",
            "lock_platforms",
            "manage_users",
        }

    def test_gives_nothing_to_an_inactive_person_or_to_nobody(self) -> None:
        inactive = staff("checker", is_active=False)
        assert not any(may(person, action) for person in (inactive, AnonymousUser()) for action in Action)

    def test_answers_djangos_permissions_from_the_same_table(self) -> None:
        auditor, operations = staff("auditor"), staff("operations")
        assert auditor.has_perm("settlement.view_nettingrun")
        assert auditor.has_perm("settlement.export_statement")
        assert not auditor.has_perm("settlement.approve_run")
        assert not auditor.has_perm("settlement.change_nettingrun")
        assert not auditor.has_perm("hub.view_user")
        assert operations.has_perm("roaming.run_deliveries")


class TestPartiesOf:
    def test_returns_a_persons_own_parties_and_no_other(self) -> None:
        alfa, beta, _ = a_party("DE-ALF"), a_party("NL-BET"), a_party("DE-GAM")
        user = User.objects.create(email="ana@alfa.example")
        Membership.objects.create(user=user, party=alfa, role="partner-finance")
        Membership.objects.create(user=user, party=beta, role="partner-technical")
        assert set(parties_of(user)) == {alfa, beta}
        assert list(parties_of(user, to=Action.SEE_OWN_STATEMENTS)) == [alfa]

    def test_returns_nothing_for_nobody_and_for_inactive_people(self) -> None:
        user = User.objects.create(email="ana@alfa.example", is_active=False)
        Membership.objects.create(user=user, party=a_party("DE-ALF"))
        assert not parties_of(user).exists()
        assert not parties_of(AnonymousUser()).exists()
