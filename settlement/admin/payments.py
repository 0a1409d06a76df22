"""What is paid: planned payments with what banks told of them, and bank entries with what they paid. Looked at; matched by command."""

from decimal import Decimal

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString

from roaming.admin.pages import ReadOnlyPage, ReadOnlyRows, page_link
from roaming.figures import day, figure, masked, money, party_cell
from settlement.models import BankEntry, PaymentMatch, PlannedPayment
from settlement.netting.references import reference_of


class MatchesOfPayment(ReadOnlyRows):
    """What banks told of the payment."""

    model = PaymentMatch
    fields = ["kind", "amount_figure", "found_by", "matched_by", "matched_at"]
    readonly_fields = ["amount_figure"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentMatch]:
        """This function will read the payment along."""
        queryset: QuerySet[PaymentMatch] = super().get_queryset(request).select_related("payment")
        return queryset

    @display(description="amount")
    def amount_figure(self, row: PaymentMatch) -> SafeString:
        """This function will show what it adds to what is paid."""
        return figure(money(row.amount, row.payment.currency))


@admin.register(PlannedPayment)
class PaymentPage(ReadOnlyPage):
    """Who pays whom by which run, and how much of it was received."""

    empty = "No payment yet. They are planned when a period is closed; banks' files tell what was paid: manage.py import_bank …"
    list_display = ["run_link", "payer_cell", "payee_cell", "amount_figure", "paid_figure", "reference"]
    list_filter = ["run__period", "currency", "payer", "payee"]
    list_select_related = ["run__netting_set", "payer", "payee"]
    ordering = ["-run__starts_at", "currency", "-amount"]
    fields = ["run_link", ("payer_cell", "payee_cell"), ("amount_figure", "paid_figure"), "reference"]
    readonly_fields = ["run_link", "payer_cell", "payee_cell", "amount_figure", "paid_figure", "reference"]
    inlines = [MatchesOfPayment]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlannedPayment]:
        """This function will sum what was received for each."""
        queryset: QuerySet[PlannedPayment] = super().get_queryset(request).annotate(paid=Sum("matches__amount"))
        return queryset

    @display(description="run")
    def run_link(self, row: PlannedPayment) -> SafeString | str:
        """This function will link to the run."""
        return page_link(row.run)

    @display(description="from")
    def payer_cell(self, row: PlannedPayment) -> SafeString | str:
        """This function will name who pays."""
        return party_cell(row.payer)

    @display(description="to")
    def payee_cell(self, row: PlannedPayment) -> SafeString | str:
        """This function will name who is paid."""
        return party_cell(row.payee)

    @display(description="amount")
    def amount_figure(self, row: PlannedPayment) -> SafeString:
        """This function will show the amount."""
        return figure(money(row.amount, row.currency))

    @display(description="received")
    def paid_figure(self, row: PlannedPayment) -> SafeString:
        """This function will show what was received, less what went back."""
        return figure(money(getattr(row, "paid", None) or Decimal(0), row.currency))

    @display(description="reference")
    def reference(self, row: PlannedPayment) -> str:
        """This function will show what bank statements carry."""
        return reference_of(payment=row.pk)


@admin.register(BankEntry)
class BankEntryPage(ReadOnlyPage):
    """What banks told, newest first. Entries without a payment are matched by command: manage.py match_bank …"""

    empty = "No bank file yet: manage.py import_bank --file …"
    list_display = ["booked", "who", "amount_figure", "counterparty_name", "remittance", "is_matched"]
    list_filter = ["party", "currency", ("matches", admin.EmptyFieldListFilter)]
    list_select_related = ["party", "file"]
    ordering = ["-booked_on", "-id"]
    fields = [
        "booked",
        ("who", "account_tail"),
        "amount_figure",
        ("counterparty_name", "end_to_end_id"),
        "remittance",
        "return_reason",
        "file",
    ]
    readonly_fields = ["booked", "who", "account_tail", "amount_figure"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankEntry]:
        """This function will read the matches along."""
        queryset: QuerySet[BankEntry] = super().get_queryset(request).prefetch_related("matches")
        return queryset

    @display(description="booked")
    def booked(self, row: BankEntry) -> str:
        """This function will tell the day."""
        return day(row.booked_on)

    @display(description="account of")
    def who(self, row: BankEntry) -> SafeString | str:
        """This function will name the holder."""
        return party_cell(row.party)

    @display(description="account")
    def account_tail(self, row: BankEntry) -> str:
        """This function will show the IBAN but for its last characters."""
        return masked(row.account)

    @display(description="amount")
    def amount_figure(self, row: BankEntry) -> SafeString:
        """This function will show the amount, + where the account received."""
        return figure(money(row.amount, row.currency))

    @display(description="matched", boolean=True)
    def is_matched(self, row: BankEntry) -> bool:
        """This function will tell whether a payment was found."""
        return bool(row.matches.all())
