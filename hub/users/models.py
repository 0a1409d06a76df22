"""Tables of users and memberships. A user is named by e-mail."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now

from roaming.models import Party


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """This function will save a user whose e-mail is lower-cased and whose password is hashed."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """This function will save a user who may administer everything (four eyes still apply to money)."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Hub staff carry a `staff_role`; partners' people carry memberships."""

    class StaffRole(models.TextChoices):
        """Who may do what: finance §6.4."""

        NONE = "", "none"
        MAKER = "maker", "finance maker"
        CHECKER = "checker", "finance checker"
        TREASURER = "treasurer", "treasurer"
        AUDITOR = "auditor", "auditor"
        OPERATIONS = "operations", "operations"

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    staff_role = models.CharField(max_length=10, choices=StaffRole.choices, blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(db_default=Now())

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_without_case")]

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """A person of a partner: which party, and for finance or for the connection."""

    class Role(models.TextChoices):
        FINANCE = "partner-finance", "finance"
        TECHNICAL = "partner-technical", "technical"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=17, choices=Role.choices, default=Role.FINANCE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "party"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} of {self.party}"
