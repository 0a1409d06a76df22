"""The table of findings."""

from django.db import models
from django.db.models.functions import Now

from roaming.models import Cdr


class Finding(models.Model):
    """What one check said about one CDR: its number (clearing §2.3), code, action and a sentence for people."""

    class Action(models.TextChoices):
        FLAG = "flag", "flag"
        HOLD = "hold", "hold"

    cdr = models.ForeignKey(Cdr, on_delete=models.PROTECT, related_name="findings")
    check_number = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    action = models.CharField(max_length=4, choices=Action.choices)
    message = models.CharField(max_length=300)
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cdr", "code"], name="finding_once")]

    def __str__(self) -> str:
        return f"{self.check_number} {self.code}"
