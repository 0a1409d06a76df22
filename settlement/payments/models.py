"""Tables of orders, bank entries and what they paid, direct debit mandates and reminders. Seals: entries, matches and notices stay."""

from django.db import models
from django.db.models import Q

from roaming.models import Party
from settlement.netting.models import NettingRun, PlannedPayment


class PaymentOrder(models.Model):
    """A file for a bank that was taken out: who took it, and its bytes by their SHA-256."""

    class Kind(models.TextChoices):
        TRANSFERS = "pain.001", "credit transfers"
        COLLECTIONS = "pain.008", "direct debits"

    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, related_name="orders")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", help_text="Who pays, or who collects.")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    message_id = models.CharField(max_length=35)
    sha256 = models.CharField(max_length=64)
    taken_by = models.CharField(max_length=254, blank=True)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "party", "kind", "sha256"], name="order_once")]

    def __str__(self) -> str:
        return self.message_id


class PaymentRelease(models.Model):
    """The second approval of a run whose payments are above the cap of its set, with the sums that were approved."""

    run = models.OneToOneField(NettingRun, on_delete=models.PROTECT, related_name="payment_release")
    totals = models.JSONField(help_text="Per currency, what the run's payments sum to.")
    digest = models.CharField(max_length=64, help_text="The run's digest: what was approved, exactly.")
    released_by = models.CharField(max_length=254)
    released_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"payments of run {self.run_id} by {self.released_by}"


class Mandate(models.Model):
    """A payer lets a payee collect by SEPA direct debit (B2B or CORE), until it ends."""

    payer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="mandates")
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    mandate_id = models.CharField(max_length=35)
    signed_on = models.DateField()
    creditor_id = models.CharField(max_length=35, help_text="The payee's SEPA creditor identifier.")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payer", "payee"], condition=Q(ended_at__isnull=True), name="mandate_once")]

    def __str__(self) -> str:
        return self.mandate_id


class BankFile(models.Model):
    """A bank statement or notification that was read; the same bytes are read once."""

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200, blank=True)
    imported_by = models.CharField(max_length=254, blank=True)
    imported_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name or self.sha256[:12]


class BankEntry(models.Model):
    """One movement on a party's account, as its bank told it. `amount` is + where the account received."""

    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="entries")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="bank_entries", help_text="Whose account it is.")
    account = models.CharField(max_length=34)
    key = models.CharField(max_length=100, help_text="The bank's own reference, or the file and the place in it.")
    booked_on = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    counterparty_name = models.CharField(max_length=140, blank=True)
    counterparty_iban = models.CharField(max_length=34, blank=True)
    end_to_end_id = models.CharField(max_length=35, blank=True)
    remittance = models.CharField(max_length=500, blank=True)
    return_reason = models.CharField(max_length=20, blank=True, help_text="Filled where this sends an earlier payment back.")

    class Meta:
        verbose_name_plural = "bank entries"
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="bank_entry_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="bank_entry_moves"),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.currency}"


class PaymentMatch(models.Model):
    """What a bank entry says about a planned payment. `amount` is what it adds to what is paid: negative where money went back."""

    class Kind(models.TextChoices):
        RECEIVED = "received", "received by the payee"
        RETURNED = "returned", "sent back by the payee's account"
        SENT = "sent", "left the payer's account"
        BOUNCED = "bounced", "came back to the payer's account"

    entry = models.ForeignKey(BankEntry, on_delete=models.PROTECT, related_name="matches")
    payment = models.ForeignKey(PlannedPayment, on_delete=models.PROTECT, related_name="matches")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    found_by = models.CharField(max_length=12, help_text="reference, end to end, amount, payer, or manual.")
    matched_by = models.CharField(max_length=254, blank=True)
    matched_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "payment matches"
        constraints = [
            models.UniqueConstraint(fields=["entry", "payment"], name="match_once"),
            models.CheckConstraint(
                condition=Q(kind="received", amount__gt=0) | Q(kind="returned", amount__lt=0) | Q(kind__in=["sent", "bounced"], amount=0),
                name="match_counts_by_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class DunningNotice(models.Model):
    """A stage that an overdue payment has reached, once each."""

    payment = models.ForeignKey(PlannedPayment, on_delete=models.PROTECT, related_name="notices")
    stage = models.PositiveSmallIntegerField()
    days_overdue = models.PositiveSmallIntegerField()
    open_amount = models.DecimalField(max_digits=18, decimal_places=4)
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payment", "stage"], name="dunning_stage_once")]

    def __str__(self) -> str:
        return f"stage {self.stage}, {self.open_amount} open"


class DunningLetter(models.Model):
    """The letter of a stage: drafted with the notice, released or withheld by a person, mailed once. What was released stays."""

    class State(models.TextChoices):
        DRAFT = "draft", "waits for a person"
        RELEASED = "released", "released"
        WITHHELD = "withheld", "withheld"

    notice = models.OneToOneField(DunningNotice, on_delete=models.PROTECT, related_name="letter")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    content = models.TextField(blank=True, help_text="What the letter says, frozen at release: the PDF is drawn from it.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was withheld.")
    decided_by = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True, help_text="When it went to the payer's people of finance.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="released") | (~Q(content="") & ~Q(decided_by="")), name="letter_released_by_somebody"
            ),
            models.CheckConstraint(condition=Q(mailed_at__isnull=True) | Q(state="released"), name="letter_mailed_if_released"),
        ]

    def __str__(self) -> str:
        return f"letter of {self.notice} ({self.state})"
