"""What the admin's pages share: nothing that was sealed or received is edited here, and no page counts a big table."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.paginator import InfinitePaginator

from roaming.figures import link


class Page(ModelAdmin):  # type: ignore[misc]  # django-unfold ships no types
    """A page of the admin. `empty` says what to do when there is nothing to show."""

    empty = "Nothing here yet."
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    compressed_fields = True
    actions_on_top = True


class ReadOnlyPage(Page):
    """Rows that are only looked at. Corrections happen through the verbs of the domain, never by editing a row."""

    actions: list[str] = []

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """This function will refuse adding."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """This function will refuse editing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """This function will refuse deleting."""
        return False


class BigTablePage(ReadOnlyPage):
    """Rows that may be millions: newest first, never counted, searched by exact keys only."""

    paginator = InfinitePaginator
    ordering = ["-id"]
    sortable_by: tuple[str, ...] = ()
    search_help_text = "Exact match."
    search_fields = ["pk"]  # shows the box; what it finds is `find`'s decision

    def find(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """This function will return the rows an exact key names."""
        return queryset.filter(pk=text) if text.isdecimal() else queryset.none()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """This function will search by index instead of reading the whole table with LIKE."""
        text = search_term.strip()
        return (self.find(queryset, text) if text else queryset), False


class ReadOnlyRows(TabularInline):  # type: ignore[misc]  # django-unfold ships no types
    """Rows that belong to the page's row, only looked at."""

    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True
    ordering: list[str] = ["pk"]
    per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """This function will refuse adding."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """This function will refuse editing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """This function will refuse deleting."""
        return False


def page_url(row: Model) -> str:
    """This function will return the address of a row's own page in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def page_link(row: Model | None, text: str = "") -> SafeString | str:
    """This function will render a link to a row's own page."""
    return "–" if row is None else link(page_url(row), text or str(row))
