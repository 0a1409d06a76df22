"""`{% load bookmarks %}`: a person's own bookmarks, all of them or those of the list that is looked at."""

from collections.abc import Iterable

from django import template
from django.template.context import RequestContext

from hub.users.models import Bookmark, User

register = template.Library()


@register.simple_tag(takes_context=True)
def own_bookmarks(context: RequestContext, *, here: bool = False) -> Iterable[Bookmark]:
    """This function will list the bookmarks by name; `here` keeps those of the page's own address."""
    request = context["request"]
    if not isinstance(request.user, User):
        return []
    own = request.user.bookmarks.order_by("name")
    return own.filter(path=request.path) if here else own
