"""Tables of findings, of what the hub computed, of rules that were changed, and of signed meter values."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from roaming.models import Cdr, Party, RoamingAgreement, Session


class Finding(models.Model):
    """What one check said about one CDR: its number (clearing §2.3), code, action and a sentence for people."""

    class Action(models.TextChoices):
        NORMALIZE = "normalize", "normalize"
        FLAG = "flag", "flag"
        HOLD = "hold", "hold"

    # Checked once per statement (migration 0024), as for repricings; `finding_once` finds them by CDR.
    cdr = models.ForeignKey(Cdr, on_delete=models.PROTECT, related_name="findings", db_constraint=False, db_index=False)
    check_number = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    action = models.CharField(max_length=9, choices=Action.choices)
    message = models.CharField(max_length=300)
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cdr", "code"], name="finding_once")]

    def __str__(self) -> str:
        return f"{self.check_number} {self.code}"


class Repricing(models.Model):
    """What the hub computed for a CDR when it was cleared, with the explanation of every cent. Append-only: it can be replayed."""

    cdr = models.OneToOneField(Cdr, on_delete=models.PROTECT, related_name="repricing", db_constraint=False)
    counts = models.BooleanField(help_text="The hub's price is charged; else it was a comparison.")
    source = models.CharField(max_length=9, help_text="cdr, or published: where the tariff came from.")
    revisions = models.JSONField(default=list, help_text="Rows of the published tariff versions.")
    zone = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    told_net = models.DecimalField(max_digits=14, decimal_places=4)
    net = models.DecimalField(max_digits=14, decimal_places=4)
    vat = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    policy = models.JSONField(default=dict, help_text="The declared choices under which it was priced.")
    trace = models.JSONField(help_text="One line per component: volume, unit, price, amount, and a sentence.")
    priced_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.net} {self.currency}"


class RuleChange(models.Model):
    """A change of a check: its action or a parameter, for the hub or for one agreement. It holds from its approval on, until the next.

    Never edited: the history of a rule is its changes, and each says who asked, who agreed and why.
    """

    check_number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=20, help_text="`action`, or the name of a parameter.")
    value = models.CharField(max_length=20)
    agreement = models.ForeignKey(RoamingAgreement, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300)
    proposed_by = models.CharField(max_length=254)
    proposed_at = models.DateTimeField()
    approved_by = models.CharField(max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(approved_by="") | ~Q(approved_by=F("proposed_by")), name="rule_change_by_two"),
            models.CheckConstraint(
                condition=Q(approved_by="", approved_at=None) | (~Q(approved_by="") & Q(approved_at__isnull=False)),
                name="rule_change_approved_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_number} {self.name} = {self.value}"


class MeterKey(models.Model):
    """The public key of an EVSE's meter, with the person who vouches for it; it ends when another takes its place."""

    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="meter_keys")
    evse_id = models.CharField(max_length=48)
    evse_key = models.CharField(max_length=48, help_text="The EVSE id in upper case.")
    public_key = models.TextField(help_text="Hexadecimal DER.")
    registered_by = models.CharField(max_length=254)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(F("owner"), F("evse_key"), condition=Q(valid_to=None), name="meter_key_current_once"),
        ]

    def __str__(self) -> str:
        return self.evse_id


class SignedReading(models.Model):
    """One signed meter value of a CDR: its digest (to find it again elsewhere) and what verifying it gave. The bytes stay in the CDR."""

    class Verdict(models.TextChoices):
        VALID = "valid", "valid, with a registered key"
        VALID_UNKNOWN_KEY = "unproven", "valid with the key inside the CDR, which nobody registered"
        INVALID = "invalid", "does not verify"
        NO_KEY = "no key", "no key is known"
        UNREADABLE = "unread", "no format the hub verifies"

    cdr = models.ForeignKey(Cdr, on_delete=models.PROTECT, related_name="signed_readings")
    number = models.PositiveSmallIntegerField()
    nature = models.CharField(max_length=32)
    digest = models.BinaryField(help_text="SHA-256 of the signed value.")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cdr", "number"], name="signed_reading_once")]
        indexes = [models.Index(fields=["digest"], name="signed_reading_by_digest")]

    def __str__(self) -> str:
        return f"{self.nature} {self.verdict}"


class MarketPrice(models.Model):
    """What a kWh usually costs (net, median of the past month) in a country and currency."""

    country = models.CharField(max_length=3)
    currency = models.CharField(max_length=3)
    per_kwh = models.DecimalField(max_digits=12, decimal_places=4)
    cdrs = models.BigIntegerField(help_text="How many it was taken from.")
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["country", "currency"], name="market_price_once")]

    def __str__(self) -> str:
        return f"{self.per_kwh} {self.currency} in {self.country}"


class CdrReminder(models.Model):
    """The operator was reminded of a session that owes a CDR, or is stuck open, after so many days. Once per session, kind and day."""

    class Kind(models.TextChoices):
        MISSING = "missing", "ended, no CDR came"
        STUCK = "stuck", "open and silent"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.MISSING, db_default=Kind.MISSING)
    day = models.PositiveSmallIntegerField(help_text="3, 7 or 14 days after the end (stuck: after the start).")
    estimate = models.DecimalField(max_digits=14, decimal_places=4, null=True, help_text="Net, as far as the session told it.")
    currency = models.CharField(max_length=3)
    reminded_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True, help_text="When it went to the operator's people of finance.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "kind", "day"], name="cdr_reminder_once_a_kind")]

    def __str__(self) -> str:
        return f"day {self.day}"
