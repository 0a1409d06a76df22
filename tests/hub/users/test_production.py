"""Production's settings, read as they stand: cookies that no other host and no script can touch, and no way round the second factor."""

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

SAFE = {
    "DATABASE_URL": "postgresql://hub@db/hub",
    "REDIS_URL": "redis://cache:6379/0",
    "SECRET_KEY": "s" * 48,
    "HUB_PUBLIC_URL": "https://hub.example",
    "HUB_ALLOW_PRIVATE_TARGETS": "",
    "HUB_RATE_LIMITS": "on",
}


def read_production(monkeypatch: pytest.MonkeyPatch, directory: Path, **more: str) -> dict[str, Any]:
    for name, value in {**SAFE, "HUB_KEYS_FILE": str(directory / "keys.json"), **more}.items():
        monkeypatch.setenv(name, value)
    # base.py is read anew by the import inside: the settings of this process stay as they are.
    monkeypatch.delitem(sys.modules, "hub_settings.base", raising=False)
    return runpy.run_module("hub_settings.production")


def test_cookies_are_secure_bound_to_the_host_and_out_of_reach_of_scripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = read_production(monkeypatch, tmp_path)
    assert (told["SESSION_COOKIE_SECURE"], told["CSRF_COOKIE_SECURE"], told["SESSION_COOKIE_HTTPONLY"]) == (True, True, True)
    # The prefix makes browsers refuse the cookie without Secure, with a Domain, or with another Path.
    assert told["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert told["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert told["SESSION_COOKIE_SAMESITE"] == told["CSRF_COOKIE_SAMESITE"] == "Lax"
    assert told["SECURE_HSTS_SECONDS"] >= 31_536_000


def test_people_of_the_hub_show_a_second_factor_and_nothing_turns_that_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = read_production(monkeypatch, tmp_path)
    assert (told["HUB_STAFF_SECOND_FACTOR"], told["PASSWORD_LENGTH_GIVEN"]) == ("required", 15)
    with pytest.raises(ImproperlyConfigured, match="HUB_STAFF_SECOND_FACTOR"):
        read_production(monkeypatch, tmp_path, HUB_STAFF_SECOND_FACTOR="optional")
