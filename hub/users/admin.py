"""People in the admin: who may enter, as what, and letting somebody in again who mistyped too often."""

from typing import Any

from axes.utils import reset
from django.contrib import admin, messages
from django.contrib.admin import action, display
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from hub.users.models import Membership, User
from hub.users.permissions import Action, may
from roaming.admin.pages import Page
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
    """People. Only a superuser makes and changes them; a role is given here, never a single right."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = [MembershipsOfUser]
    actions = ["let_in_again"]
    list_display = ["email", "name", "role", "works_for", "active", "latest_login"]
    list_filter = ["staff_role", "is_active"]
    search_fields = ["email", "name", "memberships__party__name"]
    ordering = ["email"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": [("email", "name"), "password"]}),
        ("Inside the hub", {"fields": [("staff_role", "is_staff"), ("is_active", "is_superuser")]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "staff_role", "is_staff", "password1", "password2"]})]

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
