"""Tables of statements, their lines and the gapless number series."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from roaming.models import Party
from settlement.netting.models import NettingRun


class NumberSeries(models.Model):
    """A gapless counter per year: the number is taken in the issuing transaction, so a roll-back leaves no gap."""

    series = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    latest = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="series_once")]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}"


class Statement(models.Model):
    """One party's figures of one run in one currency. Issued: numbered, and neither it nor its bytes change again."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ISSUED = "issued", "issued"
        VOID = "void", "void"

    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, related_name="statements")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="statements")
    currency = models.CharField(max_length=3)
    number = models.CharField(max_length=32, unique=True, null=True, blank=True)
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    receivable = models.DecimalField(max_digits=18, decimal_places=4)
    payable = models.DecimalField(max_digits=18, decimal_places=4)
    fees = models.DecimalField(max_digits=18, decimal_places=4)
    carried = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)
    converted = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)
    net = models.DecimalField(max_digits=18, decimal_places=4)
    due_on = models.DateField(null=True, blank=True)
    content = models.TextField(
        blank=True,
        default="",
        help_text="The canonical statement without its CDR lines, as frozen at issue: every file is rendered from it.",
    )
    drafted_at = models.DateTimeField(db_default=Now())
    issued_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "party", "currency"], name="statement_once"),
            models.CheckConstraint(
                condition=Q(net=F("receivable") - F("payable") - F("fees") + F("carried") + F("converted")), name="statement_sums_up"
            ),
            models.CheckConstraint(condition=~Q(state="issued") | (Q(number__isnull=False) & ~Q(content="")), name="issued_is_numbered"),
        ]

    def __str__(self) -> str:
        return self.number or f"draft {self.pk}"


class StatementLine(models.Model):
    """One line, signed for the party: receivable +, payable and fee −. The lines sum to the statement's net."""

    class Kind(models.TextChoices):
        RECEIVABLE = "receivable", "receivable"
        PAYABLE = "payable", "payable"
        FEE = "fee", "hub fee"
        ROUNDING = "rounding", "rounding"
        VAT_ROUNDING = "vat_rounding", "VAT rounding"
        ADJUSTMENT = "adjustment", "adjustment"
        CARRY = "carry", "carried"
        CONVERSION = "conversion", "converted"

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    counterparty = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    bucket = models.CharField(max_length=7, blank=True)
    description = models.CharField(max_length=200)
    count = models.BigIntegerField(default=0)
    energy_kwh = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    net = models.DecimalField(max_digits=18, decimal_places=4)
    vat_rate = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    vat = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    gross = models.DecimalField(max_digits=18, decimal_places=4)
    tax_note = models.CharField(max_length=40, blank=True, db_default="", help_text="E.g. reverse charge.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "number"], name="line_once"),
            models.CheckConstraint(condition=Q(gross=F("net") + F("vat")), name="line_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.gross}"
