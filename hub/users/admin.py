"""People in the admin: who may enter, as what; inviting them, and letting somebody in again who mistyped or lost the phone.

Nobody sets another person's password: whoever could, could act as that person. An invitation lets its reader choose one.
"""

from typing import Any

from axes.utils import reset
from django.contrib import admin, messages
from django.contrib.admin import action, display
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from unfold.admin import TabularInline

from hub.users.factors import forget_factors
from hub.users.invite import send_invitation
from hub.users.lockout import client_address
from hub.users.models import Membership, User
from hub.users.permissions import Action, may
from roaming.admin.pages import Page
from roaming.audit.write import write_audit
from roaming.figures import NOTHING, chip, instant

# Rights come from roles, never from Django's groups.
admin.site.unregister(Group)


def _manages(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and may(request.user, Action.MANAGE_USERS)


class MembershipsOfUser(TabularInline):  # type: ignore[misc]  # django-unfold ships no types
    """Which partners a person works for."""

    model = Membership
    extra = 0
    fields = ["party", "role"]
    verbose_name_plural = "works for"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This function will show memberships to whoever manages users."""
        return _manages(request)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


@admin.register(User)
class UserPage(Page, DjangoUserAdmin):  # type: ignore[type-arg]  # generic in django-stubs, not at run time
    """People. Whoever manages users invites them and gives a role, never a single right, and never to themselves."""

    form = ModelForm
    add_form = ModelForm
    inlines = [MembershipsOfUser]
    actions = ["let_in_again", "invite_again", "take_factors_away"]
    list_display = ["email", "name", "role", "works_for", "active", "factor", "latest_login"]
    list_filter = ["staff_role", "is_active", "has_second_factor"]
    search_fields = ["email", "name", "memberships__party__name"]
    ordering = ["email"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": [("email", "name"), ("is_active", "factor", "latest_login")]}),
        ("Inside the hub", {"fields": [("staff_role", "is_staff"), "is_superuser"]}),
    ]
    readonly_fields = ["factor", "latest_login"]
    add_fieldsets = [(None, {"fields": ["email", "name", "staff_role", "is_staff"], "description": "They get an invitation by e-mail."})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """This function will keep everybody from raising themselves, and superusers to be made by superusers."""
        fields = list(self.readonly_fields)
        if obj is not None and obj.pk == request.user.pk:
            fields += ["staff_role", "is_staff", "is_superuser", "is_active"]
        elif not getattr(request.user, "is_superuser", False):
            fields += ["is_superuser"]
        return fields

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """This function will save the person, and invite somebody new."""
        if not change:
            obj.email = obj.email.lower()
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change:
            send_invitation(user=obj, by=str(request.user.get_username()))
            messages.success(request, f"{obj.email} gets an e-mail with a link to choose a password.")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """This function will refuse to set somebody's password: send an invitation."""
        raise PermissionDenied

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """This function will read memberships along."""
        queryset: QuerySet[User] = super().get_queryset(request).prefetch_related("memberships__party")
        return queryset

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This function will show people to whoever manages users."""
        return _manages(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """This function will show the section to whoever manages users."""
        return _manages(request)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This function will refuse deleting: who approved something stays known; make the person inactive."""
        return False

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """This function will tell who may let people in again."""
        return _manages(request)

    @action(description="Let in again after too many wrong passwords", permissions=["manage"])
    def let_in_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """This function will forget the wrong passwords of the selected people."""
        for user in queryset:
            reset(username=user.email)
        messages.success(request, "They may try again now.")

    @action(description="Send an invitation (again): a link to choose a password", permissions=["manage"])
    def invite_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """This function will send a link to each selected active person."""
        invited = [user for user in queryset if user.is_active]
        for user in invited:
            send_invitation(user=user, by=str(request.user.get_username()))
        messages.success(request, f"{len(invited)} invited. The links work once, for three days.")

    @action(description="Take second factors away (phone lost; call back first)", permissions=["manage"])
    def take_factors_away(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """This function will take factors and recovery codes of the selected people away, but never one's own."""
        for user in queryset.exclude(email=request.user.get_username()):
            forget_factors(user=user)
            write_audit(action="took factors away", by=str(request.user.get_username()), subject=user, address=client_address(request))
        messages.success(request, "They log in with their password and set up a new one.")

    @display(description="second factor", boolean=True)
    def factor(self, row: User) -> bool:
        """This function will tell whether the person has a second factor."""
        return row.has_second_factor

    @display(description="role")
    def role(self, row: User) -> str:
        """This function will tell the role inside the hub."""
        return row.get_staff_role_display() if row.staff_role else ("superuser" if row.is_superuser else NOTHING)

    @display(description="works for")
    def works_for(self, row: User) -> str:
        """This function will list the partners."""
        return ", ".join(f"{one.party.name or one.party.key} ({one.get_role_display()})" for one in row.memberships.all()) or NOTHING

    @display(description="active", ordering="is_active")
    def active(self, row: User) -> Any:
        """This function will tell whether the person may log in."""
        return chip("valid", "active") if row.is_active else chip("invalid", "inactive")

    @display(description="latest login", ordering="last_login")
    def latest_login(self, row: User) -> str:
        """This function will tell when the person was here."""
        return instant(row.last_login) if row.last_login else "never"
