"""The table of tokens."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
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
    field_stamps = models.JSONField(null=True, blank=True, help_text="Stamps of the fields that PATCHes set: late ones set only older.")
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


class AuthenticationRecord(models.Model):
    """One version of a card or contract that an OICP provider uploaded. PINs are kept as hashes only, outside the document (oicp §3.3)."""

    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="authentication_records")
    kind = models.CharField(max_length=8, help_text="mifare, rfid, qr, pnc.")
    record_key = models.CharField(max_length=64, help_text="Upper case of the uid, or the EvcoID without separators.")
    contract_id = models.CharField(max_length=64, blank=True)
    document = models.JSONField(help_text="The Identification without PIN and without hash.")
    pin_function = models.CharField(max_length=8, blank=True)
    pin_salt = models.CharField(max_length=100, blank=True)
    pin_hash = models.CharField(max_length=100, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "record_key"], condition=Q(valid_to=None), name="authentication_current_once"
            )
        ]
        indexes = [models.Index(fields=["record_key"], condition=Q(valid_to=None), name="authentication_by_key")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.provider_id}"


class KnownOwner(models.Model):
    """Whose card it is, learned from a provider's yes: by keyed hash, so that the next question goes to that provider alone."""

    uid_hash = models.CharField(max_length=64, unique=True)
    provider = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="+")
    learned_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.uid_hash[:12]
