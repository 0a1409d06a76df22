"""Who gives a command: `--by` names a user by e-mail."""

from typing import NamedTuple

from django.contrib.auth import get_user_model

from roaming.models import Cdr, Party


class NoSuchUser(Exception):
    """No active user has that e-mail."""


class Person(NamedTuple):
    """A user as settlement needs to know them."""

    email: str
    role: str
    party: Party | None = None  # whom they speak for; none: the hub


def person_about(*, email: str, cdr: Cdr) -> Person:
    """This function will return the user with the role they have towards a CDR: of the hub's staff, or a partner's at its company.

    It raises NoSuchUser.
    """
    person = get_person(email=email)
    if person.role:
        return person
    user = get_user_model().objects.get(email__iexact=email.strip())
    memberships = getattr(user, "memberships", None)
    if memberships is None:
        return person
    member = memberships.filter(party__in=[cdr.owner_id, cdr.provider_id]).select_related("party").order_by("-role").first()
    return person if member is None else Person(email=person.email, role=member.role, party=member.party)


def get_person(*, email: str) -> Person:
    """This function will return the active user of that e-mail with the staff role; it raises NoSuchUser."""
    user = get_user_model().objects.filter(email__iexact=email.strip(), is_active=True).first()
    if user is None:
        raise NoSuchUser(f"there is no active user {email}")
    return Person(email=user.email, role=getattr(user, "staff_role", ""))
