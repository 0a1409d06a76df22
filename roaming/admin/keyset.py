"""Lists that open as fast with a million rows as with a thousand: no row is counted, and a page begins where the one before ended.

`?before=` holds the last row's values of the ordering; the database starts there by index, however far down the list it is.
"""

from datetime import datetime
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

BEFORE = "before"
_APART = "~"
_NEWEST = 3000


class RecentValues(AllValuesFieldListFilter):
    """A filter by the values of a column, as the newest rows have them: to find them all, the whole table would be read."""

    def __init__(self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        newest = model_admin.get_queryset(request).order_by(*model_admin.keyset).values_list(field_path, flat=True)[:_NEWEST]
        chosen = [self.lookup_val[-1]] if self.lookup_val else []  # a list, since Django 5.0
        self.lookup_choices = sorted({*newest, *chosen} - {None})  # type: ignore[assignment]  # any iterable will do


class KeysetPaginator(Paginator):  # type: ignore[type-arg]  # generic in django-stubs, not at run time
    """Stands where the admin expects a paginator; it names the template that shows the way on."""

    template_name = "admin/keyset.html"
    count = 0  # nobody counts


class KeysetList(ChangeList):  # type: ignore[misc]  # django-unfold ships no types
    """A list of the admin, read from `?before=` on. `older` is what stands in the link to the next page, empty on the last."""

    older = ""
    is_first = True

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """This function will keep `before` from being taken for a filter."""
        kept: dict[str, Any] = super().get_filters_params(params)
        kept.pop(BEFORE, None)
        return kept

    def get_results(self, request: HttpRequest) -> None:
        """This function will read one page and one row more, which tells whether there are older ones."""
        self.params.pop(BEFORE, None)  # a filter chosen on a later page starts at its own first page
        ordering = list(self.model_admin.keyset)
        cut = _cut(self.model, ordering, request.GET.get(BEFORE, ""))
        rows: QuerySet[Any] = self.queryset.order_by(*ordering)
        found = list((rows.filter(cut) if cut else rows)[: self.list_per_page + 1])
        self.is_first = cut is None
        self.result_list = found[: self.list_per_page]
        self.older = _place_of(self.result_list[-1], ordering) if len(found) > self.list_per_page else ""
        self.result_count = len(self.result_list)
        self.full_result_count = self.result_count  # differing, they would be shown as a count of everything
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = KeysetPaginator(self.result_list, self.list_per_page)

    @property
    def older_url(self) -> str:
        """The address of the next page, filters kept."""
        return str(self.get_query_string({BEFORE: self.older})) if self.older else ""

    @property
    def first_url(self) -> str:
        """The address of the first page, filters kept."""
        return "" if self.is_first else str(self.get_query_string())


def _place_of(row: Model, ordering: list[str]) -> str:
    values = (getattr(row, name.removeprefix("-")) for name in ordering)
    return _APART.join(value.isoformat() if isinstance(value, datetime) else str(value) for value in values)


def _cut(model: type[Model], ordering: list[str], told: str) -> Q | None:
    """What comes after `told` in the ordering: (a, b) after (x, y) is a after x, or a equal x and b after y. None for nonsense."""
    values = told.split(_APART)
    if not told or len(values) != len(ordering):
        return None
    result, equal = Q(), Q()
    try:
        for name, text in zip(ordering, values, strict=True):
            field = name.removeprefix("-")
            value = model._meta.get_field(field).to_python(text)  # type: ignore[union-attr]  # orderings name columns
            result |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
            equal &= Q(**{field: value})
    except (ValidationError, ValueError, OverflowError):
        return None
    return result
