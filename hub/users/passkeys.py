"""Passkeys (WebAuthn level 2) as a second factor. The signatures are checked by Yubico's fido2; here is what is kept between two steps."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from django.db import transaction
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.users.factors import keep_flag
from hub.users.models import SecondFactor, User

Wire = Mapping[str, Any]


class PasskeyRefused(Exception):
    """The browser's answer does not belong to this hub, this question or this person."""


class NoPasskeysHere(Exception):
    """WebAuthn binds passkeys to a name; this hub was opened by a bare address."""


def can_have_passkeys(host: str) -> bool:
    """This function will tell whether passkeys work under the host (without port) by which the browser came."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def ask_for_new_passkey(*, user: User, origin: str, host: str) -> tuple[Wire, dict[str, Any]]:
    """This function will return what the browser is asked to make, and the state to keep until it answers. NoPasskeysHere."""
    options, state = _server(origin, host).register_begin(
        PublicKeyCredentialUserEntity(id=str(user.pk).encode(), name=user.email, display_name=user.name or user.email),
        credentials=_credentials(user),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return dict(options)["publicKey"], dict(state)


@transaction.atomic
def add_passkey(*, user: User, state: Wire, answer: Wire, name: str, origin: str, host: str, at: datetime) -> SecondFactor:
    """This function will keep the passkey that the browser made; it raises PasskeyRefused."""
    try:
        made = _server(origin, host).register_complete(state, answer)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise PasskeyRefused(str(wrong)) from wrong
    credential = made.credential_data
    if credential is None or SecondFactor.objects.filter(credential_id=credential.credential_id).exists():
        raise PasskeyRefused("This passkey is known already.")
    factor = SecondFactor.objects.create(
        user=user,
        kind=SecondFactor.Kind.PASSKEY,
        name=name or "Passkey",
        credential_id=credential.credential_id,
        credential=bytes(credential),
        uses=made.counter,
        used_at=at,
    )
    keep_flag(user)
    return factor


def ask_for_passkey(*, user: User, origin: str, host: str) -> tuple[Wire, dict[str, Any]]:
    """This function will return what the browser is asked to sign, and the state to keep until it answers. NoPasskeysHere."""
    options, state = _server(origin, host).authenticate_begin(_credentials(user), UserVerificationRequirement.PREFERRED)
    return dict(options)["publicKey"], dict(state)


@transaction.atomic
def check_passkey(*, user: User, state: Wire, answer: Wire, origin: str, host: str, at: datetime) -> str:
    """This function will return which passkey signed (`passkey 3`); it raises PasskeyRefused."""
    try:
        used = _server(origin, host).authenticate_complete(state, _credentials(user), answer)
        counter = AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise PasskeyRefused(str(wrong)) from wrong
    factor = SecondFactor.objects.select_for_update().get(user=user, credential_id=used.credential_id)
    # WebAuthn §6.1.1: a counter that does not grow may be a copied authenticator; those without a counter always tell zero.
    if counter and counter <= factor.uses:
        raise PasskeyRefused("This passkey was used elsewhere since: it may be a copy.")
    factor.uses, factor.used_at = counter, at
    factor.save(update_fields=["uses", "used_at"])
    return f"passkey {factor.pk}"


def _server(origin: str, host: str) -> Fido2Server:
    if not can_have_passkeys(host):
        raise NoPasskeysHere("Passkeys need a name: open this page by the hub's name instead of its number (on one machine: localhost).")
    return Fido2Server(PublicKeyCredentialRpEntity(name="Roamhouse", id=host), verify_origin=lambda told: told == origin)


def _credentials(user: User) -> list[AttestedCredentialData]:
    rows = user.second_factors.filter(kind=SecondFactor.Kind.PASSKEY).values_list("credential", flat=True)
    return [AttestedCredentialData(bytes(row)) for row in rows if row is not None]
