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
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
