"""The audit trail as people read it: who did what when, and before and after side by side."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roaming.admin.pages import BigTablePage
from roaming.figures import NOTHING, instant_to_the_second, moment
from roaming.models import AuditRecord


@admin.register(AuditRecord)
class AuditPage(BigTablePage):
    """Everything that changed money's terms, rights or credentials, who came in, and who looked at personal data. Newest first."""

    empty = "Nothing was changed yet. Changes of terms, papers, agreements, credentials and people appear here by themselves."
    list_display = ["when_cell", "who", "action", "what", "changed_columns"]
    list_filter = ["action", "subject_type"]
    search_help_text = "E-mail of who did it, or table and number of the row: settlement_nettingrun/12."
    fieldsets = [(None, {"fields": [("when", "who"), ("action", "what"), ("reason", "address"), "side_by_side"]})]
    readonly_fields = ["when", "who", "what", "side_by_side"]

    def find(self, queryset: QuerySet[AuditRecord], text: str) -> QuerySet[AuditRecord]:
        """This function will find by actor, or by the row something was done to."""
        table, _, row = text.partition("/")
        return queryset.filter(subject_type=table, subject_id=row) if row else queryset.filter(actor=text.lower())

    @display(description="when")
    def when(self, row: AuditRecord) -> str:
        """This function will tell when, to the second."""
        return instant_to_the_second(row.at)

    @display(description="when")
    def when_cell(self, row: AuditRecord) -> SafeString | str:
        """This function will tell when, for the list."""
        return moment(row.at)

    @display(description="who")
    def who(self, row: AuditRecord) -> str:
        """This function will name the person; changes without one came by timetable, command or a partner's message."""
        return row.actor or "the hub itself"

    @display(description="what")
    def what(self, row: AuditRecord) -> str:
        """This function will name the row."""
        kind = row.subject_type.partition("_")[2] or row.subject_type
        return " ".join(part for part in (kind, row.subject, f"no. {row.subject_id}" if row.subject_id else "") if part) or NOTHING

    @display(description="changed")
    def changed_columns(self, row: AuditRecord) -> str:
        """This function will list what changed."""
        names = sorted({*(row.before or {}), *(row.after or {})} - {"id"})
        return ", ".join(names[:5]) + (f" (+{len(names) - 5} more)" if len(names) > 5 else "") or NOTHING

    @display(description="before and after")
    def side_by_side(self, row: AuditRecord) -> SafeString | str:
        """This function will show each changed column, before and after."""
        return before_and_after(row.before, row.after)


def before_and_after(before: dict[str, Any] | None, after: dict[str, Any] | None) -> SafeString | str:
    """This function will render two states of a row as one table: column, before, after."""
    was, now_is = before or {}, after or {}
    if not was and not now_is:
        return NOTHING
    rows = ((name.replace("_", " "), _said(was.get(name)), _said(now_is.get(name))) for name in sorted({*was, *now_is}))
    body = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows)
    return format_html('<table class="small-table beside"><tr><th></th><th>before</th><th>after</th></tr>{}</table>', body)


def _said(value: Any) -> str:
    return NOTHING if value is None or value == "" else str(value)
