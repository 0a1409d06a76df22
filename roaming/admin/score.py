"""How good is what a partner sends? Shares of what was right, each with its figures, and their mean as one score.

Settlement adds what it knows of CDRs (`measures`): this side of the house knows of no money.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roaming.admin.health import whole
from roaming.figures import figure, number
from roaming.models import EvseRecord, Platform

_PAST = timedelta(days=1)
# What the partner sent and the hub would not take: its fault by OCPI's 2xxx, OICP's and HTTP's 4xx.
_TAKEN = """
SELECT count(*), count(*) FILTER (WHERE protocol_status BETWEEN 2000 AND 2999 OR http_status BETWEEN 400 AND 499)
FROM roaming_exchange WHERE platform_id = %s AND direction = 'in' AND at > %s AND at <= %s
"""
_UNTOLD = "SELECT coalesce(sum(jsonb_array_length(problems)), 0)::bigint FROM roaming_evseprojection WHERE owner_id = ANY(%s)"


class Measure(NamedTuple):
    """`right` out of `all` of something; of nothing there is no share."""

    name: str
    right: int
    all: int


measures: list[Callable[[Platform, datetime], list[Measure]]] = []


def read_score(*, platform: Platform, at: datetime) -> list[Measure]:
    """This function will measure what a platform's parties sent lately; what there was nothing of is left out."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, [platform.pk, at - _PAST, at])
        count, refused = cursor.fetchone()
        parties = [role.party_id for role in platform.party_roles.all()]
        cursor.execute(_UNTOLD, [parties])
        (untold,) = cursor.fetchone()
    told = EvseRecord.objects.filter(owner__in=parties, valid_to=None).count()
    found = [
        Measure("messages the hub could take, past day", count - refused, count),
        Measure("EVSEs that can be told over OICP", told, told + untold),
    ]
    found += [measure for measured in measures for measure in measured(platform, at)]
    return [measure for measure in found if measure.all]


def score_of(found: list[Measure]) -> int | None:
    """This function will return the mean of the shares, in whole per cent; None where nothing was measured."""
    return sum(100 * measure.right // measure.all for measure in found) // len(found) if found else None


def score_table(found: list[Measure]) -> SafeString | str:
    """This function will render the score with the shares it is the mean of."""
    score = score_of(found)
    if score is None:
        return "nothing came yet that could be measured"
    rows = format_html_join(
        "",
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (one.name, whole(one.right), whole(one.all), figure(f"{number(Decimal(100 * one.right) / one.all, decimals=1)} %"))
            for one in found
        ),
    )
    return format_html(
        '<p><strong>{} of 100</strong>, the mean of these shares</p><table class="small-table"><tr><th></th><th>right</th><th>of</th>'
        "<th>share</th></tr>{}</table>",
        score,
        rows,
    )
