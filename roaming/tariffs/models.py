"""Tables of tariffs and their revisions."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from roaming.parties.models import Party


class Tariff(models.Model):
    """The current tariff. A deleted one stays as a tombstone with its stamp: an older PUT does not revive it."""

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="tariffs")
    tariff_id = models.CharField(max_length=36)
    tariff_key = models.CharField(max_length=36)
    audience = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    currency = models.CharField(max_length=3)
    document = models.JSONField(help_text="The canonical tariff in its stored form.")
    digest = models.BinaryField()
    last_updated = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    turns_at = models.DateTimeField(null=True, blank=True, help_text="When it next becomes valid or ends.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(F("owner"), F("tariff_key"), Coalesce(F("audience"), 0), name="tariff_once_per_audience")]
        indexes = [
            models.Index(fields=["created_at", "id"], name="tariff_crawl"),
            models.Index(fields=["turns_at"], condition=Q(turns_at__isnull=False), name="tariff_turns"),
        ]

    def __str__(self) -> str:
        return self.tariff_id


class TariffRevision(models.Model):
    """One version of a tariff as it came, never changed: a CDR is re-priced with the revision in force at its start."""

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="revisions")
    document = models.JSONField()
    last_updated = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["tariff", "last_updated"], name="tariff_revision_in_force")]

    def __str__(self) -> str:
        return f"{self.tariff_id} of {self.last_updated:%Y-%m-%d}"


class PricingProduct(models.Model):
    """One version of a pricing product that an OICP operator pushed, for one provider or for all. Net of VAT.

    The row without a product is the header of the push: the operator's default price (oicp §1.3, no. 18).
    """

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="pricing_products")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: all (`*`).")
    product_id = models.CharField(max_length=50, blank=True)
    product_key = models.CharField(max_length=50, blank=True)
    document = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                F("owner"), Coalesce(F("provider"), 0), F("product_key"), condition=Q(valid_to=None), name="pricing_product_current_once"
            )
        ]
        indexes = [models.Index(fields=["owner", "product_key", "valid_from"], name="pricing_product_in_force")]

    def __str__(self) -> str:
        return self.product_id or "default price"


class EvsePricing(models.Model):
    """One version of the products that apply at an EVSE, for one provider or for all."""

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: all (`*`).")
    evse_key = models.CharField(max_length=48)
    evse_id = models.CharField(max_length=48)
    products = models.JSONField(help_text="ProductIDs in the order sent.")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "EVSE pricing"
        constraints = [
            models.UniqueConstraint(
                F("owner"), Coalesce(F("provider"), 0), F("evse_key"), condition=Q(valid_to=None), name="evse_pricing_current_once"
            )
        ]
        indexes = [models.Index(fields=["owner", "evse_key", "valid_from"], name="evse_pricing_in_force")]

    def __str__(self) -> str:
        return self.evse_id
