"""Deliveries: what partners still have to hear, and what they would not take."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import action, display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from roaming.admin.pages import BigTablePage
from roaming.admin.steps import Step, StepsPage
from roaming.deliveries.resume import park_deliveries, retry_deliveries
from roaming.figures import chip, instant, instant_to_the_second, moment, party_cell, pretty_json
from roaming.models import Delivery


def _now() -> datetime:
    return timezone.now()


def _retry(request: HttpRequest, row: Delivery, reason: str) -> str:
    retry_deliveries(deliveries=Delivery.objects.filter(pk=row.pk), at=_now())
    return "The delivery is due again, now."


def _park(request: HttpRequest, row: Delivery, reason: str) -> str:
    park_deliveries(deliveries=Delivery.objects.filter(pk=row.pk), at=_now())
    return "The delivery is parked: nothing is sent until somebody retries it."


_RETRY = Step(
    name="retry",
    label="Retry now",
    permission="roaming.run_deliveries",
    explains=lambda row: f"{row.receiver} hears this at the next round of the dispatcher, before any later change of the same object.",
    offered=lambda row: row.state in (Delivery.State.PARKED, Delivery.State.REJECTED, Delivery.State.WAITING),
    run=_retry,
)
_PARK = Step(
    name="park",
    label="Park",
    permission="roaming.run_deliveries",
    explains=lambda row: f"{row.receiver} will not hear this until somebody presses “Retry now”. Later changes of the same object go out.",
    offered=lambda row: row.state == Delivery.State.WAITING,
    run=_park,
    is_grave=True,
)


@admin.register(Delivery)
class DeliveryPage(BigTablePage, StepsPage):
    """The outbox. Rows are sent by the dispatcher; people only retry and park."""

    empty = "Nothing to deliver: every partner has heard everything."
    actions = ["retry_selected", "park_selected"]
    list_disable_select_all = True
    list_display = ["what", "who", "shown_state", "attempts", "said", "created_cell"]
    list_filter = ["state", "module", "platform"]
    list_select_related = ["platform", "receiver", "sender"]
    search_help_text = "Number of the delivery."
    steps = (_RETRY, _PARK)
    fieldsets = [
        (None, {"fields": [("what", "shown_state"), ("platform", "who"), ("from_whom", "correlation_id")]}),
        ("Attempts", {"fields": [("attempts", "said"), ("due", "created"), ("lease", "finished")]}),
        ("Content", {"fields": ["content"]}),
    ]
    readonly_fields = ["what", "who", "shown_state", "from_whom", "said", "due", "created", "lease", "finished", "content"]

    def has_run_permission(self, request: HttpRequest) -> bool:
        """This function will tell who may retry and park."""
        return bool(request.user.has_perm("roaming.run_deliveries"))

    @action(description="Retry the selected deliveries now", permissions=["run"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """This function will make the selected deliveries due."""
        count = retry_deliveries(deliveries=queryset, at=_now())
        messages.success(request, f"{count} deliveries are due again, now.")

    @action(description="Park the selected deliveries", permissions=["run"])
    def park_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """This function will keep the selected deliveries back."""
        count = park_deliveries(deliveries=queryset, at=_now())
        messages.success(request, f"{count} deliveries are parked.")

    def facts(self, row: Delivery) -> list[tuple[str, Any]]:
        """This function will show what would be sent, and to whom."""
        return [
            ("What", self.what(row)),
            ("Receiver", row.receiver),
            ("Attempts", row.attempts),
            ("Latest answer", row.answer or "none yet"),
        ]

    @display(description="what")
    def what(self, row: Delivery) -> str:
        """This function will name the change."""
        return f"{row.verb} {row.object_type} {row.object_path or row.object_row}"

    @display(description="receiver")
    def who(self, row: Delivery) -> SafeString | str:
        """This function will name the receiver."""
        return party_cell(row.receiver)

    @display(description="sender")
    def from_whom(self, row: Delivery) -> SafeString | str:
        """This function will name the sender."""
        return party_cell(row.sender) if row.sender else "the hub"

    @display(description="state")
    def shown_state(self, row: Delivery) -> SafeString:
        """This function will show the state."""
        return chip(row.state, row.get_state_display())

    @display(description="latest answer")
    def said(self, row: Delivery) -> str:
        """This function will tell what the receiver said at the latest attempt."""
        return row.answer or "none yet"

    @display(description="due")
    def due(self, row: Delivery) -> str:
        """This function will tell when it is sent next."""
        return instant(row.not_before) if row.state == Delivery.State.WAITING else "–"

    @display(description="since")
    def created_cell(self, row: Delivery) -> SafeString | str:
        """This function will tell since when it waits, for the list."""
        return moment(row.created_at)

    @display(description="since")
    def created(self, row: Delivery) -> str:
        """This function will tell since when it waits."""
        return instant_to_the_second(row.created_at)

    @display(description="being sent until")
    def lease(self, row: Delivery) -> str:
        """This function will tell until when a dispatcher holds it."""
        return instant_to_the_second(row.lease_until)

    @display(description="finished")
    def finished(self, row: Delivery) -> str:
        """This function will tell when it ended."""
        return instant_to_the_second(row.finished_at)

    @display(description="payload")
    def content(self, row: Delivery) -> SafeString | str:
        """This function will show what is kept with the delivery."""
        return pretty_json(row.payload) if row.payload is not None else "The object's own state at the moment of sending."
