"""How a party's platform shows who it is: its tokens and certificates, when they end, and new ones."""

from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from hub.portal.connection import platforms_of
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming.audit.write import write_audit
from roaming.models import Credential, PartnerCertificate, Platform
from roaming.parties.certificates import CertificateTaken, NotAFingerprint, NotAnOicpPartner, register_oicp_partner, revoke_certificate
from roaming.parties.credentials import rotate_inbound_token

_LONGEST_PEM = 16 * 1024
# A certificate that ends sooner is pointed out.
_SOON = timedelta(days=30)


class UnreadableCertificate(ValueError):
    """The text is no certificate in PEM, or one that is not valid now."""


class CertificateForm(forms.Form):
    """A certificate to pin."""

    pem = forms.CharField(
        label=gettext_lazy("Certificate (PEM)"),
        max_length=_LONGEST_PEM,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "placeholder": "-----BEGIN CERTIFICATE-----"}),
    )


def read_certificate(*, pem: str, at: datetime) -> tuple[str, datetime]:
    """This function will return SHA-256 (of the DER form, hex) and expiry of a certificate; it raises UnreadableCertificate."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.strip().encode("ascii"))
    except (ValueError, UnicodeEncodeError) as wrong:
        raise UnreadableCertificate(_("This is no certificate in PEM form.")) from wrong
    if certificate.not_valid_after_utc <= at:
        raise UnreadableCertificate(_("This certificate has expired."))
    return certificate.fingerprint(hashes.SHA256()).hex(), certificate.not_valid_after_utc


def governs(scope: Scope, platform: Platform) -> bool:
    """This function will tell whether the person may change how a platform logs in: only who manages every company on it."""
    managed = set(scope.parties(to=Action.MANAGE_CONNECTION).values_list("pk", flat=True))
    return managed >= {role.party_id for role in platform.party_roles.all()}


@require_safe
@portal_page(to=Action.SEE_OWN_CONNECTION)
def access(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will show the tokens and certificates of the party's platforms."""
    return _show(request, scope)


def _show(request: HttpRequest, scope: Scope, **more: Any) -> HttpResponse:
    now = timezone.now()
    rows = []
    for platform in platforms_of(scope.party).prefetch_related("party_roles"):
        inbound = Credential.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), platform=platform, direction="in")
        rows.append(
            {
                "platform": platform,
                "tokens": inbound.order_by("-pk"),
                "certificates": platform.certificates.filter(revoked_at=None).order_by("not_after", "pk"),
                "may_change": scope.rights["manage_connection"] and governs(scope, platform),
            }
        )
    form = more.pop("form", CertificateForm())
    return render(request, "portal/access.html", {"scope": scope, "rows": rows, "form": form, "now": now, "soon": now + _SOON, **more})


@require_POST
@portal_page(to=Action.MANAGE_CONNECTION)
def rotate(request: HttpRequest, scope: Scope, platform_id: int) -> HttpResponse:
    """This function will make the next token and show it once; the former opens until the new one is used, at most a day."""
    platform = _own(scope, platform_id)
    if platform is None or platform.protocol != Platform.Protocol.OCPI or not platform.version:
        messages.warning(request, _("Only a registered OCPI platform of your companies alone can be given a new token here."))
        return redirect("portal:access")
    token = rotate_inbound_token(platform=platform, at=timezone.now())
    write_audit(action="token rotated", by=scope.user.email, subject=platform)
    return _show(request, scope, new_token=token, new_token_of=platform)


@require_POST
@portal_page(to=Action.MANAGE_CONNECTION)
def add_certificate(request: HttpRequest, scope: Scope, platform_id: int) -> HttpResponse:
    """This function will pin one more certificate of an OICP platform, so that it can be renewed while the other works."""
    platform = _own(scope, platform_id)
    form = CertificateForm(request.POST)
    if platform is None:
        messages.warning(request, _("Another company shares this platform: ask your contact at the hub."))
        return redirect("portal:access")
    if not form.is_valid():
        return _show(request, scope, form=form)
    try:
        sha256, not_after = read_certificate(pem=form.cleaned_data["pem"], at=timezone.now())
        certificate = register_oicp_partner(platform=platform, sha256=sha256, urls={}, at=timezone.now(), not_after=not_after)
    except (UnreadableCertificate, NotAFingerprint, CertificateTaken, NotAnOicpPartner) as refusal:
        form.add_error("pem", str(refusal))
        return _show(request, scope, form=form)
    write_audit(action="certificate pinned", by=scope.user.email, subject=certificate)
    messages.success(request, _("The certificate is pinned."))
    return redirect("portal:access")


@require_POST
@portal_page(to=Action.MANAGE_CONNECTION)
def end_certificate(request: HttpRequest, scope: Scope, certificate_id: int) -> HttpResponse:
    """This function will end a certificate, but never the only one: the partner would lock itself out."""
    certificate = get_object_or_404(PartnerCertificate, pk=certificate_id, platform__in=platforms_of(scope.party), revoked_at=None)
    alone = not certificate.platform.certificates.filter(revoked_at=None).exclude(pk=certificate.pk).exists()
    if not governs(scope, certificate.platform) or alone:
        messages.warning(request, _("The only certificate of a platform is not ended here: pin the next one first."))
        return redirect("portal:access")
    revoke_certificate(sha256=certificate.sha256, at=timezone.now())
    write_audit(action="certificate ended", by=scope.user.email, subject=certificate)
    messages.success(request, _("The certificate opens nothing any more."))
    return redirect("portal:access")


def _own(scope: Scope, platform_id: int) -> Platform | None:
    platform = get_object_or_404(platforms_of(scope.party).prefetch_related("party_roles"), pk=platform_id)
    return platform if governs(scope, platform) else None
