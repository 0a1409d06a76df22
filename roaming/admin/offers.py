"""What partners published: locations, tariffs, tokens. Their owners change them over the wire, nobody changes them here."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from roaming.admin.pages import BigTablePage, ReadOnlyRows
from roaming.figures import NOTHING, chip, figure, instant, masked, party_cell, pretty_json, two_lines
from roaming.models import Location, Tariff, TariffRevision, Token


class Published(BigTablePage):
    """Shared by the three: whose it is, for whom, how old."""

    list_select_related = ["owner", "audience"]

    @display(description="owner")
    def whose(self, row: Any) -> SafeString | str:
        """This function will name the owner."""
        return party_cell(row.owner)

    @display(description="shown to")
    def for_whom(self, row: Any) -> SafeString | str:
        """This function will name the audience."""
        return party_cell(row.audience) if row.audience else "every entitled partner"

    @display(description="updated")
    def updated(self, row: Any) -> str:
        """This function will tell the owner's own stamp."""
        return instant(row.last_updated)

    @display(description="document")
    def content(self, row: Any) -> SafeString:
        """This function will show the canonical document."""
        return pretty_json(row.document)


@admin.register(Location)
class LocationPage(Published):
    """Sites of operators."""

    empty = "No location yet. Operators push them once they are connected and have an agreement."
    list_display = ["site", "whose", "place", "evses_figure", "for_whom", "updated"]
    list_filter = ["publish", "country", "owner"]
    search_help_text = "Location id."
    fieldsets = [
        (None, {"fields": [("site", "whose"), ("place", "coordinates"), ("evses_figure", "publish"), ("for_whom", "updated")]}),
        ("As the hub keeps it", {"fields": ["content"], "classes": ["collapse"]}),
    ]
    readonly_fields = ["site", "whose", "place", "coordinates", "evses_figure", "for_whom", "updated", "content"]

    def find(self, queryset: QuerySet[Location], text: str) -> QuerySet[Location]:
        """This function will find by location id, in any letter case."""
        return queryset.filter(location_key=text.upper())

    @display(description="location")
    def site(self, row: Location) -> SafeString:
        """This function will name it."""
        return two_lines(row.name or row.location_id, row.location_id)

    @display(description="place")
    def place(self, row: Location) -> str:
        """This function will tell city and country."""
        return ", ".join(part for part in (row.city, row.country) if part) or NOTHING

    @display(description="coordinates")
    def coordinates(self, row: Location) -> str:
        """This function will tell latitude and longitude."""
        return NOTHING if row.latitude is None else f"{row.latitude}, {row.longitude}"

    @display(description="EVSEs")
    def evses_figure(self, row: Location) -> SafeString:
        """This function will count its EVSEs."""
        return figure(str(len(row.evse_uids)))


class RevisionsOfTariff(ReadOnlyRows):
    """Every version of a tariff: a CDR is priced with the one in force at its start."""

    model = TariffRevision
    fields = ["valid_from", "received"]
    readonly_fields = ["valid_from", "received"]
    ordering = ["-last_updated"]

    @display(description="updated by the owner")
    def valid_from(self, row: TariffRevision) -> str:
        """This function will tell the version's own stamp."""
        return instant(row.last_updated)

    @display(description="received")
    def received(self, row: TariffRevision) -> str:
        """This function will tell when it came."""
        return instant(row.received_at)


@admin.register(Tariff)
class TariffPage(Published):
    """Tariffs with their history."""

    empty = "No tariff yet. Operators push them beside their locations."
    list_display = ["tariff_id", "whose", "currency", "state", "for_whom", "updated"]
    list_filter = ["currency", "owner"]
    search_help_text = "Tariff id."
    list_before_template = "admin/trial_tools.html"
    inlines = [RevisionsOfTariff]
    fieldsets = [
        (None, {"fields": [("tariff_id", "whose"), ("currency", "state"), ("for_whom", "updated")]}),
        ("As the hub keeps it", {"fields": ["content"]}),
    ]
    readonly_fields = ["whose", "state", "for_whom", "updated", "content"]

    def find(self, queryset: QuerySet[Tariff], text: str) -> QuerySet[Tariff]:
        """This function will find by tariff id, in any letter case."""
        return queryset.filter(tariff_key=text.upper())

    @display(description="state")
    def state(self, row: Tariff) -> SafeString:
        """This function will tell whether it was withdrawn."""
        return chip("void", "withdrawn") if row.deleted_at else chip("valid", "in force")


@admin.register(Token)
class TokenPage(Published):
    """Drivers' tokens. Uids and contracts are masked: people here need to know that a token exists, not how to copy it."""

    empty = "No token yet. Providers push them, or answer in real time without pushing any."
    list_display = ["token", "type", "whose", "contract", "state", "whitelist", "for_whom", "updated"]
    list_filter = ["type", "valid", "whitelist", "owner"]
    search_help_text = "Whole uid of the token, or whole contract id."
    fieldsets = [(None, {"fields": [("token", "type"), ("whose", "contract"), ("state", "whitelist"), ("for_whom", "updated")]})]
    readonly_fields = ["token", "whose", "contract", "state", "for_whom", "updated"]

    def find(self, queryset: QuerySet[Token], text: str) -> QuerySet[Token]:
        """This function will find by whole uid in any letter case, else by whole contract id."""
        by_uid = queryset.filter(uid_key=text.upper())
        return by_uid if by_uid.exists() else queryset.filter(contract_id=text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        """This function will leave the documents aside: they hold what this page masks."""
        queryset: QuerySet[Token] = super().get_queryset(request).defer("document")
        return queryset

    @display(description="token")
    def token(self, row: Token) -> str:
        """This function will show the uid but for its last characters."""
        return masked(row.uid)

    @display(description="contract")
    def contract(self, row: Token) -> str:
        """This function will show the contract but for its last characters."""
        return masked(row.contract_id)

    @display(description="state")
    def state(self, row: Token) -> SafeString:
        """This function will tell whether it may charge at all."""
        return chip("valid") if row.valid else chip("invalid")
