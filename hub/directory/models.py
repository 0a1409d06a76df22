"""The table of service levels: what each function of the hub did in one minute."""

from django.db import models


class ServiceMinute(models.Model):
    """One function in one minute, from the exchanges that partners began: how many, how many failed by the hub's fault, how fast."""

    begins_at = models.DateTimeField()
    function = models.CharField(max_length=16)
    count = models.PositiveIntegerField()
    failed = models.PositiveIntegerField(help_text="Answered with HTTP 5xx, or not at all.")
    half_ms = models.PositiveIntegerField(help_text="Half of them within.")
    slow_ms = models.PositiveIntegerField(help_text="99 of 100 within.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["begins_at", "function"], name="service_minute_once")]

    def __str__(self) -> str:
        return f"{self.function} at {self.begins_at:%H:%M}"
