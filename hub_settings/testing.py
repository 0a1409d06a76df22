"""The test suite: a throw-away PostgreSQL and Redis of its own (tests/conftest.py), partners on loopback."""

from hub_settings.base import *  # noqa: F403  (settings are inherited by design)

SECRET_KEY = "only-for-tests"  # noqa: S105  (nothing outside the suite is signed with it)
HUB_ALLOW_PRIVATE_TARGETS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False
DIRECTORY_CHECK_SECONDS = 0.0  # each test rolls its parties back: compare the stamp at every call
EXCHANGES_IN_BACKGROUND = False  # written when a test calls exchanges.record.flush(), inside its own transaction
