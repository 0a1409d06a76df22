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
    field_stamps = models.JSONField(null=True, blank=True, help_text="Stamps of the fields that PATCHes set: late ones set only older.")
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


class HubSession(models.Model):
    """A session whose id the hub minted (OICP SessionID), from the question to the CDR: who started what, where, for whom.

    Only the hub makes these ids; one CDR closes it; what came after a refusal or a close is answered 400 (oicp §5.5).
    """

    class State(models.TextChoices):
        ASKING = "asking", "the partner was asked and has not answered"
        OPEN = "open", "authorised"
        REFUSED = "refused", "refused, never to be used"
        CLOSED = "closed", "closed by its CDR"

    session_id = models.CharField(max_length=36, unique=True, help_text="Lower case; a GUID in shape.")
    operator = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12, help_text="authorize, remote, reservation.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKING)
    evse_id = models.CharField(max_length=48, blank=True)
    token_uid = models.CharField(max_length=64, blank=True)
    token_type = models.CharField(max_length=32, blank=True)
    contract_id = models.CharField(max_length=64, blank=True)
    group_id = models.CharField(max_length=64, blank=True)
    is_offline = models.BooleanField(default=False, help_text="Decided from uploaded data, without asking the provider.")
    operator_session_id = models.CharField(max_length=250, blank=True, help_text="CPOPartnerSessionID.")
    provider_session_id = models.CharField(max_length=250, blank=True, help_text="EMPPartnerSessionID.")
    reference = models.CharField(max_length=64, blank=True, help_text="authorization_reference of an OCPI provider.")
    stop_identifications = models.JSONField(default=list)
    product_id = models.CharField(max_length=50, blank=True)
    request_digest = models.BinaryField(db_default=b"")
    answer = models.JSONField(null=True, blank=True, help_text="What was answered: a retry is answered with it.")
    place = models.JSONField(null=True, blank=True, help_text="The canonical CDR location, as it was at the start.")
    progress_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["operator", "operator_session_id", "created_at"], name="hub_session_retry"),
            models.Index(fields=["provider", "created_at"], name="hub_session_by_provider"),
            models.Index(fields=["created_at"], condition=Q(state="asking"), name="hub_session_asking"),
        ]

    def __str__(self) -> str:
        return self.session_id
