"""The table of deliveries."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from roaming.parties.models import Party, Platform


class Delivery(models.Model):
    """One thing one receiver must hear. Order is kept per (receiver role, object)."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        DELIVERED = "delivered", "delivered"
        PARKED = "parked", "parked after the last attempt"
        REJECTED = "rejected", "refused by the receiver"

    # No index of its own: the planner would prefer it to the one of the claim, and sort all that waits (measured, see outbox.py).
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    receiver = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="deliveries")
    receiver_role = models.CharField(max_length=5)
    sender = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: the hub.")
    module = models.CharField(max_length=32, help_text="locations, tariffs, tokens, sessions, cdrs, …")
    verb = models.CharField(max_length=8, help_text="put, patch, delete or post.")
    object_type = models.CharField(max_length=16, help_text="location, evse, connector, tariff, token, session, cdr.")
    object_row = models.BigIntegerField(help_text="Row of the object in its own table.")
    object_path = models.CharField(max_length=128, blank=True, help_text="Part of the object, e.g. an EVSE uid.")
    payload = models.JSONField(null=True, blank=True, help_text="What cannot be read from the object: a PATCH, a tombstone.")
    correlation_id = models.CharField(max_length=128, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.IntegerField(default=0)
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=255, blank=True, help_text="What the receiver said at the latest attempt.")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            # The claim goes platform by platform, so that a flooded receiver starves nobody. The index must match its ORDER BY
            # exactly, or every claim sorts the whole due set (stack §5, measured).
            # CDRs have one of their own: they do not wait behind a burst of anything else.
            models.Index(fields=["platform", "not_before", "id"], condition=Q(state="waiting", module="cdrs"), name="delivery_cdrs_due"),
            models.Index(
                fields=["platform", "not_before", "id"], condition=Q(state="waiting") & ~Q(module="cdrs"), name="delivery_others_due"
            ),
            # One object is (module, row): an EVSE's update and its location's keep their order, whatever their object_type.
            models.Index(
                fields=["platform", "receiver", "module", "object_row", "id"], condition=Q(state="waiting"), name="delivery_order"
            ),
            models.Index(fields=["receiver", "created_at"], name="delivery_by_receiver"),
            # What nobody tries any more is counted on the first page of operations, among millions that were delivered.
            models.Index(fields=["platform"], condition=Q(state__in=["parked", "rejected"]), name="delivery_given_up"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_row}"
