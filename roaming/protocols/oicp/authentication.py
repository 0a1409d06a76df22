"""Who calls: the partner whose certificate the TLS-terminating proxy saw, named by its SHA-256 (oicp §4.1).

The proxy's headers are believed only beside its secret: what comes from outside under these names proves nothing.
"""

import hashlib
import hmac
import logging
import re
import ssl
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import unquote

from django.conf import settings

from roaming.canonical import PartyId
from roaming.parties.directory import Directory, PlatformEntry
from roaming.parties.snapshot import Certificate
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.identifiers import party_key, read_party
from roaming.protocols.oicp.refusals import NotAuthorized, OicpRefusal
from roaming.routing.sides import Side

logger = logging.getLogger(__name__)

_NOTICE = timedelta(days=30)
_warned: dict[str, date] = {}

SECRET = "HTTP_X_PROXY_SECRET"  # noqa: S105  (the name of a header)
FINGERPRINT = "HTTP_X_CLIENT_CERTIFICATE_SHA256"
CERTIFICATE = "HTTP_X_CLIENT_CERTIFICATE"  # the certificate itself, percent-encoded PEM, from proxies that know no SHA-256


def authenticate(*, meta: Mapping[str, str], directory: Directory, at: datetime) -> PlatformEntry:
    """This function will return the platform whose certificate was shown; it raises NotAuthorized."""
    fingerprint = _fingerprint(meta)
    certificate = directory.find_certificate(fingerprint) if fingerprint else None
    platform = directory.platform(certificate.platform_id) if certificate else None
    if certificate is None or platform is None or platform.protocol != "oicp":
        raise NotAuthorized("a client certificate of a registered partner is needed")
    if certificate.not_after is not None and certificate.not_after <= at:
        raise NotAuthorized("the client certificate has expired")
    _warn_before_it_ends(certificate, at)
    return platform


def _warn_before_it_ends(certificate: Certificate, at: datetime) -> None:
    """This function will say once a day and process that a certificate in use ends within a month."""
    if certificate.not_after is None or certificate.not_after - at > _NOTICE or _warned.get(certificate.sha256) == at.date():
        return
    _warned[certificate.sha256] = at.date()
    days = (certificate.not_after - at).days
    logger.warning("a partner's certificate is about to expire", extra={"platform": certificate.platform_id, "days": days})


def direct_party(platform: PlatformEntry, side: Side) -> PartyId | None:
    """This function will return the party of that side that holds the connection; the others are its sub-partners."""
    told = platform.profile.get("oicp", {}).get("direct", {}).get(side.value)
    return PartyId.parse(told) if told else None


def resolve(*, text: str, side: Side, caller: PlatformEntry, directory: Directory) -> PartyId:
    """This function will return the party that an id of the path names; it raises OicpRefusal 300 or 017.

    A stranger is 300, another partner 017: the id must be the direct party of the caller's own connection (oicp §5.0).
    """
    own = direct_party(caller, side)
    named = read_party(text) or _alias(text, caller)
    if named is None or (directory.platform_on_side(named, side) is None and named != own):
        raise OicpRefusal(statuses.PARTNER_NOT_FOUND, f"{text} is not known as {side}")
    if named != own:
        raise NotAuthorized(f"{text} is not the partner of this certificate")
    if not caller.is_routable:
        raise NotAuthorized("the partner is locked")
    return named


def check_body_id(*, text: str | None, party: PartyId, caller: PlatformEntry) -> None:
    """This function will raise NotAuthorized where the id in the body is not the path's, in whatever spelling."""
    if text is not None and (read_party(text) or _alias(text, caller)) != party:
        raise NotAuthorized(f"{text} in the body is not {party} of the path")


def _alias(text: str, platform: PlatformEntry) -> PartyId | None:
    # DIN ids (`+49*536`) have no form in OCPI: the operator's party is told in the partner's profile (oicp §6.0).
    told = platform.profile.get("oicp", {}).get("aliases", {}).get(party_key(text))
    return PartyId.parse(told) if told else None


def _fingerprint(meta: Mapping[str, str]) -> str:
    secret = settings.HUB_PROXY_SECRET
    if not secret or not hmac.compare_digest(meta.get(SECRET, "").encode(), secret.encode()):
        return ""
    told = meta.get(FINGERPRINT, "").strip()
    if told:
        return told if re.fullmatch(r"[0-9a-f]{64}", told) else ""
    return _hash(meta.get(CERTIFICATE, ""))


def _hash(escaped: str) -> str:
    if not escaped:
        return ""
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(unquote(escaped).strip())).hexdigest()
    except ValueError:
        return ""
