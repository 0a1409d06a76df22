"""A list of the admin over a million rows against the same list over a thousand: its first page, and one from its far end.

What a person waits for: Django's whole answer, template and all, asked in this process so that nothing else is measured.
"""

import time
from collections.abc import Callable
from datetime import datetime
from statistics import median

from django.db import connection
from django.test import Client
from django.utils import timezone

from benchmarks.table import Measure, ratio_of_medians
from hub.users.models import User
from roaming.admin.keyset import BEFORE
from roaming.models import Exchange

FEW, MANY = 1_000, 1_000_000
BAR = 2.0
_ASKED = 7
_PAGE = 50
_LIST = "/admin/roaming/exchange/"
_FILL = """
INSERT INTO roaming_exchange (at, direction, method, path, module, object_id, sender, receiver, request_id, correlation_id,
    duration_ms, request_body, response_body, error, http_status)
SELECT %s::timestamptz - n * interval '50 milliseconds', 'in', 'PUT', '/ocpi/2.2.1/sessions', 'sessions', 'BENCH-' || n, 'DE-BEN', 'NL-BEN',
    'r-' || n, 'c-' || n, 12, '{}', '{}', '', 200
FROM generate_series(%s, %s) AS n
"""


def measure_lists(*, rounds: int, many: int = MANY) -> list[Measure]:
    """This function will fill the list of exchanges, first with FEW rows and then with `many`, and time its pages."""
    person = User.objects.create(email="bench@hub.example", is_staff=True, staff_role=User.StaffRole.AUDITOR)
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    now = timezone.now()
    _fill(now, 1, FEW)
    few = _time(lambda: _ask(client, _LIST), rounds)
    _fill(now, FEW + 1, many)
    oldest = Exchange.objects.order_by("at", "id")[200]
    far = f"{_LIST}?{BEFORE}={oldest.at:%Y-%m-%dT%H:%M:%S.%f}%2B00:00~{oldest.pk}"
    first, last = _time(lambda: _ask(client, _LIST), rounds), _time(lambda: _ask(client, far), rounds)
    baseline = f"{FEW:,} rows {median(few) * 1000:.0f} ms"
    return [
        Measure(
            name=f"a list of {many:,} rows in the admin, {which}",
            figure=f"{median(took) * 1000:.0f} ms",
            baseline=baseline,
            ratio=ratio_of_medians(took, few),
            bar=BAR,
            at_most=True,
        )
        for which, took in (("first page", first), ("last pages", last))
    ]


def _fill(now: datetime, first: int, last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_FILL, [now, first, last])
        cursor.execute("ANALYZE roaming_exchange")


def _ask(client: Client, address: str) -> None:
    answer = client.get(address, SERVER_NAME="127.0.0.1")
    if answer.status_code != 200 or answer.content.count(b"field-correlation_id") < _PAGE:
        raise RuntimeError(f"{address} was not answered with a full page")


def _time(ask: Callable[[], None], rounds: int) -> list[float]:
    ask()  # compiled templates and plans are warm for everybody
    return [min(_seconds(ask) for _ in range(_ASKED)) for _ in range(rounds)]


def _seconds(ask: Callable[[], None]) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun
