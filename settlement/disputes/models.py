"""Tables of disputes, what was said and shown in them, the adjustments they make, and what providers accepted."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from roaming.models import Cdr, Party
from settlement.terms.models import NettingSet


class Dispute(models.Model):
    """A doubt about a part of one charge, from its opening to its end. `amount` is gross, in the currency of the charge."""

    class Reason(models.TextChoices):
        WRONG_PRICE = "wrong_price", "wrong price"
        WRONG_ENERGY = "wrong_energy", "wrong energy"
        WRONG_TIME = "wrong_time", "wrong time"
        DUPLICATE = "duplicate", "charged twice"
        NO_SESSION = "no_session", "no such session"
        TOKEN_BLOCKED = "token_blocked", "token was blocked"
        FRAUD = "fraud", "fraud or cloned card"
        LATE = "late", "came too late"
        TAX = "tax", "wrong tax"
        SIGNED_DATA = "signed_data", "signed meter data missing or wrong"
        OTHER = "other", "other"

    class State(models.TextChoices):
        OPEN = "open", "open"
        ANSWERED = "answered", "answered by the other side"
        ESCALATED = "escalated", "with the arbiter"
        UPHELD = "upheld", "upheld: the amount is not owed"
        REJECTED = "rejected", "rejected: the amount is owed"
        SPLIT = "split", "split between the two"
        CREDITED = "credited", "the operator credited the CDR"
        REVISED = "revised", "the operator credited the CDR and sent a new one"

    class Answer(models.TextChoices):
        ACCEPT = "accept", "not owed: the operator forgoes it"
        DECLINE = "decline", "owed as charged"
        OFFER = "offer", "a part is not owed"
        REVISE = "revise", "a credit CDR and a new one will come"

    cdr = models.ForeignKey(Cdr, on_delete=models.PROTECT, related_name="disputes")
    group = models.CharField(max_length=40, blank=True, help_text="Lines disputed together share a name.")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    text = models.CharField(max_length=1000, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    opened_by = models.CharField(max_length=254)
    opened_for = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="The side that doubts; empty: the provider."
    )
    opened_at = models.DateTimeField()
    answer_due_at = models.DateTimeField()
    resolve_due_at = models.DateTimeField()
    assigned_to = models.CharField(max_length=254, blank=True, default="", db_default="", help_text="Who at the hub looks into it.")
    escalated_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=7, choices=Answer.choices, blank=True, default="", db_default="")
    offered_amount = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, help_text="What the other side offers not to be owed."
    )
    answered_by = models.CharField(max_length=254, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=254, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    upheld_amount = models.DecimalField(max_digits=14, decimal_places=4, null=True, help_text="What is not owed, of `amount`.")
    credit = models.ForeignKey(
        Cdr, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="The credit CDR that ended it."
    )
    replacement = models.ForeignKey(
        Cdr, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="The new CDR of the same session."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cdr"], condition=Q(state__in=["open", "answered", "escalated"]), name="one_open_dispute_per_cdr"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="dispute_about_something"),
            models.CheckConstraint(
                condition=Q(upheld_amount=None) | Q(upheld_amount__gte=0, upheld_amount__lte=F("amount")), name="upheld_within_amount"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "answered", "escalated"], resolved_at=None, upheld_amount=None)
                | (
                    Q(
                        state__in=["upheld", "rejected", "split", "credited", "revised"],
                        resolved_at__isnull=False,
                        upheld_amount__isnull=False,
                    )
                    & ~Q(resolved_by="")
                ),
                name="ended_dispute_says_who_and_what",
            ),
            models.CheckConstraint(
                condition=Q(offered_amount=None) | Q(offered_amount__gt=0, offered_amount__lte=F("amount")), name="offer_within_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"dispute {self.pk} ({self.state})"


class DisputeMessage(models.Model):
    """What one side, or the hub, said. Append-only."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="messages")
    by = models.CharField(max_length=254)
    text = models.CharField(max_length=2000)
    said_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.by} in {self.dispute_id}"


class DisputeFile(models.Model):
    """A file that one side shows for its view: a photograph, a log, a bill. Append-only."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=100)
    content = models.BinaryField()
    digest = models.BinaryField(help_text="SHA-256 of the content.")
    by = models.CharField(max_length=254)
    shown_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dispute", "digest"], name="dispute_file_once")]

    def __str__(self) -> str:
        return f"{self.name} in {self.dispute_id}"


class Acceptance(models.Model):
    """A provider accepted a charge, or a part of it, before its window ended: what was accepted cannot be disputed. Append-only."""

    cdr = models.OneToOneField(Cdr, on_delete=models.PROTECT, related_name="acceptance")
    amount = models.DecimalField(max_digits=14, decimal_places=4, help_text="Gross, in the currency of the charge.")
    accepted_by = models.CharField(max_length=254)
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="something_accepted")]

    def __str__(self) -> str:
        return f"{self.amount} accepted"


class Adjustment(models.Model):
    """What a dispute adds to (+) or takes from (−) what the provider owes the operator, booked in an open period. Append-only."""

    class Kind(models.TextChoices):
        WITHHELD = "withheld", "withheld while in dispute"
        RELEASED = "released", "owed after all"
        TAKEN_BACK = "taken", "not owed, after the period was closed"
        RESTORED = "restored", "given back: a credit takes the whole charge"

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="adjustments")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    netting_set = models.ForeignKey(NettingSet, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=8)
    service_period = models.CharField(max_length=8)
    operator = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    vat_rate = models.DecimalField(max_digits=6, decimal_places=2)
    tax_note = models.CharField(max_length=40, blank=True)
    net = models.DecimalField(max_digits=14, decimal_places=4)
    vat = models.DecimalField(max_digits=14, decimal_places=4)
    gross = models.DecimalField(max_digits=14, decimal_places=4)
    booked_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute", "kind"], name="adjustment_once"),
            models.CheckConstraint(condition=Q(gross=F("net") + F("vat")), name="adjustment_adds_up"),
        ]
        indexes = [models.Index(fields=["netting_set", "period"], name="adjustment_by_period")]

    def __str__(self) -> str:
        return f"{self.gross} {self.currency} {self.kind}"
