"""The table of tokens."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from roaming.parties.models import Party


class Token(models.Model):
    """A token of a provider. `audience` empty: pushed to the hub, for every entitled operator; else private to one party."""

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="tokens")
    uid = models.CharField(max_length=36, help_text="As sent; compared in upper case (CiString).")
    uid_key = models.CharField(max_length=36)
    type = models.CharField(max_length=32)
    audience = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    contract_id = models.CharField(max_length=36)
    valid = models.BooleanField()
    whitelist = models.CharField(max_length=16)
    document = models.JSONField(help_text="The canonical token in its stored form.")
    digest = models.BinaryField(help_text="SHA-256 of the stored form: the same content again changes nothing.")
    recent_patches = ArrayField(models.BinaryField(), null=True, help_text="Digests of the latest PATCHes: none is applied twice.")
    last_updated = models.DateTimeField(help_text="The owner's stamp, never changed by the hub.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(F("owner"), F("uid_key"), F("type"), Coalesce(F("audience"), 0), name="token_once_per_audience")
        ]
        indexes = [
            models.Index(fields=["uid_key", "type"], name="token_by_uid"),
            models.Index(fields=["contract_id"], name="token_by_contract"),
            models.Index(fields=["created_at", "id"], name="token_crawl"),
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.owner_id}"
