"""What calls of an event loop find out about a platform is written down in another thread: once, and the latest last."""

import threading
from datetime import UTC, datetime

import pytest

from roaming.egress import Call
from roaming.egress.addresses import Target
from roaming.egress.outcome import Attempt, _queued, _writer, write_down_later
from roaming.parties.models import Platform
from tests.builders.parties import a_platform

OFFLINE, CONNECTED = Platform.Status.OFFLINE, Platform.Status.CONNECTED


@pytest.mark.django_db(transaction=True)
def test_many_calls_that_find_out_the_same_write_it_once_and_the_latest_holds() -> None:
    platform = a_platform()
    target = Target(url="http://127.0.0.1:1/", scheme="http", host="127.0.0.1", port=1, path="/", literal=None)
    call = Call(platform.id, "push", "PUT", target.url, {}, None, 5.0)
    is_busy, may_go_on = threading.Event(), threading.Event()

    def keep_busy() -> None:
        is_busy.set()
        may_go_on.wait(30)

    _writer.submit(keep_busy)
    assert is_busy.wait(30)
    for status in (CONNECTED, CONNECTED, CONNECTED, OFFLINE, OFFLINE, CONNECTED, OFFLINE):
        write_down_later(Attempt(call=call, target=target, is_probe=False, started=0.0, at=datetime.now(UTC)), status)
    waiting = _writer._work_queue.qsize()
    may_go_on.set()
    _writer.submit(int).result(30)
    platform.refresh_from_db()
    assert (waiting, platform.status, _queued) == (4, OFFLINE, {})
