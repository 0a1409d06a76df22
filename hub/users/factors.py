"""Second factors: adding and taking away, and checking a code. The codes of an app are RFC 6238; recovery codes count once.

Five wrong codes lock the person's codes for a quarter of an hour: six digits are guessed in 330,000 tries on average, not in five.
"""

import base64
import secrets
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import transaction

from hub.users.models import RecoveryCode, SecondFactor, User
from roaming.parties.keys import key_ring

STEP_SECONDS = 30
RECOVERY_CODES = 10
_WRONG_CODES = 5
_LOCKED_FOR = timedelta(minutes=15)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike


class WrongCode(Exception):
    """The code belongs to none of the person's factors, or was used before."""


class TooManyWrongCodes(Exception):
    """Too many wrong codes: none is looked at for a while."""


def make_app_secret() -> str:
    """This function will return a fresh secret for an authenticator app: 160 random bits in base32 (RFC 4226 §4)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def app_address(*, secret: str, email: str) -> str:
    """This function will return the `otpauth://` address that an authenticator app reads as a QR code."""
    return _totp(secret).get_provisioning_uri(email, "Roamhouse")


@transaction.atomic
def add_app(*, user: User, secret: str, code: str, name: str, at: datetime) -> SecondFactor:
    """This function will keep an authenticator app once it showed the right code; it raises WrongCode."""
    step = _step_of(secret, code, at)
    if step is None:
        raise WrongCode("The app shows another code by now, or its clock is wrong by more than half a minute.")
    factor = SecondFactor(user=user, kind=SecondFactor.Kind.APP, name=name or "Authenticator app", latest_step=step, used_at=at)
    factor.sealed_secret = key_ring().seal(token=secret, row_key=factor.row_key)
    factor.save()
    keep_flag(user)
    return factor


@transaction.atomic
def remove_factor(*, factor: SecondFactor) -> None:
    """This function will take a factor away; with the last one go the recovery codes."""
    user = factor.user
    factor.delete()
    keep_flag(user)
    if not user.has_second_factor:
        user.recovery_codes.all().delete()


@transaction.atomic
def forget_factors(*, user: User) -> None:
    """This function will take every factor and recovery code of a person away, who lost the phone."""
    user.second_factors.all().delete()
    user.recovery_codes.all().delete()
    keep_flag(user)


@transaction.atomic
def make_recovery_codes(*, user: User) -> list[str]:
    """This function will replace a person's recovery codes and return the new ones, which nobody can read again."""
    user.recovery_codes.all().delete()
    codes = ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, code_hash=_hash(code)) for code in codes])
    return codes


def check_code(*, user: User, code: str, at: datetime) -> str:
    """This function will return what the code belongs to (`app 3`, `recovery code`) and use it up.

    It raises WrongCode and TooManyWrongCodes; wrong codes are counted per person, whatever address they come from.
    """
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        is_recent = person.wrong_code_at is not None and person.wrong_code_at > at - _LOCKED_FOR
        if is_recent and person.wrong_codes >= _WRONG_CODES:
            raise TooManyWrongCodes("Too many wrong codes. Try again in a quarter of an hour.")
        found = _use_app(person, code, at) or _use_recovery_code(person, code, at)
        person.wrong_codes, person.wrong_code_at = (0, None) if found else ((person.wrong_codes if is_recent else 0) + 1, at)
        person.save(update_fields=["wrong_codes", "wrong_code_at"])
    if not found:
        raise WrongCode("This code is wrong, or was used before.")
    return found


def keep_flag(user: User) -> None:
    """This function will keep `has_second_factor` true to the rows."""
    user.has_second_factor = user.second_factors.exists()
    user.save(update_fields=["has_second_factor"])


def _use_app(user: User, code: str, at: datetime) -> str:
    for factor in user.second_factors.filter(kind=SecondFactor.Kind.APP):
        step = _step_of(key_ring().open(sealed=bytes(factor.sealed_secret or b""), row_key=factor.row_key), code, at)
        if step is not None and step > factor.latest_step:
            factor.latest_step, factor.used_at = step, at
            factor.save(update_fields=["latest_step", "used_at"])
            return f"app {factor.pk}"
    return ""


def _use_recovery_code(user: User, code: str, at: datetime) -> str:
    used = user.recovery_codes.filter(code_hash=_hash(code), used_at=None).update(used_at=at)
    return "recovery code" if used else ""


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step whose code it is: the one of now, or its neighbours (RFC 6238 §5.2: a clock may be off by one step)."""
    given = "".join(code.split())
    if len(given) != 6 or not given.isascii() or not given.isdecimal():
        return None
    now = int(at.timestamp()) // STEP_SECONDS
    totp = _totp(secret)
    return next(
        (step for step in (now, now - 1, now + 1) if secrets.compare_digest(totp.generate(step * STEP_SECONDS), given.encode())), None
    )


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), 6, SHA1(), STEP_SECONDS)  # noqa: S303  (what authenticator apps understand)


def _hash(code: str) -> str:
    return key_ring().fingerprint("".join(sign for sign in code.lower() if sign.isalnum()))
