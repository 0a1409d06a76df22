"""One operator and one provider, connected and in agreement, as the operator's commands would make them."""

import base64
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils import timezone

from roaming import canonical
from roaming.parties.agreements import sign_agreement
from roaming.parties.invite import invite_platform
from roaming.parties.models import Credential
from roaming.parties.register import complete_registration
from roaming.tokens.receive import put_token

OPERATOR = canonical.PartyId("DE", "ALF")
PROVIDER = canonical.PartyId("NL", "BET")
ASKED_UID = "0123456789ABCD"  # whitelist NEVER: the provider is asked
KNOWN_UID = "FEDCBA98765432"  # whitelist ALWAYS: the hub decides
CONTRACT = "NLBETC12345678"


@dataclass(frozen=True)
class Partners:
    """The two tokens that the platforms show to the hub."""

    operator_token: str
    provider_token: str

    @property
    def operator_header(self) -> str:
        """What the operator sends as Authorization (OCPI 2.2.1: Base64)."""
        return "Token " + base64.b64encode(self.operator_token.encode()).decode()


def connect_partners(*, provider_port: int) -> Partners:
    """This function will store both platforms, their endpoints, an agreement and two tokens."""
    at = timezone.now()
    operator = invite_platform(
        name="Alfa", parties=[(canonical.Role.CPO, OPERATOR)], protocol="ocpi", allowed_hosts=[f"127.0.0.1:{provider_port}"], at=at
    )
    provider = invite_platform(
        name="Beta", parties=[(canonical.Role.EMSP, PROVIDER)], protocol="ocpi", allowed_hosts=[f"127.0.0.1:{provider_port}"], at=at
    )
    base = f"http://127.0.0.1:{provider_port}/ocpi/2.2.1"
    operator_sides = {"locations": "SENDER", "sessions": "SENDER", "cdrs": "SENDER", "tariffs": "SENDER", "tokens": "RECEIVER"}
    provider_sides = {module: "RECEIVER" if side == "SENDER" else "SENDER" for module, side in operator_sides.items()}
    tokens = [
        complete_registration(
            platform=invitation.platform,
            version="2.2.1",
            versions_url=f"http://127.0.0.1:{provider_port}/ocpi/versions",
            endpoints=[(module, side, f"{base}/{module}") for module, side in sides.items()],
            outbound_token="outbound-token-of-the-bench",
            at=at,
        )
        for invitation, sides in ((operator, operator_sides), (provider, provider_sides))
    ]
    sign_agreement(operator=OPERATOR, provider=PROVIDER, starts=date(2026, 1, 1), ends=None, modules=[], at=at)
    for uid, whitelist in ((ASKED_UID, canonical.Whitelist.NEVER), (KNOWN_UID, canonical.Whitelist.ALWAYS)):
        put_token(
            token=canonical.Token(
                country_code=PROVIDER.country_code,
                party_id=PROVIDER.party_id,
                uid=uid,
                type="RFID",
                contract_id=CONTRACT,
                issuer="Beta",
                valid=True,
                whitelist=whitelist,
                last_updated=datetime(2026, 10, 1, 10, tzinfo=UTC),
            ),
            audience=None,
            at=at,
            correlation_id="bench",
        )
    # As if they had called before: a token's first use is Django's to note, once.
    Credential.objects.filter(first_used_at=None).update(first_used_at=at)
    return Partners(operator_token=tokens[0], provider_token=tokens[1])
