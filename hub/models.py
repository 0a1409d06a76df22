"""The table of contents of the outermost layer."""

from hub.portal.models import AgreementOffer, CdrExport, Preference, SelfTest, StatementNotice, Webhook
from hub.users.models import Membership, User

__all__ = ["AgreementOffer", "CdrExport", "Membership", "Preference", "SelfTest", "StatementNotice", "User", "Webhook"]
