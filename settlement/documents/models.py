"""The table of rendered files."""

from django.db import models
from django.db.models.functions import Now

from settlement.statements.models import Statement


class Document(models.Model):
    """One rendered file of one issued statement, kept below DOCUMENTS_DIR under the name of its SHA-256."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="documents")
    format = models.CharField(max_length=4)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    rendered_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "format"], name="document_once")]

    def __str__(self) -> str:
        return f"{self.statement} {self.format}"
