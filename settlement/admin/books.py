"""The ledger, the terms and the papers of parties. Books are written by clearing and close alone; terms and papers by command."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from roaming.admin.notes import Noted
from roaming.admin.pages import BigTablePage, ReadOnlyPage, ReadOnlyRows
from roaming.canonical.money import exponent
from roaming.figures import NOTHING, day, exact_money, figure, instant, masked, money, party_cell
from settlement.ledger.models import Entry, Transfer
from settlement.models import PaymentDetails, SettlementTerms


class TransfersOfEntry(ReadOnlyRows):
    """Debit and credit, one currency each."""

    model = Transfer
    fields = ["number", "debit", "credit", "amount_figure"]
    readonly_fields = ["amount_figure"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transfer]:
        """This function will read both accounts and their parties along."""
        queryset: QuerySet[Transfer] = super().get_queryset(request).select_related("debit__party", "credit__party")
        return queryset

    @display(description="amount")
    def amount_figure(self, row: Transfer) -> SafeString:
        """This function will show the amount."""
        return figure(money(Decimal(row.amount_minor).scaleb(-exponent(row.currency)), row.currency))


@admin.register(Entry)
class EntryPage(BigTablePage):
    """Entries of the books, newest first. A correction is a new entry that names what it reverses."""

    empty = "The books are empty. The first entry is posted when a period is closed."
    list_display = ["key", "kind", "effective", "recorded", "memo"]
    list_filter = ["kind"]
    search_help_text = "Key of the entry."
    inlines = [TransfersOfEntry]
    fieldsets = [(None, {"fields": ["key", ("kind", "reverses"), ("effective", "recorded"), "memo", "short_seal"]})]
    readonly_fields = ["effective", "recorded", "short_seal"]

    def find(self, queryset: QuerySet[Entry], text: str) -> QuerySet[Entry]:
        """This function will find by key."""
        return queryset.filter(key=text)

    @display(description="effective")
    def effective(self, row: Entry) -> str:
        """This function will tell the day it counts for."""
        return day(row.effective_on)

    @display(description="recorded")
    def recorded(self, row: Entry) -> str:
        """This function will tell when it was posted."""
        return instant(row.recorded_at)

    @display(description="seal")
    def short_seal(self, row: Entry) -> str:
        """This function will show the beginning of its seal."""
        return bytes(row.seal).hex()[:16]


@admin.register(SettlementTerms)
class TermsPage(Noted, ReadOnlyPage):
    """How agreements pay. New terms start a new row; none is edited."""

    empty = "No settlement terms yet. They are signed together with an agreement: manage.py sign_agreement …"
    list_display = ["agreement", "begins", "ends", "fee_figure", "paid_by", "authority", "netting_set", "due_days"]
    list_filter = ["netting_set", "hub_fee_payer", "price_authority"]
    list_select_related = ["agreement__operator", "agreement__provider", "netting_set"]
    ordering = ["-signed_at"]
    list_before_template = "admin/trial_tools.html"
    fields = ["agreement", ("begins", "ends"), ("fee_figure", "paid_by"), ("authority", "netting_set"), ("due_days", "signed"), "trail"]
    readonly_fields = ["begins", "ends", "fee_figure", "paid_by", "authority", "signed", "trail"]

    @display(description="from")
    def begins(self, row: SettlementTerms) -> str:
        """This function will tell the first day."""
        return day(row.validity.lower)

    @display(description="until")
    def ends(self, row: SettlementTerms) -> str:
        """This function will tell the day they end, that day not included."""
        return day(row.validity.upper) if row.validity.upper else "further notice"

    @display(description="hub fee per CDR")
    def fee_figure(self, row: SettlementTerms) -> SafeString:
        """This function will show the fee."""
        return figure(exact_money(row.hub_fee, row.currency))

    @display(description="paid by")
    def paid_by(self, row: SettlementTerms) -> str:
        """This function will tell who pays the fee."""
        return row.get_hub_fee_payer_display()

    @display(description="price")
    def authority(self, row: SettlementTerms) -> str:
        """This function will tell whose price counts."""
        return row.get_price_authority_display()

    @display(description="signed")
    def signed(self, row: SettlementTerms) -> str:
        """This function will tell when they were signed."""
        return instant(row.signed_at)


@admin.register(PaymentDetails)
class PaymentDetailsPage(Noted, ReadOnlyPage):
    """Who a party is on paper and where its money goes. Changed by command only: a stolen admin login moves no IBAN."""

    empty = "No details yet. Statements need them: manage.py set_party_details --party DE-ABC --legal-name … --iban …"
    list_display = ["who", "legal_name", "seat", "vat_id", "account", "changed"]
    list_select_related = ["party__tax_profile"]
    search_fields = ["legal_name", "party__name", "party__party_id"]
    ordering = ["party__country_code", "party__party_id"]
    fields = ["who", "legal_name", "street", ("postal_code", "city", "country"), ("vat_id", "account"), "changed", "trail"]
    readonly_fields = ["who", "vat_id", "account", "changed", "trail"]

    @display(description="party")
    def who(self, row: PaymentDetails) -> SafeString | str:
        """This function will name the party."""
        return party_cell(row.party)

    @display(description="seat")
    def seat(self, row: PaymentDetails) -> str:
        """This function will tell city and country."""
        return ", ".join(part for part in (row.city, row.country) if part) or NOTHING

    @display(description="VAT id")
    def vat_id(self, row: PaymentDetails) -> str:
        """This function will show the VAT id."""
        profile: Any = getattr(row.party, "tax_profile", None)
        return profile.vat_id if profile is not None and profile.vat_id else "none"

    @display(description="IBAN")
    def account(self, row: PaymentDetails) -> str:
        """This function will show the IBAN but for its last characters."""
        return masked(row.iban) if row.iban else "none"

    @display(description="changed")
    def changed(self, row: PaymentDetails) -> str:
        """This function will tell the latest change."""
        return instant(row.updated_at)
