"""How partners really speak, whom they claim to speak for, and what of their lists had to be set aside."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from roaming.admin.pages import BigTablePage
from roaming.admin.steps import Step, StepsPage
from roaming.figures import NOTHING, chip, figure, instant, link, pretty_json, two_lines
from roaming.models import PartyClaim, Platform, ProfileProposal, QuarantinedItem
from roaming.parties.claims import HostedElsewhere, NotAMarketRole, NotClaimed, approve_claim, refuse_claim
from roaming.parties.habits import NotProposed, confirm_proposal, dismiss_proposal
from roaming.parties.profile import MEANINGS

_PERMISSION = "roaming.lock_platform"


def trace_link(correlation_id: str) -> SafeString | str:
    """This function will link to every leg of a message."""
    if not correlation_id:
        return NOTHING
    return link(f"{reverse('admin:roaming_exchange_changelist')}?{urlencode({'q': correlation_id})}", correlation_id)


def _confirm(request: HttpRequest, row: ProfileProposal, reason: str) -> str:
    confirm_proposal(platform=row.platform, proposal_id=row.pk)
    return f"{row.platform} is spoken to with {row} from now on."


def _dismiss(request: HttpRequest, row: ProfileProposal, reason: str) -> str:
    dismiss_proposal(platform=row.platform, proposal_id=row.pk)
    return "The proposal is put aside."


@admin.register(ProfileProposal)
class ProposalPage(StepsPage):
    """Habits of partners that the hub saw. Confirmed here or by set_profile; nothing changes before."""

    empty = "No habit was seen that a profile does not hold."
    list_display = ["habit", "platform", "shown_state", "seen", "evidence", "latest"]
    list_filter = ["state", "flag", "platform"]
    list_select_related = ["platform"]
    ordering = ["-last_at"]
    steps = (
        Step(
            name="confirm",
            label="Confirm",
            permission=_PERMISSION,
            explains=lambda row: f"The hub takes {row} for how {row.platform} speaks: {MEANINGS.get(row.flag, row.flag)}.",
            offered=lambda row: row.state == "open",
            run=_confirm,
            refusals=(NotProposed,),
        ),
        Step(
            name="dismiss",
            label="Dismiss",
            permission=_PERMISSION,
            explains=lambda row: "Nothing changes, and this is not proposed again.",
            offered=lambda row: row.state == "open",
            run=_dismiss,
            refusals=(NotProposed,),
        ),
    )
    fieldsets = [(None, {"fields": [("habit", "platform"), ("shown_state", "seen"), "evidence", ("trace", "latest")]})]
    readonly_fields = ["habit", "shown_state", "seen", "trace", "latest"]

    @display(description="habit")
    def habit(self, row: ProfileProposal) -> SafeString:
        """This function will name the flag and say what it means."""
        return two_lines(str(row), MEANINGS.get(row.flag, ""))

    @display(description="state")
    def shown_state(self, row: ProfileProposal) -> SafeString:
        """This function will show whether it was decided."""
        return chip({"open": "waiting", "confirmed": "valid"}.get(row.state, "void"), row.get_state_display())

    @display(description="seen")
    def seen(self, row: ProfileProposal) -> SafeString | str:
        """This function will tell how often."""
        return figure(str(row.count))

    @display(description="latest message")
    def trace(self, row: ProfileProposal) -> SafeString | str:
        """This function will link to the exchange that shows it."""
        return trace_link(row.correlation_id)

    @display(description="latest")
    def latest(self, row: ProfileProposal) -> str:
        """This function will tell when it was seen last."""
        return instant(row.last_at)


def _approve(request: HttpRequest, row: PartyClaim, reason: str) -> str:
    approve_claim(claim_id=row.pk, by=request.user.get_username(), at=timezone.now())
    return f"{row.platform} speaks for {row} from now on."


def _refuse(request: HttpRequest, row: PartyClaim, reason: str) -> str:
    refuse_claim(claim_id=row.pk, by=request.user.get_username(), at=timezone.now())
    return f"{row} is refused to {row.platform} for good."


@admin.register(PartyClaim)
class ClaimPage(StepsPage):
    """Parties that platforms name in their credentials and that nobody approved. Nothing is routed for them meanwhile."""

    empty = "No platform claims a party that was not approved."
    list_display = ["party", "platform", "shown_state", "since", "decided"]
    list_filter = ["state", "platform"]
    list_select_related = ["platform"]
    ordering = ["-claimed_at"]
    steps = (
        Step(
            name="approve",
            label="Approve",
            permission=_PERMISSION,
            explains=lambda row: f"{row.platform} speaks for {row} and gets what is meant for it. Have you a proof?",
            offered=lambda row: row.state == "pending",
            run=_approve,
            refusals=(NotClaimed, HostedElsewhere, NotAMarketRole),
            is_grave=True,
        ),
        Step(
            name="refuse",
            label="Refuse",
            permission=_PERMISSION,
            explains=lambda row: "Nothing changes, and a repeat of this claim is not shown again.",
            offered=lambda row: row.state == "pending",
            run=_refuse,
            refusals=(NotClaimed,),
        ),
    )
    fieldsets = [(None, {"fields": [("party", "platform"), ("shown_state", "name"), ("since", "decided"), "decided_by"]})]
    readonly_fields = ["party", "shown_state", "since", "decided"]

    @display(description="party")
    def party(self, row: PartyClaim) -> SafeString:
        """This function will name what is claimed."""
        return two_lines(str(row), row.name or NOTHING)

    @display(description="state")
    def shown_state(self, row: PartyClaim) -> SafeString:
        """This function will show whether it was decided."""
        return chip({"pending": "waiting", "approved": "valid"}.get(row.state, "void"), row.get_state_display())

    @display(description="claimed")
    def since(self, row: PartyClaim) -> str:
        """This function will tell when it was claimed first."""
        return instant(row.claimed_at)

    @display(description="decided")
    def decided(self, row: PartyClaim) -> str:
        """This function will tell when it was decided."""
        return instant(row.decided_at) if row.decided_at else "not yet"


@admin.register(QuarantinedItem)
class QuarantinePage(BigTablePage):
    """Objects of lists that could not be read or written; the rest of their pages went on."""

    empty = "Nothing was set aside: every object of every list could be read."
    list_display = ["what", "reason", "whose", "seen", "latest"]
    list_filter = ["module"]
    search_help_text = "Id of the object, or party, like DE-ALF."
    fieldsets = [
        (None, {"fields": [("what", "whose"), "reason", ("seen", "latest"), "trace"]}),
        ("As it stood in the latest list", {"fields": ["shown_body"]}),
    ]
    readonly_fields = ["what", "whose", "seen", "latest", "trace", "shown_body"]

    def find(self, queryset: QuerySet[QuarantinedItem], text: str) -> QuerySet[QuarantinedItem]:
        """This function will return what was set aside of a party, or of one object."""
        return queryset.filter(owner=text.upper()) | queryset.filter(object_id=text)

    @display(description="object")
    def what(self, row: QuarantinedItem) -> SafeString:
        """This function will name the object."""
        return two_lines(row.object_id or "without an id", row.module)

    @display(description="list of")
    def whose(self, row: QuarantinedItem) -> SafeString:
        """This function will name the party, and the platform that served or asked."""
        return two_lines(row.owner, str(Platform.objects.filter(pk=row.platform_id).first() or NOTHING))

    @display(description="seen")
    def seen(self, row: QuarantinedItem) -> SafeString | str:
        """This function will tell how often."""
        return figure(str(row.count))

    @display(description="latest")
    def latest(self, row: QuarantinedItem) -> str:
        """This function will tell when it was seen last."""
        return instant(row.last_at)

    @display(description="latest message")
    def trace(self, row: QuarantinedItem) -> SafeString | str:
        """This function will link to the exchange in which it stood."""
        return trace_link(row.correlation_id)

    @display(description="body")
    def shown_body(self, row: QuarantinedItem) -> Any:
        """This function will show the object, masked as it is kept."""
        return pretty_json(row.body.encode()) if row.body else NOTHING
