"""The tables of rendered files and of issued invoices."""

from django.db import models
from django.db.models.functions import Now

from roaming.models import Party
from settlement.netting.models import NettingRun
from settlement.statements.models import Statement


class Document(models.Model):
    """One rendered file of one issued statement, kept below DOCUMENTS_DIR under the name of its SHA-256."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="documents")
    format = models.CharField(max_length=8)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    rendered_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "format"], name="document_once")]

    def __str__(self) -> str:
        return f"{self.statement} {self.format}"


class IssuedInvoice(models.Model):
    """One invoice or credit note, judged by schema and Schematron, then written once: seller and buyer get the same bytes for ever."""

    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=48, unique=True)
    type_code = models.CharField(max_length=3, help_text="UNTDID 1001: 380, 381, 389 or 261.")
    seller = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    issued_on = models.DateField()
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=18, decimal_places=4)
    vat = models.DecimalField(max_digits=18, decimal_places=4)
    gross = models.DecimalField(max_digits=18, decimal_places=4)
    content = models.TextField(help_text="The invoice as the PDF is drawn from it.")
    ubl = models.TextField()
    cii = models.TextField()
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["run", "seller"], name="invoice_by_seller")]

    def __str__(self) -> str:
        return self.number


class RunSeal(models.Model):
    """The seal of an issued run: root over its statements, the head that follows the run sealed before, and its signature."""

    run = models.OneToOneField(NettingRun, on_delete=models.PROTECT, related_name="seal")
    root = models.BinaryField()
    previous_head = models.BinaryField()
    head = models.BinaryField()
    signature = models.BinaryField(help_text="Ed25519 over the head.")
    public_key = models.BinaryField()
    sealed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"seal of {self.run}"


class StatementSeal(models.Model):
    """A statement's leaf in the tree of its run: its canonical summary, with the root of its CDR lines."""

    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="seal")
    run_seal = models.ForeignKey(RunSeal, on_delete=models.PROTECT, related_name="statements")
    place = models.PositiveIntegerField()
    summary = models.TextField(help_text="Canonical JSON: statement, party, currency, lines, lines_root, content_sha256.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run_seal", "place"], name="statement_placed_once")]

    def __str__(self) -> str:
        return f"seal of {self.statement}"


class ReconciliationRecord(models.Model):
    """An invoice reconciliation record (OCPI 2.3.0, edition 2): which CDRs one invoice or credit note of an issued run is about.

    The operator issues it (direct billing), or the provider that bills itself (reverse billing). It carries no amounts; its CDRs are
    read from the charges, which never change.
    """

    run = models.ForeignKey(NettingRun, on_delete=models.PROTECT, related_name="reconciliation_records")
    record_id = models.CharField(max_length=36, unique=True)
    invoice_number = models.CharField(max_length=48, unique=True)
    operator = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    is_reverse = models.BooleanField(default=False)
    currency = models.CharField(max_length=3)
    is_credit = models.BooleanField(default=False)
    is_outside = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["operator", "updated_at"], name="reconciliation_by_operator"),
            models.Index(fields=["provider", "updated_at"], name="reconciliation_by_provider"),
        ]

    def __str__(self) -> str:
        return self.invoice_number
