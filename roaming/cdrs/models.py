"""Tables of sealed CDRs and of the blocks that chain their seals."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from roaming.parties.models import Party


class Cdr(models.Model):
    """A sealed CDR. The database refuses UPDATE, DELETE and TRUNCATE; a correction is a credit CDR and a new one."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, help_text="What the Location header names.")
    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="cdrs_as_operator")
    cdr_id = models.CharField(max_length=39)
    cdr_key = models.CharField(max_length=39)
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="cdrs_as_provider")
    session_id = models.CharField(max_length=39, blank=True)
    session_key = models.CharField(max_length=39, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    energy_kwh = models.DecimalField(max_digits=12, decimal_places=4)
    duration_hours = models.DecimalField(max_digits=12, decimal_places=4)
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=14, decimal_places=4, help_text="total_cost before taxes, credits negative.")
    vat = models.DecimalField(max_digits=14, decimal_places=4, null=True, help_text="Sum of the taxes; empty: not told.")
    token_uid = models.CharField(max_length=36)
    contract_id = models.CharField(max_length=36)
    location_id = models.CharField(max_length=39, blank=True)
    evse_id = models.CharField(max_length=48, blank=True)
    country = models.CharField(max_length=3, blank=True, help_text="Of the location, alpha-3.")
    authorization_reference = models.CharField(max_length=64, blank=True)
    auth_method = models.CharField(max_length=16, blank=True)
    is_credit = models.BooleanField(default=False)
    credit_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="credits")
    priced_by = models.CharField(max_length=8, default="operator", help_text="operator, or hub where the protocol carries no price.")
    protocol = models.CharField(max_length=16, help_text="Protocol and version received, e.g. ocpi-2.2.1.")
    received = models.BinaryField(help_text="The body as it came, byte for byte.")
    body = models.BinaryField(help_text="The canonical CDR in its stored form.")
    content_digest = models.BinaryField(help_text="SHA-256 of the stored form: tells a repeat from a contradiction.")
    seal = models.BinaryField(help_text="SHA-256 over SHA-256(received) and the stored form.")
    last_updated = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "CDR"
        constraints = [
            models.UniqueConstraint(fields=["owner", "cdr_key"], name="cdr_sealed_once"),
            models.UniqueConstraint(fields=["credit_of"], condition=Q(credit_of__isnull=False), name="cdr_credited_once"),
            models.CheckConstraint(condition=Q(ended_at__gte=F("started_at")), name="cdr_ends_after_start"),
            models.CheckConstraint(condition=Q(is_credit=False) | Q(net__lte=0), name="credit_is_negative"),
            models.CheckConstraint(condition=Q(is_credit=False) | Q(credit_of__isnull=False), name="credit_names_original"),
        ]
        indexes = [
            models.Index(fields=["provider", "ended_at"], name="cdr_by_provider"),
            models.Index(fields=["owner", "ended_at"], name="cdr_by_operator"),
            models.Index(fields=["owner", "session_key"], name="cdr_by_session"),
            models.Index(fields=["token_uid", "started_at"], name="cdr_by_token"),
            models.Index(fields=["owner", "evse_id", "started_at"], condition=~Q(evse_id=""), name="cdr_by_evse"),
            models.Index(fields=["provider", "received_at", "id"], name="cdr_crawl"),
        ]

    def __str__(self) -> str:
        return self.cdr_id


class SealedBlock(models.Model):
    """A block of consecutive rows of one table (`cdr` or `session`): the root of their seals and the head of the chain.

    head = SHA-256(0x02 ‖ previous head ‖ root), the first previous head is 32 zero bytes (finance §6.6).
    """

    kind = models.CharField(max_length=8)
    height = models.IntegerField()
    first_row = models.BigIntegerField()
    final_row = models.BigIntegerField()
    count = models.IntegerField()
    leaves = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="What stands under the root: 1 seals; 2 seals, each followed by when its row was received."
    )
    root = models.BinaryField()
    previous_head = models.BinaryField()
    head = models.BinaryField()
    sealed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "height"], name="block_once")]

    def __str__(self) -> str:
        return f"{self.kind} block {self.height}"


class ChainHead(models.Model):
    """How high a chain is, kept apart from its blocks by the database: the last block and its rows cannot go together unseen."""

    kind = models.CharField(max_length=8, unique=True)
    height = models.IntegerField()
    final_row = models.BigIntegerField()
    head = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.kind} {self.height}"
