"""How a connection is: latency and errors of the past day, what waits, and whether the partner is called at all. Indexed reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Min
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roaming.egress.admission import Breaker
from roaming.figures import chip, instant, link, number
from roaming.models import Delivery, Platform

_PAST = timedelta(days=1)
_CALLS = """
SELECT direction, count(*), count(*) FILTER (WHERE error <> '' OR http_status >= 500 OR http_status IS NULL),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms), percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms),
    percentile_disc(0.99) WITHIN GROUP (ORDER BY duration_ms)
FROM roaming_exchange WHERE platform_id = %s AND at > %s AND at <= %s GROUP BY direction ORDER BY direction DESC
"""
_ERRORS = """
SELECT CASE WHEN error <> '' THEN split_part(error, ':', 1) WHEN http_status IS NULL THEN 'no answer'
    WHEN http_status >= 400 THEN 'HTTP ' || http_status ELSE 'code ' || protocol_status END AS kind, count(*), max(at)
FROM roaming_exchange WHERE platform_id = %s AND at > %s AND at <= %s
    AND (error <> '' OR http_status IS NULL OR http_status >= 400 OR protocol_status BETWEEN 2000 AND 4999)
GROUP BY 1 ORDER BY 2 DESC LIMIT 8
"""
_ENDS = """
SELECT error, http_status, at FROM roaming_exchange WHERE platform_id = %s AND direction = 'out' AND at > %s AND at <= %s
ORDER BY at DESC LIMIT 100
"""
_FAULTS = ("TimedOut", "Unreachable", "BadAnswer")
_TABLE = """<table class="small-table">
<tr><th></th><th>calls</th><th>failed</th><th>p50</th><th>p95</th><th>p99</th></tr>{}</table>"""


@dataclass(frozen=True)
class Calls:
    """One direction of the past day; milliseconds."""

    direction: str
    count: int
    failed: int
    p50_ms: int
    p95_ms: int
    p99_ms: int


@dataclass(frozen=True)
class Health:
    """What there is to say of a platform's connection."""

    calls: list[Calls]
    errors: list[tuple[str, int, datetime]]
    queue: list[tuple[str, int, datetime]]
    breaker: "BreakerState"


@dataclass(frozen=True)
class BreakerState:
    """Whether the partner is called (`since`: when calls stopped), and how many of its latest calls failed in a row."""

    is_open: bool
    since: datetime | None
    straight_failures: int


def read_health(*, platform: Platform, at: datetime) -> Health:
    """This function will read the day before `at`, and what waits for the platform now."""
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, [platform.pk, at - _PAST, at])
        calls = [Calls(*row) for row in cursor.fetchall()]
        cursor.execute(_ERRORS, [platform.pk, at - _PAST, at])
        errors = [(kind, count, latest) for kind, count, latest in cursor.fetchall()]
        cursor.execute(_ENDS, [platform.pk, at - _PAST, at])
        breaker = judge_ends([(error, status, moment) for error, status, moment in reversed(cursor.fetchall())])
    waiting = Delivery.objects.filter(platform=platform.pk).exclude(state=Delivery.State.DELIVERED)
    queue = waiting.values_list("state").annotate(count=Count("pk"), oldest=Min("created_at")).order_by("state")
    return Health(calls, errors, [(state, count, oldest) for state, count, oldest in queue], breaker)


def judge_ends(ends: Sequence[tuple[str, int | None, datetime]]) -> BreakerState:
    """This function will tell how the breaker stands that saw these calls end, oldest first, as (error, HTTP status, instant).

    Each process has a breaker of its own; what all of them saw is in the exchanges, and the same rules are played over them.
    """
    breaker, since, straight = Breaker(), None, 0
    for error, status, moment in ends:
        # A refusal on our side says nothing about the partner (admission.says_something_bad).
        is_bad = error.startswith(_FAULTS) if error else status is not None and status >= 500
        is_good = None if error and not is_bad else not is_bad
        if breaker.report(is_good=is_good, is_probe=breaker.is_open):
            since = moment if breaker.is_open else None
        straight = straight + 1 if is_bad else straight if is_good is None else 0
    return BreakerState(breaker.is_open, since, straight)


def health_table(health: Health, platform: Platform) -> SafeString:
    """This function will render the past day: calls, errors by kind, and the queue with the way to replay it."""
    calls = format_html_join(
        "",
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{} ms</td><td>{} ms</td><td>{} ms</td></tr>",
        (
            (
                "the hub called" if row.direction == "out" else "the partner called",
                whole(row.count),
                whole(row.failed),
                *map(whole, (row.p50_ms, row.p95_ms, row.p99_ms)),
            )
            for row in health.calls
        ),
    )
    table = format_html(_TABLE, calls) if health.calls else "no call in the past day"
    errors = format_html_join(
        "", "<li>{}: {} times, latest {}</li>", ((kind, whole(count), instant(at)) for kind, count, at in health.errors)
    )
    deliveries = reverse("admin:roaming_delivery_changelist")
    queue = format_html_join(
        "",
        "<li>{} {}, oldest {} · {}</li>",
        (
            (
                whole(count),
                chip(state),
                instant(at),
                link(f"{deliveries}?platform__id__exact={platform.pk}&state__exact={state}", "look, send again"),
            )
            for state, count, at in health.queue
        ),
    )
    return format_html(
        '<p>{}</p>{}<p><strong>Errors</strong></p><ul class="reasons">{}</ul>'
        '<p><strong>On their way to it</strong></p><ul class="reasons">{}</ul>',
        _breaker_line(health.breaker),
        table,
        errors or format_html("<li>{}</li>", "none in the past day"),
        queue or format_html("<li>{}</li>", "it has heard everything"),
    )


def _breaker_line(breaker: BreakerState) -> SafeString:
    if breaker.is_open:
        words = f"It failed repeatedly and is not called, but for one probe a minute at most, since {instant(breaker.since)}."
        return format_html("{} {}", chip("OFFLINE", "breaker open"), words)
    words = f"Its latest {breaker.straight_failures} calls failed." if breaker.straight_failures else "Calls pass."
    return format_html("{} {}", chip("CONNECTED", "breaker closed"), words)


def whole(count: int) -> str:
    """This function will write a count with thousands apart."""
    return number(count, decimals=0)
