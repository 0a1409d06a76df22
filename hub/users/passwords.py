"""Which passwords are good enough (NIST SP 800-63B-4 §3.1.1.2): long, and not among those that are tried first. No rules about signs."""

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator, get_default_password_validators
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub.users.models import User

WITH_SECOND_FACTOR = 8
_ROWS = (
    "0123456789" * 4,
    "9876543210" * 4,
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "qwertyuiopasdfghjklzxcvbnm" * 2,
    "qwertzuiopasdfghjklyxcvbnm" * 2,
)
_HOUSE = "roamhouse"


class WeakPassword(Exception):
    """The password is too short, among the common ones, or made of the person's own name."""


class LongEnough:
    """A validator of Django's kind: 15 characters where the password stands alone, 8 beside a second factor."""

    def __init__(self, minimum: int | None = None) -> None:
        self.minimum = minimum

    def validate(self, password: str, user: object = None) -> None:
        """This function will raise ValidationError for a password that is too short for this person."""
        needed = self.minimum or _needed(user)
        if len(password) < needed:
            raise ValidationError(
                ngettext(
                    "This password has %(has)d character; %(needed)d are needed. A few words in a row are easy to keep in mind.",
                    "This password has %(has)d characters; %(needed)d are needed. A few words in a row are easy to keep in mind.",
                    len(password),
                ),
                code="password_too_short",
                params={"has": len(password), "needed": needed},
            )

    def get_help_text(self) -> str:
        """This function will tell the rule to whoever chooses a password."""
        return _(
            "At least %(alone)d characters, or %(beside)d with a second factor. A few words in a row are easy to keep in mind; signs and "
            "capitals are not asked for."
        ) % {"alone": settings.PASSWORD_LENGTH_ALONE, "beside": WITH_SECOND_FACTOR}


class NotAmongTheFirst(CommonPasswordValidator):
    """A validator of Django's kind: the list of common passwords, also where one is repeated, rows of keys, and the hub's own name."""

    def validate(self, password: str, user: Any = None) -> None:
        """This function will raise ValidationError for a password that is tried among the first."""
        super().validate(_unit(password.lower()), user)
        text = password.lower()
        if len(_unit(text)) < 4 or any(text in row for row in _ROWS) or len(text.replace(_HOUSE, "")) <= 6:
            raise ValidationError(self.get_error_message(), code="password_too_common")


def _unit(text: str) -> str:
    """The shortest piece whose repetition is the text."""
    return text[: (text + text).find(text, 1)]


def must_have_second_factor(user: object) -> bool:
    """This function will tell whether a person may not work without a second factor: the hub asks it of its own people
    (reliability T23), a company of its own where its administrator said so.
    """
    if not isinstance(user, User):
        return False
    if user.is_staff and settings.HUB_STAFF_SECOND_FACTOR == "required":
        return True
    return user.pk is not None and user.memberships.filter(party__team_rule__needs_second_factor=True).exists()


def check_given_password(*, password: str, user: User) -> None:
    """This function will raise WeakPassword, with every reason, for a password that the operator gives to somebody."""
    problems: list[str] = []
    for validator in get_default_password_validators():
        judge = LongEnough(settings.PASSWORD_LENGTH_GIVEN) if isinstance(validator, LongEnough) and _needed(user) > 8 else validator
        try:
            judge.validate(password, user)
        except ValidationError as wrong:
            problems += wrong.messages
    if problems:
        raise WeakPassword(" ".join(problems))


def _needed(user: object) -> int:
    has = isinstance(user, User) and (user.has_second_factor or must_have_second_factor(user))
    return WITH_SECOND_FACTOR if has else int(settings.PASSWORD_LENGTH_ALONE)
