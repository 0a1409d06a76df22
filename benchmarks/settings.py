"""The hub as `make run` sets it, plus one constant view to compare with."""

from hub_settings.development import *  # noqa: F403  (settings are inherited by design)

ROOT_URLCONF = "benchmarks.urls"
