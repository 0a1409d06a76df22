"""The table of contents of the outermost layer."""

from hub.closing.models import CloseRequest
from hub.directory.models import ServiceMinute
from hub.portal.models import AgreementOffer, ApiKey, CdrExport, Preference, SelfTest, StatementNotice, Webhook
from hub.users.models import Bookmark, Membership, RecoveryCode, SecondFactor, TeamRule, User

__all__ = [
    "AgreementOffer",
    "ApiKey",
    "Bookmark",
    "CdrExport",
    "CloseRequest",
    "Membership",
    "Preference",
    "RecoveryCode",
    "SecondFactor",
    "SelfTest",
    "ServiceMinute",
    "StatementNotice",
    "TeamRule",
    "User",
    "Webhook",
]
