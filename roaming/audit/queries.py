"""Reading the trail."""

from django.db.models import Model, QuerySet

from roaming.audit.models import AuditRecord


def list_audit(*, subject: Model) -> QuerySet[AuditRecord]:
    """This function will return what was done to one row, the newest first."""
    return AuditRecord.objects.filter(subject_type=subject._meta.db_table, subject_id=str(subject.pk)).order_by("-id")
