"""What every call leaves behind: its exchange, the breaker's count, and whether the partner is there."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from django.db import DatabaseError, InterfaceError, connection

from roaming.egress.addresses import Target, check_url
from roaming.egress.admission import breaker_of, says_something_bad
from roaming.egress.calls import AddressRefused, Answer, Call, Unreachable
from roaming.exchanges.record import ExchangeEntry, record
from roaming.parties import directory
from roaming.parties.liveness import is_sign_due, mark_seen, mark_status
from roaming.parties.models import Platform
from roaming.parties.snapshot import Directory

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Attempt:
    """One call that was let in."""

    call: Call
    target: Target
    is_probe: bool
    started: float
    at: datetime


def admit(call: Call, known: Directory) -> Attempt:
    """This function will pass a call through the address guard and the breaker; it raises AddressRefused or Unreachable."""
    platform = known.platform(call.platform_id)
    if platform is None:
        raise AddressRefused("there is no such platform")
    target = check_url(url=call.url, allowed_hosts=platform.allowed_hosts)
    if not platform.is_routable:
        raise Unreachable("the platform is locked or suspended")
    # A credential whose seal is broken is empty in the directory: nothing leaves without one (reliability §7 case 20).
    if call.headers.get("Authorization", "Token shown").strip() == "Token":
        raise Unreachable("the hub holds no usable credential of this platform")
    is_probe = breaker_of(call.platform_id).admit()
    return Attempt(call=call, target=target, is_probe=is_probe, started=monotonic(), at=datetime.now(UTC))


def conclude(attempt: Attempt, *, answer: Answer | None, error: BaseException | None) -> Platform.Status | None:
    """This function will record how a call ended, without I/O, and return the platform's state where `write_down` should keep it."""
    call = attempt.call
    is_good = says_something_bad(error, answer.status if answer else None)
    breaker = breaker_of(call.platform_id)
    has_moved = breaker.report(is_good=is_good, is_probe=attempt.is_probe)
    record(
        ExchangeEntry(
            at=attempt.at,
            direction="out",
            platform_id=call.platform_id,
            method=call.method,
            path=attempt.target.path,
            headers={name.lower(): value for name, value in call.headers.items() if name.lower() != "authorization"},
            request_body=call.body,
            response_body=answer.body if answer else None,
            http_status=answer.status if answer else None,
            duration_ms=round((monotonic() - attempt.started) * 1000),
            error="" if error is None else f"{type(error).__name__}: {error}",
        )
    )
    if is_good and (
        has_moved
        or directory.status_of(call.platform_id) == Platform.Status.OFFLINE
        or is_sign_due(platform_id=call.platform_id, at=attempt.at)
    ):
        return Platform.Status.CONNECTED
    if has_moved and breaker.is_open:
        logger.warning("a platform is not called for a while", extra={"platform": call.platform_id, "reason": str(error)[:200]})
        return Platform.Status.OFFLINE
    return None


def write_down(attempt: Attempt, status: Platform.Status) -> None:
    """This function will keep what a call found out about its platform. A database that is away does not spoil the answer."""
    platform_id, at = attempt.call.platform_id, attempt.at
    try:
        if status == Platform.Status.CONNECTED:
            mark_seen(platform_id=platform_id, at=at)
        mark_status(platform_id=platform_id, status=status, at=at)
    except (DatabaseError, InterfaceError) as unreachable:
        logger.warning("the state of a platform was not kept", extra={"platform": platform_id, "reason": str(unreachable)[:200]})


def write_down_later(attempt: Attempt, status: Platform.Status) -> None:
    """This function will do what `write_down` does in a thread of its own, for callers in an event loop.

    Of many calls that find out the same about a platform at once, the first is written down.
    """
    platform_id = attempt.call.platform_id
    with _lock:
        latest = _queued.get(platform_id)
        if latest is not None and latest[1] == status:
            return
        _queued[platform_id] = attempt, status
    _writer.submit(_write_down_and_close, attempt, status)


_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="egress-outcome")
_lock = threading.Lock()
_queued: dict[int, tuple[Attempt, Platform.Status]] = {}  # by platform: what comes last of it, until that is written


def _write_down_and_close(attempt: Attempt, status: Platform.Status) -> None:
    try:
        write_down(attempt, status)
    finally:
        platform_id = attempt.call.platform_id
        with _lock:
            if _queued[platform_id][0] is attempt:
                del _queued[platform_id]
            is_last = not _queued
        if is_last:
            connection.close()  # it happens a few times an hour per platform: no connection is kept for that
