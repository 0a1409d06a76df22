"""Production: refuses to start, with a sentence that says what is missing, where a secret is unset or unsafe."""

import os

from django.core.exceptions import ImproperlyConfigured

from hub_settings.base import *  # noqa: F403  (settings are inherited by design)
from hub_settings.base import ALLOWED_HOSTS, HUB_ALLOW_PRIVATE_TARGETS, HUB_PUBLIC_URL, HUB_RATE_LIMITS, SECRET_KEY


def _refuse_unsafe() -> None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "HUB_PUBLIC_URL", "HUB_KEYS_FILE") if not os.environ.get(name)]
    if missing:
        raise ImproperlyConfigured(
            f"Production needs {', '.join(missing)}: set {'it' if len(missing) == 1 else 'them'} in the environment."
        )
    if len(SECRET_KEY) < 32:
        raise ImproperlyConfigured(
            "SECRET_KEY is shorter than 32 characters: make one with `python -c 'import secrets; print(secrets.token_urlsafe(48))'`."
        )
    if not HUB_PUBLIC_URL.startswith("https://"):
        raise ImproperlyConfigured("HUB_PUBLIC_URL must start with https:// : partners send their tokens to it.")
    if HUB_ALLOW_PRIVATE_TARGETS:
        raise ImproperlyConfigured("HUB_ALLOW_PRIVATE_TARGETS=1 would let partners point the hub at your own network: unset it.")
    if not HUB_RATE_LIMITS:
        raise ImproperlyConfigured("HUB_RATE_LIMITS=off is for benchmarks only: unset it.")
    if os.environ.get("HUB_STAFF_SECOND_FACTOR", "required") != "required":
        raise ImproperlyConfigured("HUB_STAFF_SECOND_FACTOR: in production people of the hub log in with a second factor; unset it.")


_refuse_unsafe()

HUB_STAFF_SECOND_FACTOR = "required"

ALLOWED_HOSTS = [*ALLOWED_HOSTS, *filter(None, os.environ.get("EXTRA_HOSTS", "").split(","))]
HUB_TAX_PROOF = os.environ.get("HUB_TAX_PROOF", "required")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
