"""Django's permissions, answered from the hub's one table of roles: the admin of roaming and settlement asks without knowing the hub."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.db.models import Model

from hub.users.models import User
from hub.users.permissions import Action, may

# Permissions that stand for an action; their names are free words, no rows of auth_permission.
_ACTIONS = {
    "settlement.close_period": Action.CLOSE,
    "settlement.approve_run": Action.APPROVE,
    "settlement.issue_run": Action.ISSUE,
    "settlement.void_run": Action.VOID_RUN,
    "settlement.release_hold": Action.RELEASE_HOLD,
    "settlement.release_letter": Action.RELEASE_LETTER,
    "settlement.export_statement": Action.EXPORT,
    "settlement.resolve_dispute": Action.RESOLVE_DISPUTE,
    "settlement.assign_work": Action.ASSIGN,
    "settlement.change_rule": Action.CHANGE_RULE,
    "settlement.approve_rule": Action.APPROVE_RULE,
    "roaming.run_deliveries": Action.RUN_DELIVERIES,
    "roaming.write_note": Action.WRITE_NOTE,
    "roaming.lock_platform": Action.LOCK_PLATFORMS,
}
_WORK = ("roaming", "settlement")


class StaffRoleBackend(BaseBackend):
    """What a staff role allows. It knows no passwords: logging in is ModelBackend's work."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """This function will answer for the rows of roaming and settlement: roles see, and do only what the table names."""
        if not isinstance(user_obj, User):
            return False
        action = _ACTIONS.get(perm)
        if action is not None:
            return may(user_obj, action)
        app, _, name = perm.partition(".")
        return app in _WORK and name.startswith("view_") and may(user_obj, Action.SEE_EVERYTHING)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """This function will tell Django's admin whether it has anything to show of an app."""
        return app_label in _WORK and may(user_obj, Action.SEE_EVERYTHING)
