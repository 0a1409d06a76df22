"""The only door out: every call to a partner passes the address guard, one hard deadline, a breaker and a bulkhead.

Two faces share one policy: `send` for threads (requests), `send_async` for event loops (aiohttp).
"""

from roaming.egress.addresses import check_url
from roaming.egress.blocking import send
from roaming.egress.calls import AddressRefused, Answer, BadAnswer, Call, EgressError, TimedOut, Unreachable
from roaming.egress.event_loop import close_async, send_async

__all__ = [
    "AddressRefused",
    "Answer",
    "BadAnswer",
    "Call",
    "EgressError",
    "TimedOut",
    "Unreachable",
    "check_url",
    "close_async",
    "send",
    "send_async",
]
