"""The table of locations."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
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
    field_stamps = models.JSONField(null=True, blank=True, help_text="Stamps of the fields that PATCHes set: late ones set only older.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="When a published location became one that is not.")
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


class EvseRecord(models.Model):
    """One version of an EVSE as OICP tells it: the raw record of a push, or what was written from an OCPI location.

    Versions are closed, never deleted: what is valid at two instants gives the delta between them, and a closed version without a
    successor is the tombstone of a deleted EVSE (oicp §4.3).
    """

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="evse_records")
    evse_key = models.CharField(max_length=48, help_text="The EvseID without separators, in upper case.")
    evse_id = models.CharField(max_length=48, help_text="The EvseID as sent.")
    operator_name = models.CharField(max_length=100, blank=True)
    document = models.JSONField(help_text="The EvseDataRecord.")
    digest = models.BinaryField()
    country = models.CharField(max_length=3, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    is_compatible = models.BooleanField(default=True, help_text="IsHubjectCompatible: remote starts may be routed here.")
    location_id = models.CharField(max_length=39, blank=True, help_text="The canonical location that holds this EVSE.")
    evse_uid = models.CharField(max_length=39, blank=True)
    location_row = models.BigIntegerField(null=True, blank=True, help_text="The OCPI location it was written from; empty: it was pushed.")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "evse_key"], condition=Q(valid_to=None), name="evse_record_current_once")]
        indexes = [
            models.Index(fields=["evse_key"], condition=Q(valid_to=None), name="evse_record_by_key"),
            models.Index(fields=["owner", "id"], condition=Q(valid_to=None), name="evse_record_crawl"),
            models.Index(fields=["owner", "valid_from"], name="evse_record_started"),
            models.Index(fields=["owner", "valid_to"], name="evse_record_ended"),
            models.Index(fields=["location_row"], condition=Q(valid_to=None), name="evse_record_by_location"),
        ]

    def __str__(self) -> str:
        return self.evse_id


class EvseStatus(models.Model):
    """The status of an EVSE as OICP names it. It changes far more often than the record, so it stands apart."""

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    evse_key = models.CharField(max_length=48)
    evse_id = models.CharField(max_length=48)
    status = models.CharField(max_length=12)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "evse_key"], name="evse_status_once")]

    def __str__(self) -> str:
        return f"{self.evse_id} {self.status}"


class EvseProjection(models.Model):
    """How far an OCPI location has been written for OICP: the digest of what was read, and what could not be said there."""

    location_row = models.BigIntegerField(primary_key=True)
    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField()
    problems = models.JSONField(default=list, help_text="The data-quality report: per EVSE what was left out, and why.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.location_row)
