"""Settings every environment shares. Differences live in development.py, testing.py and production.py only.

The variables read here are the operator's interface (docs/operating.md); each has a default that works on one machine.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from csp.constants import NONCE, NONE, SELF

from hub_settings.admin_site import ADMIN_SITE
from hub_settings.log_format import logging_for
from hub_settings.schedule import TIMETABLE

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", "var"))
if not VAR_DIR.is_absolute():
    VAR_DIR = BASE_DIR / VAR_DIR

# What `make run` was started with (hub/process/configuration.py): a command in another terminal then meets the same hub.
_KEPT_ENVIRONMENT = VAR_DIR / "environment.json"
if _KEPT_ENVIRONMENT.is_file():
    for _name, _value in json.loads(_KEPT_ENVIRONMENT.read_text()).items():
        os.environ.setdefault(_name, _value)


def database_from_url(url: str) -> dict[str, Any]:
    """This function will turn `postgresql://user:secret@host:port/name` (or `?host=/socket/dir`) into Django's dictionary."""
    parts = urlparse(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "roamhouse",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": query.pop("port", None) or str(parts.port or ""),
        # Threads are fixed in number: persistent connections with a health check survive a database restart
        # (without the check one request per connection fails after it).
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "options": "-c statement_timeout=60s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s -c timezone=UTC",
            "connect_timeout": 3,
            **query,
        },
        "TEST": {"NAME": None},
    }


DATABASE_URL = os.environ.get("DATABASE_URL") or f"postgresql://roamhouse@/roamhouse?host={VAR_DIR / 'run' / 'pg'}"
REDIS_URL = os.environ.get("REDIS_URL") or f"unix://{VAR_DIR / 'run' / 'redis.sock'}"

SECRET_KEY = os.environ.get("SECRET_KEY", "")
DEBUG = False
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "8000"))
HUB_PUBLIC_URL = (os.environ.get("HUB_PUBLIC_URL") or f"http://{HOST}:{PORT}").rstrip("/")
ALLOWED_HOSTS = [urlparse(HUB_PUBLIC_URL).hostname or "127.0.0.1", "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [HUB_PUBLIC_URL]

# The hub as a party of its own: country code and party id (`DE-HUB`).
HUB_PARTY = os.environ.get("HUB_PARTY", "DE-HUB")
HUB_KEYS_FILE = Path(os.environ.get("HUB_KEYS_FILE") or VAR_DIR / "keys.json")
HUB_ALLOW_PRIVATE_TARGETS = os.environ.get("HUB_ALLOW_PRIVATE_TARGETS", "") == "1"
AUTHORIZE_DEADLINE_SECONDS = float(os.environ.get("AUTHORIZE_DEADLINE_SECONDS", "5"))
# How old the routing table in process memory may be before its stamp is compared: a revocation is in force this soon.
DIRECTORY_CHECK_SECONDS = 1.0
# Exchanges are written in batches by a thread of each process.
EXCHANGES_IN_BACKGROUND = True
LIVENESS_SECONDS = float(os.environ.get("LIVENESS_SECONDS", "300"))
HUB_PROXY_SECRET = os.environ.get("HUB_PROXY_SECRET", "")
# What an agreement that partners make between themselves costs them per CDR, half each.
HUB_STANDARD_FEE = os.environ.get("HUB_STANDARD_FEE", "0.10")
HUB_STANDARD_FEE_CURRENCY = os.environ.get("HUB_STANDARD_FEE_CURRENCY", "EUR")
# Whether an e-invoice may rest on presumptions (`presumed`: that a buyer resells, that a VAT id is right) or not (`required`).
HUB_TAX_PROOF = os.environ.get("HUB_TAX_PROOF", "presumed")
HUB_RATE_LIMITS = os.environ.get("HUB_RATE_LIMITS", "on") != "off"
DOCUMENTS_DIR = VAR_DIR / "documents"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "axes",
    "csp",
    "hub",
    "roaming",
    "settlement",
]

MIDDLEWARE = [
    # Partners' requests go past everything below, which is for people's browsers, and are matched by their path as it was sent.
    "roaming.protocols.entrance.Entrance",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hub.content_policy.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hub.users.door.Door",
    "hub.personal.Personal",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

# OCPI requests are never answered with a redirect: a 301 turns a POST into a GET in many clients.
APPEND_SLASH = False
ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database_from_url(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

AUTH_USER_MODEL = "hub.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "hub.users.backend.StaffRoleBackend",
]
# NIST SP 800-63B-4: 15 characters where a password stands alone; `given`: what create_user takes.
PASSWORD_LENGTH_ALONE = PASSWORD_LENGTH_GIVEN = 15
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "hub.users.passwords.LongEnough"},
    {"NAME": "hub.users.passwords.NotAmongTheFirst"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "/portal/login/"
LOGIN_REDIRECT_URL = "/portal/"
LOGOUT_REDIRECT_URL = "/"
# Whether people of the hub must show a second factor: `required` or `optional`. Production takes nothing but `required`.
HUB_STAFF_SECOND_FACTOR = os.environ.get("HUB_STAFF_SECOND_FACTOR", "optional")
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # of an invitation
SESSION_COOKIE_AGE = 8 * 3600  # from the login on, whatever happens (reliability T23)
SESSION_IDLE_SECONDS = 1800
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AXES_FAILURE_LIMIT = 6
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = 0.25  # hours
# Guesses at one e-mail count together however its letters are written.
AXES_USERNAME_CALLABLE = "hub.users.lockout.counted_name"
AXES_LOCKOUT_CALLABLE = "hub.users.lockout.answer"
AXES_CLIENT_IP_CALLABLE = "hub.users.lockout.client_address"
AXES_ENABLE_ADMIN = False  # a locked person is let in again from the person's own page

# Nothing is loaded from elsewhere and nothing inline runs; /admin/ needs two words more (hub/content_policy.py).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
UNFOLD = ADMIN_SITE

# `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. Without it letters are files in VAR_DIR/mail, for one machine.
_MAIL = urlparse(os.environ.get("EMAIL_URL", ""))
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _MAIL.hostname else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_HOST, EMAIL_PORT = _MAIL.hostname or "", _MAIL.port or (465 if _MAIL.scheme == "smtps" else 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.scheme == "smtps", _MAIL.scheme == "smtp"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("HUB_MAIL_FROM") or f"Roamhouse <no-reply@{urlparse(HUB_PUBLIC_URL).hostname}>"

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "templates" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

# Net of one held CDR, in its own currency: what an analyst may release, and above what two people do (clearing §3.2).
HUB_RELEASE_ANALYST = Decimal(os.environ.get("HUB_RELEASE_ANALYST", "500"))
HUB_RELEASE_ALONE = Decimal(os.environ.get("HUB_RELEASE_ALONE", "10000"))
HUB_API_RATE = os.environ.get("HUB_API_RATE", "120/min")  # of one key of the read API

# Celery carries ids only; PostgreSQL holds the work. A lost message costs a minute, never a record.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://") if REDIS_URL.startswith("unix://") else REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 1500
CELERY_TASK_SOFT_TIME_LIMIT = 1400
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    # kombu looks for lost tasks every interval × throttle seconds; the defaults (10 × 10) make a killed worker's task wait 100 s.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = TIMETABLE

LOGGING = logging_for(VAR_DIR)
