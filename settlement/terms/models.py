"""Tables of settlement terms, netting sets, payment details and tax profiles."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from roaming.models import Party, RoamingAgreement


class NettingSet(models.Model):
    """Parties, currencies and a cycle that are closed together. `default` exists from the first agreement on."""

    class Cycle(models.TextChoices):
        MONTHLY = "monthly", "monthly"
        WEEKLY = "weekly", "weekly"

    name = models.CharField(max_length=40, unique=True)
    cycle = models.CharField(max_length=7, choices=Cycle.choices, default=Cycle.MONTHLY)
    zone = models.CharField(max_length=40, default="UTC", db_default="UTC", help_text="Cut-off: IANA zone whose midnight parts periods.")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class SettlementTerms(models.Model):
    """How one agreement pays, between two dates. Never edited: new terms start a new row."""

    class PriceAuthority(models.TextChoices):
        OPERATOR = "operator", "the operator's CDR"
        HUB = "hub", "the hub's own rating"

    class FeePayer(models.TextChoices):
        OPERATOR = "operator", "operator"
        PROVIDER = "provider", "provider"
        BOTH = "both", "both, half each"

    agreement = models.ForeignKey(RoamingAgreement, on_delete=models.PROTECT, related_name="terms")
    validity = DateRangeField()
    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="terms")
    price_authority = models.CharField(max_length=8, choices=PriceAuthority.choices, default=PriceAuthority.OPERATOR)
    hub_fee = models.DecimalField(max_digits=12, decimal_places=4, default=0, help_text="Net amount per original CDR, in `currency`.")
    hub_fee_payer = models.CharField(max_length=8, choices=FeePayer.choices, default=FeePayer.OPERATOR)
    currency = models.CharField(max_length=3, default="EUR", help_text="Currency of the hub fee.")
    due_days = models.PositiveSmallIntegerField(default=14)
    fee_plan = models.JSONField(
        default=dict,
        db_default={},
        help_text="What the hub asks beyond `hub_fee` per period: tiers, percent, subscription, minimum (settlement.terms.fees).",
    )
    pricing = models.JSONField(
        default=dict,
        db_default={},
        help_text="Declared choices of re-pricing: step_size, flat_fee, rounding_mode, rounding_scale, rounding_place.",
    )
    tolerance_amount = models.DecimalField(max_digits=8, decimal_places=4, null=True, blank=True, help_text="Of a price; empty: the hub's.")
    tolerance_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    late_hold_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Later CDRs are held; empty: the hub's rule.")
    dispute_days = models.PositiveSmallIntegerField(default=30, db_default=30, help_text="After receipt of the statement.")
    self_billing = models.BooleanField(default=True, db_default=True, help_text="The hub writes invoices in the operator's name.")
    scope = models.JSONField(
        default=dict, db_default={}, help_text="Limits of the agreement: countries, token_types, power_types. Empty: everything."
    )
    signed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "settlement terms"
        constraints = [
            ExclusionConstraint(
                name="terms_no_overlap",
                expressions=[("agreement", RangeOperators.EQUAL), ("validity", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(hub_fee__gte=0), name="hub_fee_not_negative"),
        ]

    def __str__(self) -> str:
        return f"terms of {self.agreement}"


class PaymentDetails(models.Model):
    """Who a party is on paper and where its money goes."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="payment_details")
    legal_name = models.CharField(max_length=140, blank=True)
    street = models.CharField(max_length=140, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    city = models.CharField(max_length=70, blank=True)
    country = models.CharField(max_length=2, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "payment details"

    def __str__(self) -> str:
        return self.legal_name or str(self.party)


class TaxProfile(models.Model):
    """What taxes need to know of a party."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="tax_profile")
    vat_id = models.CharField(max_length=16, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.vat_id or "no VAT id"
