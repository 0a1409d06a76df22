"""The portal's first page, and which party it is about."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from hub.portal.connection import platforms_of
from hub.portal.disputes import disputes_of
from hub.portal.flow import flows_of
from hub.portal.month import month_of
from hub.portal.scope import SESSION_KEY, Scope, portal_page
from hub.portal.statements import statements_of
from hub.users.permissions import Action
from roaming.models import Party


@require_safe
@portal_page(to=Action.SEE_OWN_RECORDS)
def overview(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will show the month so far, the latest statements and the connection."""
    now = timezone.now()
    return render(
        request,
        "portal/overview.html",
        {
            "scope": scope,
            "month": month_of(party=scope.party, at=now),
            "flows": flows_of(party=scope.party, at=now) if scope.sees_statements else [],
            "open_disputes": disputes_of(Party.objects.filter(pk=scope.party.pk)).filter(resolved_at=None).count()
            if scope.rights["dispute"]
            else None,
            "statements": statements_of(scope)[:3] if scope.sees_statements else [],
            "platforms": platforms_of(scope.party),
        },
    )


@require_POST
@portal_page(to=None)
def switch(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will look at another party of the same person; a party the person does not belong to does not exist here."""
    wanted = request.POST.get("party", "")
    if wanted not in {str(membership.party_id) for membership in scope.memberships}:
        raise Http404
    request.session[SESSION_KEY] = int(wanted)
    return redirect("portal:overview")
