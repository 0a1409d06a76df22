"""Tables of the portal: what a person prefers, files in the making, offers of agreements, self-tests, and who was told what."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from roaming.models import Party, Platform, RoamingAgreement
from settlement.models import Statement


class Preference(models.Model):
    """How one person likes the portal. Without a row: the browser's language and zone, and an e-mail for each new statement."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preference")
    language = models.CharField(max_length=5, blank=True)
    zone = models.CharField(max_length=40, blank=True, help_text="IANA name; empty: the browser's.")
    tells_statements = models.BooleanField(default=True, help_text="An e-mail when a statement is issued.")

    def __str__(self) -> str:
        return f"{self.language or 'any language'}, {self.zone or 'any zone'}"


class CdrExport(models.Model):
    """A file of CDRs that a worker writes. The id is the address of the download: 122 random bits."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    asked_by = models.CharField(max_length=254)
    filters = models.JSONField(help_text="What was asked for: the query of the list.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    rows = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True, help_text="When the worker last told how far it is.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party"], condition=Q(state__in=["waiting", "running"]), name="one_export_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.rows}/{self.total}"


class AgreementOffer(models.Model):
    """One party proposes to another that they roam. It becomes an agreement when the other side accepts; it is never edited."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACCEPTED = "accepted", "accepted"
        DECLINED = "declined", "declined"
        WITHDRAWN = "withdrawn", "withdrawn"

    operator = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="offers_made")
    made_by_person = models.CharField(max_length=254)
    made_at = models.DateTimeField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="The first day that is not covered any more.")
    modules = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    due_days = models.PositiveSmallIntegerField(default=14)
    dispute_days = models.PositiveSmallIntegerField(default=30)
    hub_fee = models.DecimalField(max_digits=12, decimal_places=4, help_text="Per CDR, half each: the hub's standard when it was made.")
    currency = models.CharField(max_length=3, default="EUR")
    text = models.CharField(max_length=1000, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    answered_by = models.CharField(max_length=254, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    agreement = models.OneToOneField(RoamingAgreement, on_delete=models.PROTECT, null=True, blank=True, related_name="offer")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operator", "provider"], condition=Q(state="open"), name="one_open_offer_per_pair"),
            models.CheckConstraint(condition=Q(made_by=F("operator")) | Q(made_by=F("provider")), name="offer_by_one_of_the_pair"),
            models.CheckConstraint(condition=~Q(operator=F("provider")), name="offer_between_two"),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk} ({self.state})"


class SelfTest(models.Model):
    """One run of the checks against a partner's own server, with its report."""

    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="self_tests")
    asked_by = models.CharField(max_length=254)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True, help_text="Why there is no report.")
    report = models.JSONField(default=list, help_text="Per check: case, name, problem.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform"], condition=Q(finished_at=None), name="one_self_test_at_a_time")]

    def __str__(self) -> str:
        return f"self-test {self.pk}"


class Webhook(models.Model):
    """Where a party's own software hears of a new statement. Every call is signed with a secret that only the two know."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="+")
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="+", help_text="Its approved hosts bound the address.")
    url = models.CharField(max_length=255)
    row_key = models.UUIDField(default=uuid.uuid4)
    sealed_secret = models.BinaryField()
    set_by = models.CharField(max_length=254)
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.url


class StatementNotice(models.Model):
    """That a party was told of a statement, in one way. A row is made before the telling: what fails is tried again, nothing twice."""

    class Way(models.TextChoices):
        MAIL = "mail", "e-mail"
        WEBHOOK = "webhook", "webhook"

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=7, choices=Way.choices)
    recipient = models.CharField(max_length=255)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    told_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "way", "recipient"], name="told_once")]
        indexes = [models.Index(fields=["next_at"], condition=Q(told_at=None), name="notice_to_tell")]

    def __str__(self) -> str:
        return f"{self.way} to {self.recipient}"


class ApiKey(models.Model):
    """A key of the read API: it reads one party's statements and CDRs. Kept as a keyed hash; shown once."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    fingerprint = models.CharField(max_length=64, unique=True, help_text="HMAC-SHA256 with the hub's pepper, hex.")
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    @property
    def is_authenticated(self) -> bool:
        """For REST framework: whoever shows a key is known."""
        return True

    def __str__(self) -> str:
        return self.name
