"""Crossing losses: what partners' objects lose on their way into another version, counted per pair and field."""

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from roaming.admin.pages import BigTablePage
from roaming.figures import NOTHING, chip, figure, instant, two_lines
from roaming.models import CrossingLoss


@admin.register(CrossingLoss)
class CrossingLossPage(BigTablePage):
    """One row per owner, receiver, version and field; the latest crossing stands as the example."""

    empty = "Nothing was lost yet. Rows appear when an object goes to a partner on another version."
    list_display = ["what", "became", "route", "counted", "latest"]
    list_filter = ["version", "module", "effect", "touches", "is_blocked"]
    keyset = ("-last_at", "-id")
    search_help_text = "Party, like DE-ALF: what it loses as owner."
    fieldsets = [
        (None, {"fields": [("what", "became"), ("route", "version"), ("counted", "latest")]}),
        ("Example", {"fields": ["object_id", ("was", "now")]}),
    ]
    readonly_fields = ["what", "became", "route", "counted", "latest"]

    def find(self, queryset: QuerySet[CrossingLoss], text: str) -> QuerySet[CrossingLoss]:
        """This function will return what one party's objects lose."""
        return queryset.filter(owner=text.upper())

    @display(description="field")
    def what(self, row: CrossingLoss) -> SafeString:
        """This function will name the field and its module."""
        return two_lines(row.field, f"{row.module} · to {row.version}")

    @display(description="became")
    def became(self, row: CrossingLoss) -> SafeString:
        """This function will tell what happened to the field, and whether the object was held back for it."""
        told = f"{row.effect}: {row.touches}" if row.touches else row.effect
        return chip("rejected", f"not sent, {told}") if row.is_blocked else chip("delivered", told)

    @display(description="owner → receiver")
    def route(self, row: CrossingLoss) -> str:
        """This function will name both parties."""
        return f"{row.owner} → {row.receiver}"

    @display(description="times")
    def counted(self, row: CrossingLoss) -> SafeString:
        """This function will tell how often."""
        return figure(str(row.count))

    @display(description="latest")
    def latest(self, row: CrossingLoss) -> str:
        """This function will tell when it happened last."""
        return instant(row.last_at) or NOTHING
