"""The table of closes that were asked for in the admin."""

from django.db import models
from django.db.models import Q

from settlement.models import NettingRun, NettingSet


class CloseRequest(models.Model):
    """Somebody wants a period closed. How far it is, the pieces of work tell (settlement.netting.progress)."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "failed"

    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=8)
    asked_by = models.CharField(max_length=254, help_text="Closes the period, and so cannot approve its run.")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    beat_at = models.DateTimeField(null=True, help_text="When its worker was heard last.")
    cancelled_by = models.CharField(max_length=254, blank=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True, help_text="Why it was refused.")
    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["netting_set", "period"], condition=Q(state__in=["waiting", "running"]), name="one_close_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"close of {self.period} ({self.state})"
