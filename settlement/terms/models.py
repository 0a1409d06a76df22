"""Tables of settlement terms, netting sets, payment details and tax profiles."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from roaming.models import Party, RoamingAgreement


class NettingSet(models.Model):
    """Parties, currencies and a cycle that are closed together. `default` exists from the first agreement on."""

    class Cycle(models.TextChoices):
        MONTHLY = "monthly", "monthly"
        WEEKLY = "weekly", "weekly"

    class Mode(models.TextChoices):
        MULTILATERAL = "multilateral", "multilateral: one position per party"
        BILATERAL = "bilateral", "bilateral: pairs set off what they owe each other"
        GROSS = "gross", "gross: every debt is paid as it stands"

    name = models.CharField(max_length=40, unique=True)
    cycle = models.CharField(max_length=7, choices=Cycle.choices, default=Cycle.MONTHLY)
    zone = models.CharField(max_length=40, default="UTC", db_default="UTC", help_text="Cut-off: IANA zone whose midnight parts periods.")
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.MULTILATERAL, db_default=Mode.MULTILATERAL)
    de_minimis = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=0,
        db_default=0,
        help_text="Payments below it, in their own currency, are carried into the next period.",
    )
    payment_cap = models.DecimalField(
        max_digits=18,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="A run that moves more than this in one currency has its bank files released by a second approver; empty: no cap.",
    )
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

    class BilledBy(models.TextChoices):
        OPERATOR = "operator", "the operator"
        PROVIDER = "provider", "the provider bills itself"

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
    late_interest = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=0,
        db_default=0,
        help_text="Percent a year that an overdue payment between the two bears; 0: none.",
    )
    dispute_days = models.PositiveSmallIntegerField(default=30, db_default=30, help_text="After receipt of the statement.")
    billed_by = models.CharField(
        max_length=8,
        choices=BilledBy.choices,
        default=BilledBy.OPERATOR,
        db_default="operator",
        help_text="In whose name the hub writes the invoices of the pair: provider is self-billing (Art. 224).",
    )
    self_billing = models.BooleanField(default=True, db_default=True, help_text="The hub writes invoices in the operator's name.")
    settle_in = models.CharField(
        max_length=3,
        blank=True,
        default="",
        db_default="",
        help_text="The pair elects to settle every currency in this one, at ECB rates; empty: each in its own.",
    )
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


class NettingExclusion(models.Model):
    """A party that is left out of the netting of a set while this holds: its pairs settle gross, as they stand."""

    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="exclusions")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    excluded_by = models.CharField(max_length=254)
    excluded_at = models.DateTimeField()
    ended_by = models.CharField(max_length=254, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["netting_set", "party"], condition=Q(ended_at__isnull=True), name="excluded_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="exclusion_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.party} out of {self.netting_set}"


class ExchangeRate(models.Model):
    """A published rate. The database refuses UPDATE, DELETE and TRUNCATE: a run names the rates it used."""

    source = models.CharField(max_length=20, help_text="Who published it: ECB.")
    published_on = models.DateField()
    currency = models.CharField(max_length=3)
    per_euro = models.DecimalField(max_digits=18, decimal_places=8, help_text="Units of the currency for one euro.")
    file_sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "currency", "published_on"], name="rate_once"),
            models.CheckConstraint(condition=Q(per_euro__gt=0), name="rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.per_euro} {self.currency} ({self.source}, {self.published_on})"


class RateProposal(models.Model):
    """A rate that no file tells: proposed by one person with its source, confirmed by another, and only then a rate."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"

    currency = models.CharField(max_length=3)
    published_on = models.DateField()
    per_euro = models.DecimalField(max_digits=18, decimal_places=8)
    reason = models.CharField(max_length=300, help_text="Who published it, where it can be looked up, and why it is needed.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.CharField(max_length=254)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "published_on"], condition=Q(state__in=["proposed", "approved"]), name="rate_proposal_once"
            ),
            models.CheckConstraint(condition=Q(per_euro__gt=0) & ~Q(reason=""), name="rate_proposal_says_what"),
            models.CheckConstraint(condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by")), name="rate_maker_is_not_checker"),
        ]

    def __str__(self) -> str:
        return f"{self.per_euro} {self.currency} on {self.published_on} ({self.state})"


class PaymentDetails(models.Model):
    """Who a party is on paper and where its money goes."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="payment_details")
    legal_name = models.CharField(max_length=140, blank=True)
    street = models.CharField(max_length=140, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    city = models.CharField(max_length=70, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(
        max_length=2, blank=True, default="", db_default="", help_text="How numbers and dates are written on paper; empty: English."
    )
    iban = models.CharField(max_length=34, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "payment details"

    def __str__(self) -> str:
        return self.legal_name or str(self.party)


class AccountChange(models.Model):
    """A new IBAN for a party that has one: proposed by one person, confirmed by another, and only then used."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="account_changes")
    iban = models.CharField(max_length=34)
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.CharField(max_length=254)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party"], condition=Q(state="proposed"), name="account_change_one_at_a_time"),
            models.CheckConstraint(condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by")), name="account_maker_is_not_checker"),
        ]

    def __str__(self) -> str:
        return f"{self.party} ({self.state})"


class TaxProfile(models.Model):
    """What taxes need to know of a party."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="tax_profile")
    vat_id = models.CharField(max_length=16, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.vat_id or "no VAT id"
