"""Where a party's own software hears of statements: one address, one secret, shown once."""

import secrets
import uuid

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hub.portal.connection import platforms_of
from hub.portal.models import StatementNotice, Webhook
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming.audit.write import write_audit
from roaming.egress import AddressRefused, check_url
from roaming.models import Party, Platform
from roaming.parties.keys import key_ring


class WebhookForm(forms.Form):
    """The address."""

    url = forms.CharField(label=gettext_lazy("Address"), max_length=255, widget=forms.URLInput(attrs={"placeholder": "https://"}))


def set_webhook(*, party: Party, url: str, by: str) -> str:
    """This function will store the address and return a new secret; it raises AddressRefused where no platform of the party allows it."""
    refusal: AddressRefused | None = None
    for platform in platforms_of(party):
        try:
            check_url(url=url, allowed_hosts=platform.allowed_hosts)
        except AddressRefused as refused:
            refusal = refused
            continue
        return _store(party, platform, url, by)
    raise refusal or AddressRefused("the company has no platform whose hosts are approved")


def _store(party: Party, platform: Platform, url: str, by: str) -> str:
    secret, row_key = secrets.token_urlsafe(32), uuid.uuid4()
    told = {"platform": platform, "url": url, "row_key": row_key, "set_by": by, "set_at": timezone.now()}
    sealed = key_ring().seal(token=secret, row_key=row_key)
    hook, _made = Webhook.objects.update_or_create(party=party, defaults={**told, "sealed_secret": sealed})
    write_audit(action="webhook set", by=by, subject=hook)
    return secret


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(to=Action.MANAGE_CONNECTION)
def webhook(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will show the webhook, set it, or take it away."""
    hook = Webhook.objects.filter(party=scope.party).select_related("platform").first()
    secret = ""
    form = WebhookForm(request.POST or None, initial={"url": hook.url if hook else ""})
    if request.method == "POST" and request.POST.get("do") == "remove":
        if hook is not None:
            write_audit(action="webhook removed", by=scope.user.email, subject=hook)
            hook.delete()
        messages.success(request, _("Nothing is called any more."))
        return redirect("portal:webhook")
    if request.method == "POST" and form.is_valid():
        try:
            secret = set_webhook(party=scope.party, url=form.cleaned_data["url"], by=scope.user.email)
        except AddressRefused as refusal:
            form.add_error("url", str(refusal))
        else:
            hook = Webhook.objects.filter(party=scope.party).select_related("platform").first()
    notices = StatementNotice.objects.filter(statement__party=scope.party, way=StatementNotice.Way.WEBHOOK).select_related("statement")
    return render(
        request,
        "portal/webhook.html",
        {"scope": scope, "hook": hook, "form": form, "secret": secret, "notices": notices.order_by("-pk")[:10]},
    )
