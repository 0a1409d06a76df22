"""Data quality: the locations of OCPI operators of which something is not told over OICP, and why."""

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from roaming.admin.pages import BigTablePage
from roaming.figures import NOTHING, figure, instant
from roaming.models import EvseProjection


@admin.register(EvseProjection)
class EvseProjectionPage(BigTablePage):
    """One row per location with a problem; a location without one is not listed."""

    empty = "Every EVSE of OCPI operators can be told over OICP. A location is looked at when an OICP provider pulls."
    list_display = ["owner", "location", "counted", "why", "looked_at"]
    list_select_related = ["owner"]
    keyset = ("owner_id", "location_row")
    search_help_text = "Party, like DE-ALF: its locations."
    fieldsets = [(None, {"fields": ["owner", "location", "why", "looked_at"]})]
    readonly_fields = ["owner", "location", "why", "looked_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvseProjection]:
        """This function will leave out locations without a problem."""
        listed: QuerySet[EvseProjection] = super().get_queryset(request).exclude(problems=[])
        return listed

    def find(self, queryset: QuerySet[EvseProjection], text: str) -> QuerySet[EvseProjection]:
        """This function will return what one operator could not tell."""
        country, _, party_id = text.upper().partition("-")
        return queryset.filter(owner__country_code=country, owner__party_id=party_id)

    @display(description="location")
    def location(self, row: EvseProjection) -> str:
        """This function will name the location."""
        return str(row.problems[0]["location"]) if row.problems else NOTHING

    @display(description="EVSEs")
    def counted(self, row: EvseProjection) -> SafeString:
        """This function will tell how many of its EVSEs are not told."""
        return figure(str(len(row.problems)))

    @display(description="why")
    def why(self, row: EvseProjection) -> SafeString:
        """This function will give the reason of each EVSE."""
        return format_html_join("", "<div>{}: {}</div>", ((one["evse"], one["problem"]) for one in row.problems[:20]))

    @display(description="looked at")
    def looked_at(self, row: EvseProjection) -> str:
        """This function will tell when the location was read for OICP last."""
        return instant(row.at) or NOTHING
