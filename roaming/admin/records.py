"""Sessions and authorisations: what happened at a charge point, as it was told. Looked at, never edited."""

from uuid import UUID

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from roaming.admin.pages import BigTablePage, ReadOnlyRows
from roaming.figures import NOTHING, chip, energy, figure, instant, instant_to_the_second, masked, moment, party_cell, pretty_json
from roaming.models import Authorization, ForwardedCommand, Platform, Session, SessionRevision


class RevisionsOfSession(ReadOnlyRows):
    """Every state of a session as it came."""

    model = SessionRevision
    fields = ["number", "received"]
    readonly_fields = ["received"]
    ordering = ["-number"]

    @display(description="received")
    def received(self, row: SessionRevision) -> str:
        """This function will tell when this state came."""
        return instant_to_the_second(row.received_at)


@admin.register(Session)
class SessionPage(BigTablePage):
    """Sessions, current state first."""

    empty = "No session yet. They appear while cars charge in the network."
    list_display = ["session_id", "operator", "driver_of", "state", "energy_figure", "began_cell", "ended_cell"]
    list_filter = ["status", "owner", "provider"]
    list_select_related = ["owner", "provider"]
    search_help_text = "Session id."
    inlines = [RevisionsOfSession]
    fieldsets = [
        (None, {"fields": [("session_id", "state"), ("operator", "driver_of"), ("began", "ended"), ("energy_figure", "currency")]}),
        ("Chain", {"fields": [("token", "contract"), ("location_id", "evse_uid"), ("authorization_reference", "revision"), "begun_by"]}),
        ("As the hub keeps it", {"fields": ["content"], "classes": ["collapse"]}),
    ]
    readonly_fields = ["operator", "driver_of", "state", "energy_figure", "began", "ended", "token", "contract", "begun_by", "content"]

    def find(self, queryset: QuerySet[Session], text: str) -> QuerySet[Session]:
        """This function will find by session id, in any letter case."""
        return queryset.filter(session_key=text.upper())

    @display(description="operator")
    def operator(self, row: Session) -> SafeString | str:
        """This function will name the operator."""
        return party_cell(row.owner)

    @display(description="provider")
    def driver_of(self, row: Session) -> SafeString | str:
        """This function will name the driver's provider."""
        return party_cell(row.provider)

    @display(description="state")
    def state(self, row: Session) -> SafeString:
        """This function will show the state."""
        return chip(row.status)

    @display(description="energy")
    def energy_figure(self, row: Session) -> SafeString:
        """This function will show the energy so far."""
        return figure(energy(row.energy_kwh))

    @display(description="began")
    def began_cell(self, row: Session) -> SafeString | str:
        """This function will tell when it began, for the list."""
        return moment(row.started_at)

    @display(description="ended")
    def ended_cell(self, row: Session) -> SafeString | str:
        """This function will tell when it ended, for the list."""
        return moment(row.ended_at) if row.ended_at else "running"

    @display(description="began")
    def began(self, row: Session) -> str:
        """This function will tell when it began."""
        return instant(row.started_at)

    @display(description="ended")
    def ended(self, row: Session) -> str:
        """This function will tell when it ended."""
        return instant(row.ended_at) if row.ended_at else "running"

    @display(description="begun by")
    def begun_by(self, row: Session) -> str:
        """This function will name the provider's commands that the session was found to have begun with."""
        commands = ForwardedCommand.objects.filter(session_row=row.id).order_by("created_at")
        told = [f"{command.command.replace('_', ' ').lower()}, {instant_to_the_second(command.created_at)}" for command in commands]
        return "; ".join(told) or NOTHING

    @display(description="token")
    def token(self, row: Session) -> str:
        """This function will show the token but for its last characters."""
        return masked(row.token_uid)

    @display(description="contract")
    def contract(self, row: Session) -> str:
        """This function will show the contract but for its last characters."""
        return masked(row.contract_id)

    @display(description="document")
    def content(self, row: Session) -> SafeString:
        """This function will show the canonical session."""
        return pretty_json(row.document)


@admin.register(Authorization)
class AuthorizationPage(BigTablePage):
    """Every answer the hub gave to “may this token charge?”."""

    empty = "Nobody asked yet whether a token may charge."
    keyset = ("-at", "-id")
    keeps_who_looked = True
    list_display = ["asked_cell", "answer", "decided_by", "operator_cell", "provider_cell", "token", "where", "took_figure"]
    list_filter = ["outcome", "source"]
    list_select_related = ["operator", "provider"]
    search_help_text = "Number of the authorisation (its id)."
    fieldsets = [
        (None, {"fields": [("asked", "answer"), ("decided_by", "took_figure"), ("operator_cell", "provider_cell"), ("token", "where")]}),
        ("Trace", {"fields": [("reference", "asking_platform"), ("request_id", "correlation_id")]}),
    ]
    readonly_fields = [
        "asked",
        "answer",
        "decided_by",
        "operator_cell",
        "provider_cell",
        "token",
        "where",
        "took_figure",
        "asking_platform",
    ]

    def find(self, queryset: QuerySet[Authorization], text: str) -> QuerySet[Authorization]:
        """This function will find by the id, which is the authorisation's own."""
        try:
            return queryset.filter(pk=UUID(text))
        except ValueError:
            return queryset.none()

    @display(description="asked")
    def asked_cell(self, row: Authorization) -> SafeString | str:
        """This function will tell when, for the list."""
        return moment(row.at)

    @display(description="asked")
    def asked(self, row: Authorization) -> str:
        """This function will tell when."""
        return instant_to_the_second(row.at)

    @display(description="answer")
    def answer(self, row: Authorization) -> SafeString:
        """This function will show the outcome."""
        return chip(row.outcome)

    @display(description="decided by")
    def decided_by(self, row: Authorization) -> str:
        """This function will tell who decided."""
        return row.get_source_display()

    @display(description="operator")
    def operator_cell(self, row: Authorization) -> SafeString | str:
        """This function will name who asked."""
        return party_cell(row.operator)

    @display(description="provider")
    def provider_cell(self, row: Authorization) -> SafeString | str:
        """This function will name who decided, or would have."""
        return party_cell(row.provider)

    @display(description="token")
    def token(self, row: Authorization) -> str:
        """This function will show the token but for its last characters."""
        return masked(row.token_uid)

    @display(description="where")
    def where(self, row: Authorization) -> str:
        """This function will tell the location and EVSE, where told."""
        return " › ".join(part for part in (row.location_id, row.evse_uid) if part) or NOTHING

    @display(description="took")
    def took_figure(self, row: Authorization) -> SafeString:
        """This function will tell how long the answer took."""
        return figure(f"{row.duration_ms} ms")

    @display(description="asking platform")
    def asking_platform(self, row: Authorization) -> str:
        """This function will name the platform that asked."""
        return str(Platform.objects.filter(pk=row.platform_id).first() or NOTHING)
