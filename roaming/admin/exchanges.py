"""Exchanges: what was really said on the wire, found by correlation id, object, party or time."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString

from roaming.admin.keyset import KeysetList
from roaming.admin.pages import BigTablePage
from roaming.admin.steps import Step, StepsPage
from roaming.exchanges.queries import keys_of
from roaming.figures import NOTHING, chip, figure, instant_to_the_second, moment, pretty_json, two_lines
from roaming.models import Exchange, Platform
from roaming.protocols.replay import CannotReplay, UnknownExchange, replay_message


class _ListByTime(KeysetList):
    def url_for_result(self, result: Exchange) -> str:
        """This function will return the address of a row's page."""
        return f"{super().url_for_result(result)}?{urlencode({'at': result.at.isoformat()})}"


def _replay(request: HttpRequest, row: Exchange, reason: str) -> str:
    done = replay_message(exchange_id=row.pk, by=request.user.get_username(), reason=reason, at=timezone.now())
    if done.http is None:
        return f"{done.deliveries} deliveries are due again, now."
    return f"Played at its door: HTTP {done.http}, status {done.status}."


_REPLAY = Step(
    name="replay",
    label="Play again",
    permission="roaming.run_deliveries",
    explains=lambda row: "A push leaves once more with the state as it is now; one that came in goes through its door once more.",
    offered=lambda row: row.method in ("PUT", "PATCH", "POST", "DELETE"),
    run=_replay,
    refusals=(UnknownExchange, CannotReplay),
    asks_reason=True,
)


@admin.register(Exchange)
class ExchangePage(BigTablePage, StepsPage):
    """One leg per row; a message that crossed the hub has the same correlation id on all its legs."""

    steps = (_REPLAY,)
    empty = "Nothing was said yet. Exchanges are written as soon as a partner calls, or is called."
    list_display = ["at_cell", "message", "answered", "took_figure", "route", "correlation_id"]
    list_filter = ["direction", "module"]
    keyset = ("-at", "-id")
    keeps_who_looked = True
    search_help_text = "Correlation id, id of an object, party (DE-ALF), or a time in UTC (2026-10-05 12:00:07)."
    fieldsets = [
        (None, {"fields": [("happened", "way"), "message", ("answered", "took_figure"), ("parties", "platform")]}),
        ("Trace", {"fields": [("correlation_id", "request_id"), ("module", "object_id"), "error"]}),
        ("Request body", {"fields": ["sent"]}),
        ("Answer", {"fields": ["got"]}),
    ]
    readonly_fields = ["happened", "way", "message", "answered", "took_figure", "parties", "platform", "sent", "got"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetList]:
        """This function will return the list whose links tell the instant of each row."""
        return _ListByTime

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Exchange | None:
        """This function will find a row by its id and instant: the table is cut by time, and an id alone would search every part."""
        at = parse_datetime(request.GET.get("at", "").replace(" ", "+"))
        if at is not None and at.tzinfo is not None and object_id.isdecimal():
            found: Exchange | None = self.get_queryset(request).filter(pk=object_id, at=at).first()
        else:
            found = super().get_object(request, object_id, from_field)
        return found

    def find(self, queryset: QuerySet[Exchange], text: str) -> QuerySet[Exchange]:
        """This function will return the legs of a conversation, an object, a party or a second."""
        return queryset.filter(keys_of(text))

    @display(description="at")
    def happened(self, row: Exchange) -> str:
        """This function will tell when."""
        return instant_to_the_second(row.at)

    @display(description="at")
    def at_cell(self, row: Exchange) -> SafeString | str:
        """This function will tell when, for the list."""
        return moment(row.at)

    @display(description="from → to")
    def route(self, row: Exchange) -> SafeString:
        """This function will name sender and receiver, and who called whom on this leg."""
        return two_lines(self.parties(row), self.way(row))

    @display(description="way")
    def way(self, row: Exchange) -> str:
        """This function will tell who called whom."""
        return "partner → hub" if row.direction == "in" else "hub → partner"

    @display(description="request")
    def message(self, row: Exchange) -> SafeString:
        """This function will show method, path and module."""
        return two_lines(f"{row.method} {row.path}", row.module or NOTHING)

    @display(description="answer")
    def answered(self, row: Exchange) -> SafeString:
        """This function will show the HTTP status and the protocol's own code."""
        went_well = row.http_status is not None and row.http_status < 400 and (row.protocol_status or 1000) < 2000
        told = " · ".join(str(code) for code in (row.http_status, row.protocol_status) if code is not None) or "no answer"
        return chip("delivered" if went_well else "rejected", told)

    @display(description="took")
    def took_figure(self, row: Exchange) -> SafeString:
        """This function will tell how long it took."""
        return figure(f"{row.duration_ms} ms")

    @display(description="from → to")
    def parties(self, row: Exchange) -> str:
        """This function will name sender and receiver as the message does."""
        return f"{row.sender or 'hub'} → {row.receiver or 'hub'}"

    @display(description="platform")
    def platform(self, row: Exchange) -> str:
        """This function will name the platform of this leg."""
        return str(Platform.objects.filter(pk=row.platform_id or 0).first() or NOTHING)

    @display(description="request body")
    def sent(self, row: Exchange) -> SafeString:
        """This function will show the request's body, masked as it is kept."""
        return _body(row.request_body)

    @display(description="answer’s body")
    def got(self, row: Exchange) -> SafeString:
        """This function will show the answer's body, masked as it is kept."""
        return _body(row.response_body)


def _body(text: str) -> SafeString:
    return pretty_json(text.encode()) if text else pretty_json(None)
