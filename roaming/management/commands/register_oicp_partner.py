"""register_oicp_partner: pin the TLS certificate of an OICP partner and set the base URLs of its services."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from roaming.egress.addresses import check_url
from roaming.egress.calls import AddressRefused
from roaming.management.operator_command import OperatorCommand, Refused, WrongUsage
from roaming.parties.certificates import (
    SERVICES,
    CertificateTaken,
    NotAFingerprint,
    NotAnOicpPartner,
    register_oicp_partner,
)
from roaming.parties.models import Endpoint, PartnerCertificate, Platform


class Command(OperatorCommand):
    """May be called again: it adds a certificate, and changes only the addresses given."""

    help = "Pins the client certificate of an OICP partner and sets its base URLs."
    refusals = (CertificateTaken, NotAFingerprint, NotAnOicpPartner)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--platform", type=int, required=True, help="The platform that invite_platform --protocol oicp made.")
        parser.add_argument("--certificate-sha256", required=True, metavar="HEX", help="SHA-256 of the certificate in DER, 64 hex digits.")
        parser.add_argument("--certificate-expires", metavar="INSTANT", help="When it expires; told in advance on the connection page.")
        for service in SERVICES:
            parser.add_argument(f"--{service}-url", metavar="URL", help=f"Base URL of the partner's {service} service; may hold a path.")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will pin and set, and return the partner as it stands."""
        platform = Platform.objects.filter(id=options["platform"]).first()
        if platform is None:
            raise Refused(f"there is no platform {options['platform']}")
        urls = {service: options[f"{service}_url"].rstrip("/") for service in SERVICES if options[f"{service}_url"]}
        for service, url in urls.items():
            try:
                check_url(url=url, allowed_hosts=platform.allowed_hosts)
            except AddressRefused as refused:
                raise Refused(f"--{service}-url: {refused}") from refused
        register_oicp_partner(
            platform=platform,
            sha256=options["certificate_sha256"],
            urls=urls,
            at=timezone.now(),
            not_after=_instant(options["certificate_expires"]),
        )
        return _describe(platform)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = parse_datetime(text)
    if instant is None or instant.tzinfo is None:
        raise WrongUsage("--certificate-expires: expected an instant like 2027-10-01T00:00:00Z")
    return instant


def _describe(platform: Platform) -> dict[str, Any]:
    platform.refresh_from_db()
    urls = {(row.module, row.interface): row.url for row in Endpoint.objects.filter(platform=platform)}
    return {
        "platform": platform.id,
        "name": platform.name,
        "status": platform.state,
        "certificates": list(
            PartnerCertificate.objects.filter(platform=platform, revoked_at=None).order_by("id").values_list("sha256", flat=True)
        ),
        "parties": platform.profile["oicp"]["direct"],
        **{f"{service}_url": urls.get(doors[0]) for service, doors in SERVICES.items()},
    }
