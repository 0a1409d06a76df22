"""The table of exchanges, partitioned by day of `at` (see the migration)."""

from django.db import models


class Exchange(models.Model):
    """One request and its answer on one leg. Inbound: a partner called the hub; outbound: the hub called a partner."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    direction = models.CharField(max_length=3, choices=[("in", "inbound"), ("out", "outbound")])
    platform_id = models.BigIntegerField(null=True)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=512)
    module = models.CharField(max_length=32, blank=True)
    object_id = models.CharField(max_length=128, blank=True)
    sender = models.CharField(max_length=6, blank=True, help_text="CC-PID")
    receiver = models.CharField(max_length=6, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    correlation_id = models.CharField(max_length=128, blank=True)
    http_status = models.IntegerField(null=True)
    protocol_status = models.IntegerField(null=True, help_text="OCPI status_code or OICP code.")
    duration_ms = models.IntegerField(default=0)
    request_body = models.TextField(blank=True, help_text="Masked and cut at 16 KiB.")
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["correlation_id"], name="exchange_by_correlation"),
            models.Index(fields=["platform_id", "at"], name="exchange_by_platform"),
            models.Index(fields=["at"], name="exchange_by_time"),
            models.Index(fields=["sender", "at"], condition=~models.Q(sender=""), name="exchange_by_sender"),
            models.Index(fields=["receiver", "at"], condition=~models.Q(receiver=""), name="exchange_by_receiver"),
            models.Index(fields=["object_id", "at"], condition=~models.Q(object_id=""), name="exchange_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class CrossingLoss(models.Model):
    """What one partner's objects lose on their way into another's version, counted per field.

    A row is one (owner, receiver, module, version, field, effect); the latest crossing stands in it as the example. `field` has no
    numbers or ids in its brackets: `evses[].connectors[].capabilities`. Values are kept for what is public anyway.
    """

    owner = models.CharField(max_length=6, help_text="CC-PID of the object's owner.")
    receiver = models.CharField(max_length=6, help_text="CC-PID of the party that gets it in its own version.")
    module = models.CharField(max_length=32)
    version = models.CharField(max_length=8, help_text="The receiver's version.")
    field = models.CharField(max_length=128)
    effect = models.CharField(max_length=8, help_text="changed, dropped or guessed.")
    touches = models.CharField(max_length=10, blank=True, help_text="price or visibility, where the loss would change that.")
    is_blocked = models.BooleanField(default=False, help_text="The object was not sent because of it.")
    count = models.BigIntegerField(default=0)
    object_id = models.CharField(max_length=128, blank=True, help_text="The latest object.")
    was = models.CharField(max_length=80, blank=True)
    now = models.CharField(max_length=80, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "crossing losses"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "receiver", "module", "version", "field", "effect", "touches", "is_blocked"], name="loss_counted_once"
            )
        ]
        indexes = [models.Index(fields=["receiver", "last_at"], name="loss_by_receiver")]

    def __str__(self) -> str:
        return f"{self.field} {self.effect}"


class QuarantinedItem(models.Model):
    """An object of a list that could not be read or written while the rest of its page went on. One row per object and reason."""

    platform_id = models.BigIntegerField(help_text="Whose list it stood in.")
    owner = models.CharField(max_length=6, blank=True, help_text="CC-PID whose list it is.")
    module = models.CharField(max_length=32)
    object_id = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=255, help_text="The fields that are wrong.")
    body = models.TextField(blank=True, help_text="Masked and cut at 16 KiB, as it stood in the latest list.")
    correlation_id = models.CharField(max_length=128, blank=True)
    count = models.BigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform_id", "owner", "module", "object_id", "reason"], name="item_quarantined_once")
        ]

    def __str__(self) -> str:
        return f"{self.module} {self.object_id}"
