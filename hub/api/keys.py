"""Keys of the read API: made in the portal by the people who may see statements, shown once, kept as a keyed hash."""

import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from hub.portal.models import ApiKey
from roaming.models import Party
from roaming.parties.keys import key_ring

# A use is written down once in this time, not at every request.
_NOTED = timedelta(minutes=5)


def make_key(*, party: Party, name: str, by: str, at: datetime) -> str:
    """This function will make a key and return it, this once: `rh_` and 256 random bits."""
    key = f"rh_{secrets.token_urlsafe(32)}"
    ApiKey.objects.create(party=party, name=name[:60], fingerprint=key_ring().fingerprint(key), made_by=by, made_at=at)
    return key


def end_key(*, key: ApiKey, at: datetime) -> None:
    """This function will end a key: it opens nothing from now on."""
    ApiKey.objects.filter(pk=key.pk, ended_at=None).update(ended_at=at)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer rh_…`; the request then belongs to the party of the key."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None] | None:
        """This method will return the key, None without one, and raise AuthenticationFailed for a wrong one."""
        scheme, _, told = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = ApiKey.objects.select_related("party").filter(fingerprint=key_ring().fingerprint(told.strip()), ended_at=None).first()
        if found is None:
            raise AuthenticationFailed("the key is unknown or was ended")
        now = timezone.now()
        ApiKey.objects.filter(Q(used_at=None) | Q(used_at__lt=now - _NOTED), pk=found.pk).update(used_at=now)
        return found, None

    def authenticate_header(self, request: Request) -> str:
        """This method will ask for a key (HTTP 401)."""
        return 'Bearer realm="Roamhouse"'


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself by being declared
    """How OpenAPI says it."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """This method will describe the key."""
        return {"type": "http", "scheme": "bearer", "description": "A key of your company, made in the portal under Connection › API."}
