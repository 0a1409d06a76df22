"""How often a partner may call: requests per party and group of modules, and wrong tokens per source network.

Each limit is one number per key, the instant at which the key will be idle again (GCRA): a burst is allowed, then a steady rate.
Redis keeps it for all processes; while Redis is away each process counts by itself, and nothing is refused for that.
"""

import ipaddress
import logging
import math
import threading
from time import monotonic
from typing import NamedTuple

import redis
from django.conf import settings
from redis.commands.core import Script

from roaming.protocols.ocpi.envelope import OcpiRefusal

logger = logging.getLogger(__name__)


class Limit(NamedTuple):
    """So many requests at once, then so many a second."""

    name: str
    per_second: float
    burst: int


# The defaults of reliability §2.1. A crawl follows its Links quickly, so lists have a burst too.
AUTHORIZE = Limit("authorize", 200, 400)
LISTS = Limit("lists", 2, 40)
WRITES = Limit("requests", 50, 200)
WRONG_TOKENS = Limit("wrong-tokens", 20 / 60, 20)

_SECONDS_WITHOUT_REDIS = 2.0
_REDIS_SECONDS = 0.1
_MOST_KEYS = 20_000

_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local interval = tonumber(ARGV[1])
local idle_at = tonumber(redis.call('GET', KEYS[1]) or '0')
if idle_at < now then idle_at = now end
local wait = idle_at + interval - interval * tonumber(ARGV[2]) - now
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], idle_at + interval, 'PX', math.ceil(idle_at + interval - now) + 1000)
return 0
"""


class TooManyRequests(OcpiRefusal):
    """The limit is reached; Retry-After says when the next request will be taken. HTTP 429."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many requests, try again in {seconds} s", http=429, headers={"Retry-After": str(seconds)})


def check(limit: Limit, key: str) -> None:
    """This function will count one request of `key`; it raises TooManyRequests where the limit is reached (HUB_RATE_LIMITS=off: never)."""
    if not settings.HUB_RATE_LIMITS:
        return
    wait = _counter.wait_ms(limit, f"ocpi:limit:{limit.name}:{key}")
    if wait:
        raise TooManyRequests(max(1, math.ceil(wait / 1000)))


def check_alone(limit: Limit, key: str) -> None:
    """This function will do the same with a count of this process's own: an event loop may not wait for Redis."""
    if not settings.HUB_RATE_LIMITS:
        return
    wait = _counter.wait_alone_ms(limit, f"ocpi:limit:{limit.name}:{key}")
    if wait:
        raise TooManyRequests(max(1, math.ceil(wait / 1000)))


def source_network(address: str) -> str:
    """This function will return the network that wrong tokens are counted by: the /24 of IPv4, the /48 of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if ip.version == 6 and (mapped := ip.ipv4_mapped) is not None:
        ip = mapped
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


class _Counter:
    """Redis first, this process where Redis is away."""

    def __init__(self) -> None:
        self._script: Script | None = None
        self._without_redis_until = 0.0
        self._idle_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait_ms(self, limit: Limit, key: str) -> int:
        if monotonic() >= self._without_redis_until:
            try:
                return int(self._shared()(keys=[key], args=[1000 / limit.per_second, limit.burst]))
            except redis.RedisError as error:
                self._without_redis_until = monotonic() + _SECONDS_WITHOUT_REDIS
                logger.warning("limits are counted per process: Redis is away", extra={"reason": type(error).__name__})
        return self.wait_alone_ms(limit, key)

    def _shared(self) -> Script:
        if self._script is None:
            client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS)
            self._script = client.register_script(_SCRIPT)
        return self._script

    def wait_alone_ms(self, limit: Limit, key: str) -> int:
        now, interval = monotonic() * 1000, 1000 / limit.per_second
        with self._lock:
            idle_at = max(self._idle_at.get(key, 0.0), now)
            wait = idle_at + interval - interval * limit.burst - now
            if wait > 0:
                return math.ceil(wait)
            if len(self._idle_at) >= _MOST_KEYS:
                self._idle_at.clear()
            self._idle_at[key] = idle_at + interval
        return 0


_counter = _Counter()
