"""Tables of accounts, entries and transfers. The database refuses UPDATE, DELETE and TRUNCATE on entries and transfers."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from roaming.models import Party


class Account(models.Model):
    """An account of a party (or of the hub, where `party` is empty) in one currency."""

    class Kind(models.TextChoices):
        RECEIVABLE = "receivable", "what the party owes"
        PAYABLE = "payable", "what the party is owed"
        FEE_INCOME = "fee_income", "hub fees earned"
        VAT_OUT = "vat_out", "VAT on hub fees"
        ROUNDING = "rounding", "cents of rounding"
        SUSPENSE = "suspense", "to be explained"
        FX = "fx", "between currencies"
        BANK = "bank", "the hub's own bank account"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(Coalesce(F("party"), 0), F("kind"), F("currency"), name="account_once"),
            models.UniqueConstraint(fields=["id", "currency"], name="account_in_its_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.party or 'hub'} {self.kind} {self.currency}"


class Entry(models.Model):
    """One event of the books. `key` is chosen by the caller: posting the same event twice is one entry."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField(db_default=Now())
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    memo = models.CharField(max_length=255, blank=True)
    seal = models.BinaryField(help_text="SHA-256 over key, kind, date and every transfer of the entry.")

    class Meta:
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.key


class Transfer(models.Model):
    """An amount in minor units from one account (credited) to another (debited), in one currency."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="transfers")
    number = models.IntegerField()
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="transfer_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class BalanceAssertion(models.Model):
    """The balance of an account after an entry, as it was when a period was closed: re-computed whenever the books are verified."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="assertions")
    after_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    balance_minor = models.BigIntegerField(help_text="Debits less credits of the account over all entries up to and including that one.")
    asserted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "after_entry"], name="balance_asserted_once")]

    def __str__(self) -> str:
        return f"{self.account} {self.balance_minor}"


class BooksCheck(models.Model):
    """What a walk over the whole ledger found. The latest one that found something broken stops every close."""

    checked_at = models.DateTimeField()
    ok = models.BooleanField()
    records = models.BigIntegerField()
    head = models.CharField(max_length=64, blank=True)
    broken = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return "all is as it was sealed" if self.ok else self.broken
