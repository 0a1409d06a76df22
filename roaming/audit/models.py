"""The table of the audit trail. Append-only: the database refuses UPDATE, DELETE and TRUNCATE."""

from django.db import models
from django.db.models.functions import Now


class AuditRecord(models.Model):
    """Something that somebody did. `before` and `after` hold the columns that changed; secrets in them are masked."""

    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=254, blank=True, help_text="E-mail; empty: the hub itself (timetable, partner's message, command).")
    action = models.CharField(max_length=40, help_text="E.g. changed, added, removed, logged in, looked at.")
    subject_type = models.CharField(max_length=40, help_text="Table: app_model.")
    subject_id = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=200, blank=True, help_text="What it was called then.")
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="audit_by_subject"),
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor or 'the hub'} {self.action} {self.subject_type} {self.subject or self.subject_id}"
