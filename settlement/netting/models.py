"""Tables of netting runs, pair totals, positions and planned payments. Amounts are rounded to the currency's exponent."""

from django.db import models
from django.db.models import F, Q

from roaming.models import Party
from settlement.terms.models import NettingSet


class NettingRun(models.Model):
    """One closing of one period. Who closed cannot approve; from `approved` on nothing is recomputed."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft, in review"
        APPROVED = "approved", "approved"
        ISSUED = "issued", "issued"
        VOID = "void", "void"

    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="runs")
    period = models.CharField(max_length=8)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    closed_by = models.CharField(max_length=254, blank=True)
    closed_at = models.DateTimeField()
    digest = models.CharField(max_length=64, help_text="SHA-256 over pair totals and positions: what the checker approves, exactly.")
    approved_by = models.CharField(max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.CharField(max_length=254, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    cdr_count = models.BigIntegerField(default=0)
    held_count = models.BigIntegerField(default=0)
    figures = models.JSONField(default=dict, help_text="Per currency: gross, moved, pairs, payments, efficiency.")
    ledger_head = models.CharField(max_length=64, blank=True, help_text="Head of the CDR chain when issued.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["netting_set", "period"], condition=~Q(state="void"), name="run_once_per_period"),
            models.CheckConstraint(condition=Q(approved_by="") | ~Q(approved_by=F("closed_by")), name="maker_is_not_checker"),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.netting_set} ({self.state})"


class PairTotal(models.Model):
    """What one provider owes one operator in one currency, VAT rate and bucket. Exact sums beside the rounded ones."""

    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, related_name="pair_totals")
    operator = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    vat_rate = models.DecimalField(max_digits=6, decimal_places=2)
    tax_note = models.CharField(max_length=40, blank=True)
    bucket = models.CharField(max_length=7)
    count = models.BigIntegerField()
    energy_kwh = models.DecimalField(max_digits=20, decimal_places=4)
    exact_net = models.DecimalField(max_digits=20, decimal_places=4)
    exact_vat = models.DecimalField(max_digits=20, decimal_places=4)
    net = models.DecimalField(max_digits=18, decimal_places=4)
    vat = models.DecimalField(max_digits=18, decimal_places=4)
    gross = models.DecimalField(max_digits=18, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "operator", "provider", "currency", "vat_rate", "tax_note", "bucket"], name="pair_total_once"
            ),
            models.CheckConstraint(condition=Q(gross=F("net") + F("vat")), name="pair_total_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id}→{self.operator_id} {self.gross} {self.currency}"


class Position(models.Model):
    """What a party owes (−) or is owed (+) in one currency. Over all parties, the hub included, they sum to exactly zero."""

    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, related_name="positions")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="positions")
    currency = models.CharField(max_length=3)
    receivable = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    payable = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    fees = models.DecimalField(
        max_digits=18, decimal_places=4, default=0, help_text="Hub fees with VAT: owed by parties (+), earned by the hub (−)."
    )
    net = models.DecimalField(max_digits=18, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "party", "currency"], name="position_once"),
            models.CheckConstraint(condition=Q(net=F("receivable") - F("payable") - F("fees")), name="position_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.net} {self.currency}"


class PlannedPayment(models.Model):
    """One payment of the direct-pay plan: at most one fewer than there are parties with a position."""

    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, related_name="payments")
    payer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=18, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "payer", "payee", "currency"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.payer} → {self.payee} {self.amount} {self.currency}"
