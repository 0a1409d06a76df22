"""What the admin's pages share: nothing that was sealed or received is edited here, and no page counts a big table."""

from http import HTTPStatus
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from roaming.admin.export import export_list
from roaming.admin.keyset import KeysetList, RecentValues
from roaming.audit.write import write_audit
from roaming.figures import link


class Page(ModelAdmin):  # type: ignore[misc]  # django-unfold ships no types
    """A page of the admin. `empty` says what to do when there is nothing to show."""

    empty = "Nothing here yet."
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    compressed_fields = True
    actions_on_top = True
    list_before_template = "admin/list_tools.html"

    def get_urls(self) -> list[URLPattern]:
        """This function will add the list as a file."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """This function will give the list, as it is filtered, as CSV; the trail keeps who took it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        write_audit(
            action="exported",
            by=str(request.user.get_username()),
            after={"list": self.opts.db_table, "filter": request.GET.urlencode()[:200]},
        )
        return export_list(page=self, request=request)


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
    """Rows that may be millions: newest first, never counted, read on from where a page ended, searched by exact keys only."""

    keyset: tuple[str, ...] = ("-id",)  # the order of the list; its last column is unique
    keeps_who_looked = False  # whether opening a row is kept in the audit trail: rows that tell about drivers
    sortable_by: tuple[str, ...] = ()
    search_help_text = "Exact match."
    search_fields = ["pk"]  # shows the box; what it finds is `find`'s decision

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """This function will return the order of the list."""
        return self.keyset

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """This function will offer a column's values without reading the whole table for them."""
        return [(name, RecentValues) if self._has_many_values(name) else name for name in super().get_list_filter(request)]

    def _has_many_values(self, name: Any) -> bool:
        if not isinstance(name, str) or "__" in name:
            return False
        field = self.model._meta.get_field(name)
        return isinstance(field, CharField) and not field.choices

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetList]:
        """This function will name the kind of list."""
        return KeysetList

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """This function will show a row, and keep who looked at it where it tells about a driver."""
        answer: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        if self.keeps_who_looked and request.method == "GET" and answer.status_code == HTTPStatus.OK:
            row = self.get_object(request, unquote(object_id))
            if row is not None:
                write_audit(action="looked at", by=str(request.user.get_username()), subject=row)
        return answer

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
