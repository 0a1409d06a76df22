"""What `manage.py check --deploy` says of a hub beyond Django's own checks."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def letters_leave_the_house(**_: Any) -> list[CheckMessage]:
    """This function will warn where invitations, links for passwords and notices would lie in a directory instead of being sent."""
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return []
    return [
        Warning(
            "EMAIL_URL is not set: invitations, links for forgotten passwords and notices of statements are written into files.",
            hint="EMAIL_URL=smtp://user:password@host:587 (STARTTLS), or smtps://…:465.",
            id="hub.W001",
        )
    ]
