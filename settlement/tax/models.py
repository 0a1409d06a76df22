"""The table of tax declarations: what parties told the hub about themselves, for which time, on which evidence."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from roaming.models import Party


class TaxDeclaration(models.Model):
    """One declaration of a party, between two days (half-open). A row is never edited but for its end."""

    class Kind(models.TextChoices):
        DEALER = "dealer", "resells electricity (Art. 38)"
        CONSUMER = "consumer", "does not resell electricity (Art. 39)"
        REGISTRATION = "registration", "identified for VAT in another state"
        ONLINE = "online", "VAT id confirmed by the tax authorities"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="tax_declarations")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    country = models.CharField(max_length=2, help_text="State of taxation, as VAT ids begin: Greece is EL.")
    vat_id = models.CharField(max_length=16, blank=True)
    validity = DateRangeField()
    evidence = models.CharField(max_length=200, blank=True, help_text="Where the paper lies, or the number of the online check.")
    declared_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # A party resells or does not, and is established once, at any time.
            ExclusionConstraint(
                name="dealer_declared_once",
                expressions=[("party", RangeOperators.EQUAL), ("validity", RangeOperators.OVERLAPS)],
                condition=Q(kind__in=["dealer", "consumer"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.kind} {self.country}"
