"""Platforms, parties and agreements: who is connected, and who may roam with whom."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from roaming.admin.health import health_table, read_health
from roaming.admin.notes import NOTE, Noted
from roaming.admin.pages import ReadOnlyPage, ReadOnlyRows
from roaming.admin.score import read_score, score_table
from roaming.admin.steps import Step, StepsPage
from roaming.audit.write import write_audit
from roaming.deliveries.resume import retry_deliveries
from roaming.figures import NOTHING, chip, day, instant, party_cell, pretty_json, two_lines
from roaming.models import Credential, Delivery, Endpoint, Party, PartyRole, Platform, ProfileProposal, RoamingAgreement
from roaming.parties.credentials import rotate_inbound_token
from roaming.parties.lock import lock_platform, unlock_platform
from roaming.parties.profile import MEANINGS, profile_of


class RolesOfPlatform(ReadOnlyRows):
    """The parties a platform hosts."""

    model = PartyRole
    verbose_name_plural = "parties on this platform"
    fields = ["role", "party"]


class EndpointsOfPlatform(ReadOnlyRows):
    """Where the partner serves its side."""

    model = Endpoint
    fields = ["module", "interface", "url"]


class CredentialsOfPlatform(ReadOnlyRows):
    """Which secrets exist, never the secrets."""

    model = Credential
    fields = ["direction", "kind", "created", "first_used", "expires"]
    readonly_fields = ["created", "first_used", "expires"]

    @display(description="created")
    def created(self, row: Credential) -> str:
        """This function will tell since when the secret exists."""
        return instant(row.created_at)

    @display(description="first used")
    def first_used(self, row: Credential) -> str:
        """This function will tell when it was first shown."""
        return instant(row.first_used_at)

    @display(description="ends")
    def expires(self, row: Credential) -> str:
        """This function will tell when it ends."""
        return instant(row.expires_at) if row.expires_at else "no end"


class HabitsOfPlatform(ReadOnlyRows):
    """What the hub saw of how the partner speaks, with its evidence."""

    model = ProfileProposal
    verbose_name_plural = "habits seen"
    show_change_link = True
    fields = ["flag", "value", "state", "count", "evidence", "latest"]
    readonly_fields = ["latest"]

    @display(description="latest")
    def latest(self, row: ProfileProposal) -> str:
        """This function will tell when it was seen last."""
        return instant(row.last_at)


def _lock(request: HttpRequest, platform: Platform, reason: str) -> str:
    lock_platform(platform=platform, at=timezone.now())
    return f"{platform} is locked: nothing is routed to or from it."


def _unlock(request: HttpRequest, platform: Platform, reason: str) -> str:
    unlock_platform(platform=platform, at=timezone.now())
    return f"{platform} is unlocked: its parties roam again."


_LOCK = Step(
    name="lock",
    label="Lock",
    permission="roaming.lock_platform",
    explains=lambda platform: "Nothing is routed to or from this platform any more: its drivers and sites stop roaming at once.",
    offered=lambda platform: not platform.is_locked,
    run=_lock,
    is_grave=True,
)
_UNLOCK = Step(
    name="unlock",
    label="Unlock",
    permission="roaming.lock_platform",
    explains=lambda platform: "Its parties roam again, under the agreements in force.",
    offered=lambda platform: platform.is_locked,
    run=_unlock,
)


def _rotate(request: HttpRequest, platform: Platform, reason: str) -> str:
    token = rotate_inbound_token(platform=platform, at=timezone.now())
    write_audit(action="token rotated", by=str(request.user.get_username()), subject=platform)
    return f"The next token of {platform}, shown this once: {token} The former one opens until the new one is used, at most a day."


_ROTATE = Step(
    name="rotate",
    label="New token",
    permission="roaming.lock_platform",
    explains=lambda platform: (
        "The hub makes the next token that this partner shows. Hand it over by a safe way; nothing is cut off meanwhile."
    ),
    offered=lambda platform: platform.protocol == Platform.Protocol.OCPI and bool(platform.version) and not platform.is_locked,
    run=_rotate,
    shows_once=True,
)


def _given_up(platform: Platform) -> QuerySet[Delivery]:
    return Delivery.objects.filter(platform=platform, state__in=(Delivery.State.PARKED, Delivery.State.REJECTED))


def _replay(request: HttpRequest, platform: Platform, reason: str) -> str:
    count = retry_deliveries(deliveries=_given_up(platform), at=timezone.now())
    write_audit(action="deliveries replayed", by=str(request.user.get_username()), subject=platform, after={"count": count})
    return f"{count} deliveries are due again, now."


_REPLAY = Step(
    name="replay",
    label="Replay deliveries",
    permission="roaming.run_deliveries",
    explains=lambda platform: (
        f"{_given_up(platform).count():,} deliveries were parked or refused. Each is due again at once; an object goes out as it is now."
    ),
    offered=lambda platform: not platform.is_locked and _given_up(platform).exists(),
    run=_replay,
)


@admin.register(Platform)
class PlatformPage(Noted, StepsPage):
    """Software with a connection. Invited and connected by command; locked and unlocked here or there."""

    empty = "No platform yet. Invite one: manage.py invite_platform --name … --party CPO:DE:ABC"
    steps = (_REPLAY, _ROTATE, _LOCK, _UNLOCK, NOTE)
    list_display = ["what", "state", "speaks", "hosts", "last_seen"]
    list_filter = ["status", "is_locked", "protocol"]
    search_fields = ["name", "party_roles__party__name", "party_roles__party__party_id"]
    ordering = ["name"]
    inlines = [RolesOfPlatform, EndpointsOfPlatform, CredentialsOfPlatform, HabitsOfPlatform]
    fieldsets = [
        (None, {"fields": [("name", "state"), ("speaks", "last_seen"), "versions_url", "hosts_allowed"]}),
        ("Connection, past day", {"fields": ["health"]}),
        ("Data quality", {"fields": ["quality"]}),
        ("Notes and changes", {"fields": ["trail"]}),
        ("How this partner speaks", {"fields": ["habits"], "classes": ["collapse"]}),
    ]
    readonly_fields = ["state", "speaks", "last_seen", "hosts_allowed", "habits", "trail", "health", "quality"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Platform]:
        """This function will read the parties along."""
        queryset: QuerySet[Platform] = super().get_queryset(request).prefetch_related("party_roles__party")
        return queryset

    def facts(self, row: Platform) -> list[tuple[str, Any]]:
        """This function will show who is affected."""
        return [("Platform", row.name), ("Parties", self.hosts(row)), ("Connection", self.state(row)), ("Last seen", self.last_seen(row))]

    @display(description="platform", ordering="name")
    def what(self, row: Platform) -> str:
        """This function will name it."""
        return row.name

    @display(description="connection", ordering="status")
    def state(self, row: Platform) -> SafeString:
        """This function will show its connection state."""
        return chip("locked") if row.is_locked else chip(row.status, row.get_status_display())

    @display(description="protocol")
    def speaks(self, row: Platform) -> str:
        """This function will tell protocol and version."""
        return f"{row.get_protocol_display()} {row.version}".strip()

    @display(description="parties")
    def hosts(self, row: Platform) -> str:
        """This function will list its parties."""
        return ", ".join(f"{role.party.name or role.party.key} ({role.role})" for role in row.party_roles.all()) or NOTHING

    @display(description="last seen", ordering="last_seen_at")
    def last_seen(self, row: Platform) -> str:
        """This function will tell when it was last heard."""
        return instant(row.last_seen_at) if row.last_seen_at else "never"

    @display(description="health")
    def health(self, row: Platform) -> SafeString:
        """This function will show latency, errors and the queue."""
        return health_table(read_health(platform=row, at=timezone.now()), row)

    @display(description="score")
    def quality(self, row: Platform) -> SafeString | str:
        """This function will show how good what the partner sends is."""
        return score_table(read_score(platform=row, at=timezone.now()))

    @display(description="allowed hosts")
    def hosts_allowed(self, row: Platform) -> str:
        """This function will list where the hub may call."""
        return ", ".join(row.allowed_hosts) or "none: nothing is sent to this platform"

    @display(description="profile")
    def habits(self, row: Platform) -> SafeString:
        """This function will show the partner's known habits (Unfold colours JSON with inline styles, which the content policy refuses)."""
        if row.protocol != Platform.Protocol.OCPI:
            return pretty_json(row.profile)
        profile = profile_of(row.profile)
        flags = {flag: f"{getattr(profile, flag) or '–'} ({means})" for flag, means in MEANINGS.items()}
        return pretty_json(flags)


class RolesOfParty(ReadOnlyRows):
    """Where a party is hosted."""

    model = PartyRole
    fields = ["role", "platform"]


@admin.register(Party)
class PartyPage(ReadOnlyPage):
    """Companies in the network."""

    empty = "No party yet. They come with the invitation of their platform."
    list_display = ["who", "market_roles", "agreements"]
    search_fields = ["name", "party_id", "country_code"]
    ordering = ["country_code", "party_id"]
    inlines = [RolesOfParty]
    fieldsets = [(None, {"fields": ["name", ("country_code", "party_id"), "business"]})]
    readonly_fields = ["business"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Party]:
        """This function will read roles and number of agreements along."""
        queryset: QuerySet[Party] = (
            super()
            .get_queryset(request)
            .prefetch_related("roles")
            .annotate(
                operator_agreements=Count("agreements_as_operator", filter=Q(agreements_as_operator__ended_at=None), distinct=True),
                provider_agreements=Count("agreements_as_provider", filter=Q(agreements_as_provider__ended_at=None), distinct=True),
            )
        )
        return queryset

    @display(description="party", ordering="name")
    def who(self, row: Party) -> SafeString | str:
        """This function will name it."""
        return party_cell(row)

    @display(description="business details")
    def business(self, row: Party) -> SafeString:
        """This function will show what the party tells about itself."""
        return pretty_json(row.business_details)

    @display(description="roles")
    def market_roles(self, row: Party) -> str:
        """This function will list its market roles."""
        return ", ".join(role.role for role in row.roles.all()) or NOTHING

    @display(description="agreements of its own")
    def agreements(self, row: Any) -> int:
        """This function will count its agreements (an offer to everyone is not counted)."""
        return int(row.operator_agreements) + int(row.provider_agreements)


@admin.register(RoamingAgreement)
class AgreementPage(Noted, StepsPage):
    """Who may roam with whom. Signed by command, so that both sides' terms are signed in one step."""

    steps = (NOTE,)
    empty = "No agreement yet, so nothing is routed. Sign one: manage.py sign_agreement --operator DE-ABC --provider NL-XYZ"
    list_display = ["between", "state", "begins", "ends", "what"]
    list_select_related = ["operator", "provider"]
    search_fields = ["operator__name", "operator__party_id", "provider__name", "provider__party_id"]
    ordering = ["-signed_at"]
    list_before_template = "admin/trial_tools.html"
    fieldsets = [(None, {"fields": [("operator", "provider"), ("begins", "ends"), "what", "signed", "trail"]})]
    readonly_fields = ["begins", "ends", "what", "signed", "trail"]

    @display(description="agreement")
    def between(self, row: RoamingAgreement) -> SafeString:
        """This function will name both sides."""
        if row.operator is None or row.provider is None:
            return two_lines("Everyone with everyone", "an offer to all")
        return two_lines(
            f"{row.operator.name or row.operator.key} – {row.provider.name or row.provider.key}", f"{row.operator.key} – {row.provider.key}"
        )

    @display(description="state")
    def state(self, row: RoamingAgreement) -> SafeString:
        """This function will tell whether it was ended by hand."""
        return chip("void", "ended") if row.ended_at else chip("valid", "signed")

    @display(description="from")
    def begins(self, row: RoamingAgreement) -> str:
        """This function will tell its first day."""
        return day(row.validity.lower)

    @display(description="until")
    def ends(self, row: RoamingAgreement) -> str:
        """This function will tell the day it ends, that day not included."""
        return day(row.validity.upper) if row.validity.upper else "further notice"

    @display(description="modules")
    def what(self, row: RoamingAgreement) -> str:
        """This function will list the modules it covers."""
        return ", ".join(row.modules) or "all"

    @display(description="signed")
    def signed(self, row: RoamingAgreement) -> str:
        """This function will tell when it was signed."""
        return instant(row.signed_at)
