"""Tables of users, memberships and second factors. A user is named by e-mail."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin, _user_has_perm  # type: ignore[attr-defined]  # what has_perm is made of
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
        """Who may do what: finance §6.4, clearing §3.2."""

        NONE = "", "none"
        MAKER = "maker", "finance maker"
        CHECKER = "checker", "finance checker"
        TREASURER = "treasurer", "treasurer"
        TREASURY_CHECKER = "treasury-checker", "treasury checker"
        ANALYST = "analyst", "CDR analyst"
        DISPUTES = "disputes", "dispute manager"
        ARBITER = "arbiter", "arbiter"
        TAX = "tax", "tax administrator"
        CONTROLLER = "controller", "controller"
        AUDITOR = "auditor", "auditor"
        OPERATIONS = "operations", "operations"
        PLATFORM = "platform", "platform administrator"

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    staff_role = models.CharField(max_length=20, choices=StaffRole.choices, blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(db_default=Now())
    has_second_factor = models.BooleanField(default=False, db_default=False, help_text="Kept with the factors: read at every page.")
    wrong_codes = models.PositiveSmallIntegerField(default=0, db_default=0)
    wrong_code_at = models.DateTimeField(null=True, blank=True)
    reset_asked_at = models.DateTimeField(null=True, blank=True, help_text="A link to choose another password is to be sent.")
    reset_sent_at = models.DateTimeField(null=True, blank=True)
    reset_language = models.CharField(max_length=5, blank=True, default="", db_default="")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_without_case")]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """This function will answer as Django does, but for money: there a superuser needs the role itself (reliability T22)."""
        if perm.startswith("settlement.") and not perm.startswith("settlement.view_"):
            return self.is_active and bool(_user_has_perm(self, perm, obj))
        return super().has_perm(perm, obj)

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """A person of a partner: which party, and for finance or for the connection."""

    class Role(models.TextChoices):
        """Clearing §3.2: finance approves and disputes, the viewer reads the same."""

        FINANCE = "partner-finance", "finance"
        VIEWER = "partner-viewer", "finance, reading only"
        TECHNICAL = "partner-technical", "technical"
        ADMIN = "partner-admin", "administrator"
        PRIVACY = "partner-privacy", "data protection"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.FINANCE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "party"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} of {self.party}"


class TeamRule(models.Model):
    """What a company asks of its own people. Without a row: nothing beyond what the hub asks of everybody."""

    party = models.OneToOneField(Party, on_delete=models.CASCADE, related_name="team_rule")
    needs_second_factor = models.BooleanField(default=False)
    set_by = models.CharField(max_length=254)
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return "second factor required" if self.needs_second_factor else "second factor as each likes"


class Bookmark(models.Model):
    """A list of the admin as a person filtered it, under a name of their own."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="bookmarks")
    name = models.CharField(max_length=60)
    path = models.CharField(max_length=200)
    query = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="bookmark_named_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where it leads."""
        return f"{self.path}?{self.query}" if self.query else self.path


class SecondFactor(models.Model):
    """What a person has beside the password: an authenticator app (RFC 6238), or a passkey (WebAuthn). Only confirmed ones are rows."""

    class Kind(models.TextChoices):
        APP = "app", "authenticator app"
        PASSKEY = "passkey", "passkey"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="second_factors")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    name = models.CharField(max_length=60)
    row_key = models.UUIDField(default=uuid.uuid4, help_text="Associated data of the encryption.")
    sealed_secret = models.BinaryField(null=True, blank=True, help_text="Of an app: AES-256-GCM, bound to this row.")
    latest_step = models.BigIntegerField(default=0, help_text="Of an app: a code counts once (RFC 6238 §5.2).")
    credential_id = models.BinaryField(null=True, blank=True, unique=True, help_text="Of a passkey.")
    credential = models.BinaryField(null=True, blank=True, help_text="Of a passkey: its public key, as the authenticator attested it.")
    uses = models.BigIntegerField(default=0, help_text="Of a passkey: its own counter.")
    added_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class RecoveryCode(models.Model):
    """A code that counts once instead of a second factor. Kept as a keyed hash: nobody can read it here."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return "used" if self.used_at else "unused"
