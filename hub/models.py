"""The table of contents of the outermost layer."""

from hub.users.models import Membership, User

__all__ = ["Membership", "User"]
