"""How often a key of the read API may ask: so many requests a minute, then HTTP 429 with Retry-After."""

from contextlib import suppress

from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from hub.portal.models import ApiKey


class PerKey(SimpleRateThrottle):
    """`HUB_API_RATE`, like `120/min`; counted in Redis, and not at all while Redis is away: reading is no danger."""

    scope = "key"

    def get_rate(self) -> str:
        """This method will return the limit."""
        return str(settings.HUB_API_RATE)

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """This method will name the key that asks; who shows none is refused before."""
        key: object = request.user
        return f"api-key:{key.pk}" if isinstance(key, ApiKey) else None

    def allow_request(self, request: Request, view: APIView) -> bool:
        """This method will count a request, and tell whether it is one too many."""
        with suppress(RedisError):
            return bool(super().allow_request(request, view))
        return True
