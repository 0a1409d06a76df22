"""Who may do what. What moves money is settlement's table (`settlement.terms.rights`); the rest stands here."""

from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from hub.users.models import Membership, User
from roaming.models import Party
from settlement.terms.rights import MAY

Person = User | AnonymousUser


class Action(StrEnum):
    """What somebody may want to do. The first group moves money: being a superuser does not help there."""

    CLOSE = "close"
    APPROVE = "approve"
    ISSUE = "issue"
    RELEASE_HOLD = "release_hold"
    EXPORT = "export"
    RESOLVE_DISPUTE = "resolve_dispute"
    ASSIGN = "assign"
    CHANGE_RULE = "change_rule"
    APPROVE_RULE = "approve_rule"
    VOID_RUN = "void_run"
    RELEASE_LETTER = "release_letter"

    SEE_EVERYTHING = "see_everything"
    WRITE_NOTE = "write_note"
    RUN_DELIVERIES = "run_deliveries"
    LOCK_PLATFORMS = "lock_platforms"
    MANAGE_USERS = "manage_users"

    SEE_OWN_STATEMENTS = "see_own_statements"
    SEE_OWN_RECORDS = "see_own_records"
    SEE_OWN_CONNECTION = "see_own_connection"
    DISPUTE = "dispute"
    AGREE = "agree"
    MANAGE_CONNECTION = "manage_connection"
    MANAGE_TEAM = "manage_team"


_STAFF = User.StaffRole
_EVERYONE_INSIDE = frozenset(role.value for role in _STAFF if role)

# Four eyes hold for superusers too (reliability T22): these need the role itself.
_MONEY = (
    *(Action.CLOSE, Action.APPROVE, Action.ISSUE, Action.RELEASE_HOLD, Action.EXPORT),
    *(Action.RESOLVE_DISPUTE, Action.ASSIGN, Action.CHANGE_RULE, Action.APPROVE_RULE, Action.VOID_RUN, Action.RELEASE_LETTER),
)
_BY_STAFF_ROLE: dict[Action, frozenset[str]] = {
    **{action: MAY[action.value] for action in _MONEY},
    Action.SEE_EVERYTHING: _EVERYONE_INSIDE,
    Action.WRITE_NOTE: _EVERYONE_INSIDE,
    Action.RUN_DELIVERIES: frozenset({_STAFF.OPERATIONS}),
    Action.LOCK_PLATFORMS: frozenset({_STAFF.OPERATIONS}),
    Action.MANAGE_USERS: frozenset({_STAFF.PLATFORM}),  # who makes logins moves no money (clearing §3.2)
}
_FINANCE = Membership.Role.FINANCE
_VIEWER = Membership.Role.VIEWER
_TECHNICAL = Membership.Role.TECHNICAL
_ADMIN = Membership.Role.ADMIN
_PRIVACY = Membership.Role.PRIVACY
_BY_MEMBERSHIP: dict[Action, frozenset[str]] = {
    Action.SEE_OWN_STATEMENTS: frozenset({_FINANCE, _VIEWER, _ADMIN}),
    Action.SEE_OWN_RECORDS: frozenset({_FINANCE, _VIEWER, _TECHNICAL, _ADMIN, _PRIVACY}),
    Action.SEE_OWN_CONNECTION: frozenset({_FINANCE, _VIEWER, _TECHNICAL, _ADMIN}),
    Action.DISPUTE: frozenset({_FINANCE}),
    Action.AGREE: frozenset({_FINANCE}),
    Action.MANAGE_CONNECTION: frozenset({_TECHNICAL, _ADMIN}),
    Action.MANAGE_TEAM: frozenset({_FINANCE, _TECHNICAL, _ADMIN}),
}


def may(user: Person, action: Action | str) -> bool:
    """This function will tell whether the hub's person may do `action`; for a partner's person, whether any membership allows it."""
    if not isinstance(user, User) or not user.is_active:
        return False
    action = Action(action)
    if action in _BY_MEMBERSHIP:
        return user.memberships.filter(role__in=_BY_MEMBERSHIP[action]).exists()
    if not user.is_staff:
        return False
    if user.is_superuser and action not in _MONEY:
        return True
    return user.staff_role in _BY_STAFF_ROLE[action]


def member_may(membership: Membership, action: Action) -> bool:
    """This function will tell whether a membership allows a partner's action, for its own party."""
    return membership.role in _BY_MEMBERSHIP[action]


def roles_that_may(action: Action) -> frozenset[str]:
    """This function will return the roles of partners' people that allow a partner's action."""
    return _BY_MEMBERSHIP[action]


def parties_of(user: Person, *, to: Action | None = None) -> QuerySet[Party]:
    """This function will return the parties a person belongs to (where `to` is given: with a role that allows it).

    Every query of the portal starts here, so that a foreign row is as absent as one that never existed (reliability T13).
    """
    if not isinstance(user, User) or not user.is_active:
        return Party.objects.none()
    memberships = user.memberships.all()
    if to is not None:
        memberships = memberships.filter(role__in=_BY_MEMBERSHIP[to])
    return Party.objects.filter(pk__in=memberships.values("party_id"))
