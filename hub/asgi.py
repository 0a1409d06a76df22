"""The entry of the hub on HOST:PORT: `uvicorn hub.asgi:application --loop uvloop --http hub.lane.wire:Protocol`.

HUB_WEB_SOCKET names the unix socket of Django's own process; without it Django runs in threads of this one. HUB_LANE=off hands
every request to Django: slower, and otherwise the same.
"""

import multiprocessing
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub_settings.development")
django.setup()

from hub.lane.build import build_application  # noqa: E402  (needs Django's settings)
from hub.process.spawn import follow_parent  # noqa: E402

if multiprocessing.parent_process() is not None:
    # One of several workers: it ends with the process that started it, or it would keep the port from the next one.
    follow_parent()

application = build_application(environment=os.environ)
