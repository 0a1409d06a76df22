"""Tables of sessions and their sealed revisions."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from roaming.parties.models import Party


class Session(models.Model):
    """The current state of a session."""

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="sessions_as_operator")
    session_id = models.CharField(max_length=39)
    session_key = models.CharField(max_length=39)
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="sessions_as_provider")
    status = models.CharField(max_length=12)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    energy_kwh = models.DecimalField(max_digits=12, decimal_places=4)
    currency = models.CharField(max_length=3)
    token_uid = models.CharField(max_length=36)
    contract_id = models.CharField(max_length=36)
    location_id = models.CharField(max_length=39, blank=True)
    evse_uid = models.CharField(max_length=39, blank=True)
    authorization_reference = models.CharField(max_length=64, blank=True)
    document = models.JSONField(help_text="The canonical session in its stored form.")
    digest = models.BinaryField()
    recent_patches = ArrayField(models.BinaryField(), null=True, help_text="Digests of the latest PATCHes: none is applied twice.")
    revision = models.IntegerField(default=1)
    last_updated = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "session_key"], name="session_once")]
        indexes = [
            models.Index(fields=["provider", "created_at", "id"], name="session_crawl"),
            models.Index(fields=["provider", "started_at"], name="session_by_provider"),
            models.Index(fields=["token_uid", "started_at"], name="session_by_token"),
            models.Index(fields=["ended_at"], condition=Q(status="COMPLETED"), name="session_completed"),
        ]

    def __str__(self) -> str:
        return self.session_id


class SessionRevision(models.Model):
    """One state of a session as received, never changed; `seal` is SHA-256 over the stored bytes."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="revisions", db_constraint=False)
    number = models.IntegerField()
    body = models.BinaryField(help_text="The canonical session in its stored form.")
    seal = models.BinaryField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "number"], name="session_revision_once")]

    def __str__(self) -> str:
        return f"{self.session_id} #{self.number}"
