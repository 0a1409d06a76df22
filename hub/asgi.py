"""The entry of the hub on HOST:PORT: `uvicorn hub.asgi:application --loop uvloop --http hub.lane.wire:Protocol`.

HUB_WEB_SOCKET names the unix socket of Django's own process; without it Django runs in threads of this one. HUB_LANE=off hands
every request to Django: slower, and otherwise the same.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub_settings.development")
django.setup()

from hub.lane.build import build_application  # noqa: E402  (needs Django's settings)

application = build_application(environment=os.environ)
