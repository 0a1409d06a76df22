"""Certificates of OICP partners: pinned by SHA-256, several per partner, so that one can be renewed while the other works (oicp §4.1)."""

import re
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from roaming.parties import directory
from roaming.parties.models import Endpoint, PartnerCertificate, PartyRole, Platform

# Which doors of a partner a base URL opens, in the words of the routing table: (module, interface) per side.
SERVICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "authorization": (("tokens", "SENDER"), ("commands", "RECEIVER")),
    "reservation": (("reservations", "RECEIVER"),),
    "cdr": (("cdrs", "RECEIVER"),),
    "notification": (("sessions", "RECEIVER"),),
}
VERSION = "2.3"
_OPERATOR_ROLE = "CPO"


class NotAFingerprint(Exception):
    """The text is not a SHA-256 in 64 hex digits."""


class CertificateTaken(Exception):
    """The certificate belongs to another platform: it must name one partner."""


class NotAnOicpPartner(Exception):
    """The platform was not invited as an OICP partner."""


@transaction.atomic
def register_oicp_partner(
    *, platform: Platform, sha256: str, urls: Mapping[str, str], at: datetime, not_after: datetime | None = None
) -> PartnerCertificate:
    """This function will pin a certificate and set the base URLs given, by service; what is not given stays as it was.

    The first party invited in each role is the direct partner, the others its sub-partners. It raises NotAFingerprint,
    CertificateTaken and NotAnOicpPartner.
    """
    fingerprint = sha256.replace(":", "").strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", fingerprint):
        raise NotAFingerprint("certificate-sha256: expected 64 hex digits")
    platform = Platform.objects.select_for_update().get(id=platform.id)
    if platform.protocol != Platform.Protocol.OICP:
        raise NotAnOicpPartner(f"platform {platform.id} speaks {platform.protocol}: invite it with --protocol oicp")
    certificate, _ = PartnerCertificate.objects.get_or_create(sha256=fingerprint, defaults={"platform": platform, "added_at": at})
    if certificate.platform_id != platform.id:
        raise CertificateTaken(f"the certificate belongs to platform {certificate.platform_id}")
    certificate.revoked_at = None
    certificate.not_after = not_after or certificate.not_after
    certificate.save(update_fields=["revoked_at", "not_after"])
    _set_urls(platform, urls)
    platform.profile = {**platform.profile, "oicp": {**platform.profile.get("oicp", {}), "direct": _direct_parties(platform)}}
    platform.version = VERSION
    if platform.status != Platform.Status.SUSPENDED:
        platform.status = Platform.Status.CONNECTED
    platform.status_changed_at = at
    platform.save(update_fields=["profile", "version", "status", "status_changed_at"])
    directory.changed()
    return certificate


def revoke_certificate(*, sha256: str, at: datetime) -> None:
    """This function will end a certificate; it opens nothing within a second."""
    PartnerCertificate.objects.filter(sha256=sha256.lower(), revoked_at=None).update(revoked_at=at)
    directory.changed()


def _set_urls(platform: Platform, urls: Mapping[str, str]) -> None:
    for service, url in urls.items():
        for module, interface in SERVICES[service]:
            Endpoint.objects.update_or_create(platform=platform, module=module, interface=interface, defaults={"url": url})


def _direct_parties(platform: Platform) -> dict[str, str]:
    direct: dict[str, str] = {}
    for role in PartyRole.objects.filter(platform=platform).select_related("party").order_by("id"):
        side = "operator" if role.role == _OPERATOR_ROLE else "provider"
        direct.setdefault(side, str(role.party.key))
    return direct
