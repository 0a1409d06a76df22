"""Secrets between the hub and its partners: made, kept, rotated, ended. No function here returns a token twice."""

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import Q, QuerySet

from roaming.parties import directory
from roaming.parties.keys import key_ring
from roaming.parties.models import Credential

# How long the former token still opens after a rotation, if the new one is never used (reliability §4, PUT credentials).
GRACE = timedelta(hours=24)
# OCPI 2.2.1, credentials §Credentials object: at most 64 printable ASCII characters. 32 random bytes give 43.
_TOKEN_BYTES = 32
_LONGEST_TOKEN = 64


class TokenNotPrintable(Exception):
    """A partner's token is empty, longer than 64 characters or not printable ASCII without blanks (OCPI 2.2.1, credentials)."""


class Identified(Protocol):
    """Whatever stands for a platform: its row, or its entry in the directory."""

    @property
    def id(self) -> int:
        """The platform's row."""


def issue_inbound_token(*, platform: Identified, kind: Credential.Kind, at: datetime, expires_at: datetime | None = None) -> str:
    """This function will make a token that the platform shows to the hub, and return it: it is stored as a keyed hash only."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    Credential.objects.create(
        platform_id=platform.id,
        direction=Credential.Direction.INBOUND,
        kind=kind,
        token_hash=key_ring().fingerprint(token),
        row_key=uuid.uuid4(),
        created_at=at,
        expires_at=expires_at,
    )
    directory.changed()
    return token


def rotate_inbound_token(*, platform: Identified, at: datetime) -> str:
    """This function will make the platform's next token C; the former opens until the new one is used, at most 24 hours.

    At most two inbound tokens are valid per platform: whatever is older than the former ends now (reliability §2.1).
    """
    valid = _valid_inbound(platform.id, at)
    sessions = valid.filter(kind=Credential.Kind.SESSION)
    # The one the partner surely holds. A token made at an earlier try whose answer was lost was never used, and ends here.
    former = sessions.exclude(first_used_at=None).order_by("-id").first() or sessions.order_by("-id").first()
    (valid.exclude(id=former.id) if former else valid).update(expires_at=at)
    if former is not None:
        Credential.objects.filter(id=former.id).filter(Q(expires_at=None) | Q(expires_at__gt=at + GRACE)).update(expires_at=at + GRACE)
    return issue_inbound_token(platform=platform, kind=Credential.Kind.SESSION, at=at)


def record_first_use(*, credential_id: int, at: datetime) -> None:
    """This function will end every older inbound token of the platform once a new one was used: the partner surely holds it now."""
    if not Credential.objects.filter(id=credential_id, first_used_at=None).update(first_used_at=at):
        return
    used = Credential.objects.get(id=credential_id)
    if used.kind == Credential.Kind.SESSION:
        _valid_inbound(used.platform_id, at).filter(id__lt=used.id).update(expires_at=at)
    directory.changed()


def store_outbound_token(*, platform: Identified, token: str, at: datetime) -> None:
    """This function will keep the token that the hub shows to the platform, encrypted for its row, in place of the former one.

    It raises TokenNotPrintable.
    """
    if not token or len(token) > _LONGEST_TOKEN or any(not "!" <= letter <= "~" for letter in token):
        raise TokenNotPrintable("token must be 1 to 64 printable ASCII characters without blanks")
    row_key = uuid.uuid4()
    former = list(Credential.objects.filter(platform_id=platform.id, direction=Credential.Direction.OUTBOUND).values_list("id", flat=True))
    Credential.objects.create(
        platform_id=platform.id,
        direction=Credential.Direction.OUTBOUND,
        sealed_token=key_ring().seal(token=token, row_key=row_key),
        row_key=row_key,
        created_at=at,
    )
    Credential.objects.filter(id__in=former).delete()
    directory.changed()


def revoke_credentials(*, platform: Identified, at: datetime) -> None:
    """This function will end every secret between the hub and the platform, in both directions, within a second everywhere."""
    _valid_inbound(platform.id, at).update(expires_at=at)
    Credential.objects.filter(platform_id=platform.id, direction=Credential.Direction.OUTBOUND).delete()
    directory.changed()


def revoke_inbound_tokens(*, platform: Identified, at: datetime) -> None:
    """This function will end every token that the platform may show to the hub."""
    _valid_inbound(platform.id, at).update(expires_at=at)
    directory.changed()


def _valid_inbound(platform_id: int, at: datetime) -> QuerySet[Credential]:
    return Credential.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at), platform_id=platform_id, direction=Credential.Direction.INBOUND
    )
