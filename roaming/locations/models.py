"""The table of locations."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from roaming.parties.models import Party


class Location(models.Model):
    """A location of an operator. `audience` empty: for every entitled provider; else private to one party (ocpi §2.2)."""

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="locations")
    location_id = models.CharField(max_length=39)
    location_key = models.CharField(max_length=39, help_text="Upper case of the id: CiStrings compare without case.")
    audience = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    publish = models.BooleanField()
    name = models.CharField(max_length=255, blank=True)
    city = models.CharField(max_length=45, blank=True)
    country = models.CharField(max_length=3, blank=True)
    latitude = models.DecimalField(max_digits=10, decimal_places=7, null=True, blank=True)
    longitude = models.DecimalField(max_digits=10, decimal_places=7, null=True, blank=True)
    evse_uids = ArrayField(models.CharField(max_length=39), default=list, help_text="Upper case, for open routing.")
    document = models.JSONField(help_text="The canonical location in its stored form.")
    digest = models.BinaryField()
    recent_patches = ArrayField(models.BinaryField(), null=True, help_text="Digests of the latest PATCHes: none is applied twice.")
    last_updated = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(F("owner"), F("location_key"), Coalesce(F("audience"), 0), name="location_once_per_audience")
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="location_crawl"),
            models.Index(fields=["location_key"], name="location_by_id"),
            GinIndex(fields=["evse_uids"], name="location_by_evse"),
        ]

    def __str__(self) -> str:
        return self.name or self.location_id
