"""Whose portal is this? Every page receives the answer, and builds its queries from nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hub.users.models import Membership, User
from hub.users.permissions import Action, member_may, parties_of
from roaming.canonical import Role
from roaming.models import Party

SESSION_KEY = "party"
PARTNER_ACTIONS = (
    Action.SEE_OWN_STATEMENTS,
    Action.SEE_OWN_RECORDS,
    Action.SEE_OWN_CONNECTION,
    Action.DISPUTE,
    Action.AGREE,
    Action.MANAGE_CONNECTION,
    Action.MANAGE_TEAM,
)


@dataclass(frozen=True)
class Scope:
    """A person, the parties they belong to, and the one they look at now."""

    user: User
    memberships: tuple[Membership, ...]
    active: Membership
    roles: frozenset[str] = field(default=frozenset())

    @property
    def party(self) -> Party:
        """The party looked at."""
        return self.active.party

    @property
    def is_operator(self) -> bool:
        """Whether the party runs charge points."""
        return Role.CPO in self.roles

    @property
    def is_provider(self) -> bool:
        """Whether the party has drivers."""
        return Role.EMSP in self.roles

    @property
    def sides(self) -> list[str]:
        """From which sides of a CDR the party may look, the operator's first."""
        return [side for side, has in (("operator", self.is_operator), ("provider", self.is_provider)) if has]

    @property
    def rights(self) -> dict[str, bool]:
        """What this membership allows, by the name of the action: `scope.rights.dispute` in templates."""
        return {action.value: member_may(self.active, action) for action in PARTNER_ACTIONS}

    @property
    def sees_statements(self) -> bool:
        """Whether this membership allows the party's statements."""
        return member_may(self.active, Action.SEE_OWN_STATEMENTS)

    def parties(self, *, to: Action) -> QuerySet[Party]:
        """This function will return every party of the person whose membership allows `to`: a kept link opens whatever party is active."""
        return parties_of(self.user, to=to)


PortalView = Callable[..., HttpResponse]


def portal_page(*, to: Action | None) -> Callable[[PortalView], Callable[..., HttpResponse]]:
    """This function will make a view of the portal: `view(request, scope, …)`, for people of a party whose role allows `to`.

    Others get the login, a page that explains, or 403; people of the hub, who belong to no partner, are led to the administration.
    Answers are never kept by a cache (reliability T14).
    """

    def decorate(view: PortalView) -> Callable[..., HttpResponse]:
        @login_required
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            scope = find_scope(request)
            if scope is None and request.user.is_staff:
                return redirect("admin:index")
            if scope is None:
                answer = render(request, "portal/no_party.html", status=403)
            elif to is not None and not member_may(scope.active, to):
                raise PermissionDenied
            else:
                answer = view(request, scope, *args, **kwargs)
            answer["Cache-Control"] = "private, no-store"
            return answer

        return page

    return decorate


def find_scope(request: HttpRequest) -> Scope | None:
    """This function will return the person's scope, or None where the person belongs to no party."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return None
    memberships = tuple(
        user.memberships.select_related("party")
        .order_by("party__name", "party__country_code", "party__party_id")
        .prefetch_related("party__roles")
    )
    if not memberships:
        return None
    chosen = request.session.get(SESSION_KEY)
    active = next((membership for membership in memberships if membership.party_id == chosen), memberships[0])
    return Scope(user=user, memberships=memberships, active=active, roles=frozenset(role.role for role in active.party.roles.all()))
