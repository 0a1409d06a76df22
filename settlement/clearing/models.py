"""Tables of settlement periods, charges, holds and day totals."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from roaming.models import Cdr, Party
from settlement.terms.models import NettingSet, SettlementTerms


class SettlementPeriod(models.Model):
    """A period of one netting set. A charge is written under the shared lock of its period, a close takes the exclusive one."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        CLOSED = "closed", "closed"

    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="periods")
    name = models.CharField(max_length=8, help_text="2026-10, or 2026-W41.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["netting_set", "name"], name="period_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.netting_set}"


class Charge(models.Model):
    """What one CDR makes the provider owe, the operator earn and the hub keep. Append-only; amounts exact to four decimals.

    What it refers to is checked once per statement, against its CDR's own parties and its terms' netting set (migration 0023), not by five
    foreign keys once per row.
    """

    class Bucket(models.TextChoices):
        CURRENT = "current", "session of this period"
        LATE = "late", "session of an earlier, closed period"
        CREDIT = "credit", "credit CDR"

    cdr = models.OneToOneField(Cdr, on_delete=models.PROTECT, related_name="charge", db_constraint=False)
    terms = models.ForeignKey(SettlementTerms, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    period = models.CharField(
        max_length=8, help_text="Where it is booked: by session end while that period is open, else the next open one."
    )
    service_period = models.CharField(max_length=8, help_text="Where the session ended.")
    ended_on = models.DateField()
    booked_on = models.DateField(help_text="Day of the day total: the session's end, or the first day of `period` where late.")
    operator = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="charges_as_operator", db_constraint=False, db_index=False)
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="charges_as_provider", db_constraint=False, db_index=False)
    currency = models.CharField(max_length=3)
    bucket = models.CharField(max_length=7, choices=Bucket.choices, default=Bucket.CURRENT)
    energy_kwh = models.DecimalField(max_digits=12, decimal_places=4)
    net = models.DecimalField(max_digits=14, decimal_places=4)
    vat_rate = models.DecimalField(max_digits=6, decimal_places=2)
    vat = models.DecimalField(max_digits=14, decimal_places=4)
    gross = models.DecimalField(max_digits=14, decimal_places=4)
    tax_note = models.CharField(max_length=40, blank=True, help_text="E.g. reverse charge.")
    operator_fee = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    provider_fee = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    fee_currency = models.CharField(max_length=3, blank=True)
    charged_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(gross=F("net") + F("vat")), name="charge_adds_up"),
            models.CheckConstraint(condition=~Q(operator=F("provider")), name="charge_between_two"),
        ]
        indexes = [
            models.Index(fields=["netting_set", "period", "booked_on"], name="charge_by_period"),
            models.Index(fields=["operator", "period", "ended_on"], name="charge_by_operator"),
            models.Index(fields=["provider", "period", "ended_on"], name="charge_by_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.gross} {self.currency}"


class Hold(models.Model):
    """A CDR that must not be netted yet, with every reason. Closed by a release that says who and why."""

    class State(models.TextChoices):
        HELD = "held", "held"
        RELEASED = "released", "released"

    cdr = models.OneToOneField(Cdr, on_delete=models.PROTECT, related_name="hold")
    state = models.CharField(max_length=8, choices=State.choices, default=State.HELD)
    reasons = models.JSONField(help_text='[{"check": 71, "code": "PRICE_MISMATCH", "message": "…"}]')
    held_at = models.DateTimeField(db_default=Now())
    assigned_to = models.CharField(max_length=254, blank=True, db_default="", help_text="Who looks into it.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="When it should be decided.")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=254, blank=True)
    release_reason = models.CharField(max_length=300, blank=True)
    release_asked_by = models.CharField(
        max_length=254, blank=True, default="", db_default="", help_text="The first of two, above the limit."
    )
    release_asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="held", released_at__isnull=True)
                | (Q(state="released", released_at__isnull=False) & ~Q(release_reason="") & ~Q(released_by="")),
                name="release_says_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(release_asked_by="") | Q(state="held") | ~Q(release_asked_by=F("released_by")),
                name="release_by_two_above_the_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {', '.join(reason['code'] for reason in self.reasons)}"


class ClearingCursor(models.Model):
    """Up to which sealed row clearing has surely looked (one row)."""

    seen_up_to = models.BigIntegerField(default=0)


class DayTotal(models.Model):
    """Charges of one day, rolled up: what a close reads instead of ten million rows. Replaced while its period is open."""

    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=8)
    booked_on = models.DateField()
    operator = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    bucket = models.CharField(max_length=7)
    vat_rate = models.DecimalField(max_digits=6, decimal_places=2)
    tax_note = models.CharField(max_length=40, blank=True)
    fee_currency = models.CharField(max_length=3, blank=True)
    count = models.BigIntegerField()
    energy_kwh = models.DecimalField(max_digits=20, decimal_places=4)
    net = models.DecimalField(max_digits=20, decimal_places=4)
    vat = models.DecimalField(max_digits=20, decimal_places=4)
    gross = models.DecimalField(max_digits=20, decimal_places=4)
    operator_fee = models.DecimalField(max_digits=20, decimal_places=4)
    provider_fee = models.DecimalField(max_digits=20, decimal_places=4)
    rolled_up_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "netting_set",
                    "period",
                    "booked_on",
                    "operator",
                    "provider",
                    "currency",
                    "bucket",
                    "vat_rate",
                    "tax_note",
                    "fee_currency",
                ],
                name="day_total_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.gross} {self.currency}"
