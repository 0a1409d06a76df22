"""Who gives a command: `--by` names a user by e-mail."""

from typing import NamedTuple

from django.contrib.auth import get_user_model


class NoSuchUser(Exception):
    """No active user has that e-mail."""


class Person(NamedTuple):
    """A user as settlement needs to know them."""

    email: str
    role: str


def get_person(*, email: str) -> Person:
    """This function will return the active user of that e-mail with the staff role; it raises NoSuchUser."""
    user = get_user_model().objects.filter(email__iexact=email.strip(), is_active=True).first()
    if user is None:
        raise NoSuchUser(f"there is no active user {email}")
    return Person(email=user.email, role=getattr(user, "staff_role", ""))
