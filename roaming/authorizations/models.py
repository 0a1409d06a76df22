"""The table of authorisations: the durable record of every answer the hub gave."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from roaming.parties.models import Party


class Authorization(models.Model):
    """One question and its answer. No row is updated; no answer leaves before its row is committed.

    `outcome` is the provider's word (ALLOWED, BLOCKED, …) or, where none came, the refusal: UNKNOWN_TOKEN, NO_ROUTE,
    TIMEOUT, UNREACHABLE, BAD_ANSWER. An outage never becomes an invented NOT_ALLOWED.
    """

    class Source(models.TextChoices):
        WHITELIST = "whitelist", "decided from the stored token"
        PROVIDER = "provider", "asked the provider"
        NONE = "none", "nobody could decide"

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    platform_id = models.BigIntegerField(help_text="The platform that asked.")
    operator = models.ForeignKey(Party, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    provider = models.ForeignKey(Party, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    token_uid = models.CharField(max_length=64)
    token_type = models.CharField(max_length=32)
    contract_id = models.CharField(max_length=64, blank=True)
    location_id = models.CharField(max_length=64, blank=True)
    evse_uid = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=16)
    source = models.CharField(max_length=10, choices=Source.choices)
    reference = models.CharField(max_length=64, blank=True, help_text="authorization_reference, returns in session and CDR.")
    request_id = models.CharField(max_length=128, blank=True)
    request_digest = models.BinaryField(db_default=b"", help_text="Of the question: tells a repeat of a request id from its misuse.")
    decision = models.TextField(blank=True, db_default="", help_text="The canonical decision as stored: a repeat is answered with it.")
    correlation_id = models.CharField(max_length=128, blank=True)
    duration_ms = models.IntegerField(default=0)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="authorization_by_time"),
            models.Index(fields=["token_uid", "at"], name="authorization_by_token"),
            models.Index(fields=["request_id", "platform_id"], name="authorization_by_request"),
            models.Index(fields=["reference"], condition=~Q(reference=""), name="authorization_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.at:%Y-%m-%d %H:%M}"
