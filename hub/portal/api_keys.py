"""Keys of the read API in the portal: made, shown once, ended."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from hub.api.keys import end_key, make_key
from hub.portal.models import ApiKey
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming.audit.write import write_audit


class KeyForm(forms.Form):
    """What the key is for."""

    name = forms.CharField(label=gettext_lazy("What it is for"), max_length=60)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(to=Action.SEE_OWN_STATEMENTS)
def api_keys(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will list the keys of the party looked at, and make one."""
    form, key = KeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        key = make_key(party=scope.party, name=form.cleaned_data["name"], by=scope.user.email, at=timezone.now())
        write_audit(action="API key made", by=scope.user.email, subject=scope.party, after={"name": form.cleaned_data["name"]})
        form = KeyForm()
    keys = ApiKey.objects.filter(party=scope.party).order_by("ended_at", "-pk")[:50]
    return render(request, "portal/api_keys.html", {"scope": scope, "keys": keys, "form": form, "key": key})


@require_POST
@portal_page(to=Action.SEE_OWN_STATEMENTS)
def end(request: HttpRequest, scope: Scope, key_id: int) -> HttpResponse:
    """This function will end a key."""
    key = get_object_or_404(ApiKey, pk=key_id, party__in=scope.parties(to=Action.SEE_OWN_STATEMENTS))
    end_key(key=key, at=timezone.now())
    write_audit(action="API key ended", by=scope.user.email, subject=key.party, before={"name": key.name})
    messages.success(request, _("The key opens nothing any more."))
    return redirect("portal:api_keys")
