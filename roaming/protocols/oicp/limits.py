"""How often a partner may call each operation, per minute: the figures of the broker whose partners join here (oicp §1.5)."""

import logging
import math
from collections.abc import Mapping
from time import monotonic

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

PER_MINUTE: Mapping[str, int] = {
    "pull-status-by-id": 300,
    "pull-status-by-operator": 75,
    "pull-status": 300,  # the three pulls share a path: the most generous of them counts
    "pull-evse-data": 100,
    "push-status": 2000,
    "push-evse-data": 375,
    "authorize-start": 2000,
    "authorize-stop": 500,
    "remote-start": 1000,
    "remote-stop": 1000,
    "push-cards": 50,
    "pull-cards": 6,
    "cdr": 3500,
    "get-cdrs": 200,
    "notification": 1000,
    "pull-evse-pricing": 280,
    "pull-products": 300,
    "push-evse-pricing": 60,
    "push-products": 60,
}
_SECONDS = 60


class TooManyRequests(Exception):
    """The limit of this minute is reached. HTTP 429."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many requests, try again in {seconds} s")
        self.seconds = seconds


_redis: redis.Redis | None = None


_alone: dict[str, tuple[float, int]] = {}  # of this process: when the minute began, and how many came in it


def check_alone(operation: str, key: str) -> None:
    """This function will do what `check` does with a count of this process's own: an event loop may not wait for Redis."""
    if not settings.HUB_RATE_LIMITS:
        return
    name, now = f"{operation}:{key}", monotonic()
    began, count = _alone.get(name, (now, 0))
    if now - began >= _SECONDS:
        began, count = now, 0
    _alone[name] = began, count + 1
    if count >= PER_MINUTE[operation]:
        raise TooManyRequests(max(math.ceil(began + _SECONDS - now), 1))


def check(operation: str, key: str) -> None:
    """This function will count one request of `key`; it raises TooManyRequests. While Redis is away nothing is refused for that."""
    global _redis
    if not settings.HUB_RATE_LIMITS:
        return
    if _redis is None:
        _redis = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.1, socket_connect_timeout=0.1)
    name = f"oicp:limit:{operation}:{key}"
    try:
        with _redis.pipeline() as pipe:
            pipe.incr(name)
            pipe.expire(name, _SECONDS, nx=True)
            pipe.ttl(name)
            count, _, left = pipe.execute()
    except redis.RedisError:
        return
    if count > PER_MINUTE[operation]:
        raise TooManyRequests(max(int(left), 1))
