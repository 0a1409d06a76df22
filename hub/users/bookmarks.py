"""Bookmarks: a person keeps a filtered list of the admin under a name, and finds it on the first page and above that list."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_POST

from hub.users.models import Bookmark, User

_MOST = 40


@login_required
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """This function will keep the list that is looked at; the same name again moves the bookmark."""
    assert isinstance(request.user, User)
    path, name = request.POST.get("path", "")[:200], request.POST.get("name", "").strip()[:60]
    if not name or not _is_a_list(path):
        messages.error(request, "A bookmark needs a name, and a list to lead to.")
        return redirect("admin:index")
    if request.user.bookmarks.count() >= _MOST and not request.user.bookmarks.filter(name=name).exists():
        messages.error(request, f"{_MOST} bookmarks are the most: take one away first.")
        return redirect(path)
    query = request.POST.get("query", "")[:1000]
    bookmark, _ = Bookmark.objects.update_or_create(user=request.user, name=name, defaults={"path": path, "query": query})
    messages.success(request, f"“{name}” is kept: on the first page, and above this list.")
    return redirect(bookmark.address)


@login_required
@require_POST
def forget(request: HttpRequest, bookmark_id: int) -> HttpResponse:
    """This function will take one of the person's own bookmarks away."""
    assert isinstance(request.user, User)
    request.user.bookmarks.filter(pk=bookmark_id).delete()
    return redirect("admin:index")


def _is_a_list(path: str) -> bool:
    try:
        found = resolve(path)
    except Resolver404:
        return False
    return found.namespace == "admin" and str(found.url_name).endswith("_changelist")
