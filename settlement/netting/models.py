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
    attempt = models.PositiveSmallIntegerField(default=1, db_default=1, help_text="One more for each run of the period that was voided.")
    mode = models.CharField(max_length=12, choices=NettingSet.Mode.choices, default="multilateral", db_default="multilateral")
    excluded = models.JSONField(default=list, db_default=[], help_text="Parties left out of the netting: their pairs settle gross.")
    rates = models.JSONField(default=list, db_default=[], help_text="Exchange rates used: currency, per_euro, published_on, source.")
    voided_by = models.CharField(max_length=254, blank=True, default="", db_default="")
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
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
    carried = models.DecimalField(
        max_digits=18, decimal_places=4, default=0, db_default=0, help_text="Carried in from earlier periods, less what is carried on."
    )
    converted = models.DecimalField(
        max_digits=18, decimal_places=4, default=0, db_default=0, help_text="Moved to or from other currencies."
    )
    net = models.DecimalField(max_digits=18, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "party", "currency"], name="position_once"),
            models.CheckConstraint(
                condition=Q(net=F("receivable") - F("payable") - F("fees") + F("carried") + F("converted")), name="position_sums_up"
            ),
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


class Conversion(models.Model):
    """What one pair settles in another currency by its own election: both sides carry the same two amounts."""

    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, related_name="conversions")
    debtor = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    creditor = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    into = models.CharField(max_length=3)
    converted = models.DecimalField(max_digits=18, decimal_places=4)
    published_on = models.DateField(help_text="Day of the rates used.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "debtor", "creditor", "currency"], name="conversion_once"),
            models.CheckConstraint(condition=~Q(currency=F("into")), name="conversion_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} as {self.converted} {self.into}"


class Carry(models.Model):
    """A small debt that is paid with the next period: `payer` will owe `payee` this much more. Taken by one run, once."""

    class Reason(models.TextChoices):
        DE_MINIMIS = "de_minimis", "too small to be paid alone"
        ON_ACCOUNT = "on_account", "paid too much"

    key = models.CharField(max_length=120, unique=True, help_text="What it came from: the same is never carried twice.")
    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    payer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, null=True, related_name="carried_on", help_text="Whose payment it was.")
    taken_by = models.ForeignKey(NettingRun, on_delete=models.PROTECT, null=True, related_name="carried_in")

    class Meta:
        verbose_name_plural = "carries"
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="carry_positive")]

    def __str__(self) -> str:
        return f"{self.payer} → {self.payee} {self.amount} {self.currency}"


class CloseStep(models.Model):
    """One piece of a close, for whoever watches and for whoever takes it up again after a crash."""

    class State(models.TextChoices):
        OPEN = "todo", "to do"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=8)
    attempt = models.PositiveSmallIntegerField(default=1)
    step = models.CharField(max_length=12)
    subject = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["netting_set", "period", "attempt", "step", "subject"], name="close_step_once")]
        indexes = [models.Index(fields=["step", "id"], condition=Q(state="todo"), name="close_step_to_do")]

    def __str__(self) -> str:
        return f"{self.period} {self.step} {self.subject} ({self.state})"
