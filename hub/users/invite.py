"""Inviting somebody: an e-mail with a link that works once and lets the person choose a password nobody else ever knew."""

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from hub.users.keep import keep_user
from hub.users.models import User
from roaming.audit.write import write_audit
from roaming.canonical import PartyId


class _Invitations(PasswordResetTokenGenerator):
    """Signed over password, latest login and e-mail: once a password is chosen, the link is void. Valid PASSWORD_RESET_TIMEOUT."""

    key_salt = "hub.users.invite"


_INVITATIONS = _Invitations()


def invite_person(*, email: str, by: str, party: PartyId | None = None, role: str | None = None, name: str = "") -> User:
    """This function will save the person with its role, and send the link; a person who has a password keeps it and gets none.

    It raises what keep_user raises: UnknownParty, RoleNeedsParty, RoleHasNoParty.
    """
    user = keep_user(email=email, password=None, party=party, role=role, name=name)
    if not user.has_usable_password():
        send_invitation(user=user, by=by)
    return user


def send_invitation(*, user: User, by: str) -> None:
    """This function will send the link (again): whoever reads that mailbox may set the person's password within three days."""
    told = {"user": user, "by": by, "link": invitation_link(user=user), "hours": settings.PASSWORD_RESET_TIMEOUT // 3600}
    write_audit(action="invited", by=by, subject=user)
    send_mail("Your access to Roamhouse", render_to_string("emails/invitation.txt", told), None, [user.email])


def invitation_link(*, user: User) -> str:
    """This function will return the address under which the person chooses a password."""
    told = [urlsafe_base64_encode(force_bytes(user.pk)), _INVITATIONS.make_token(user)]
    return f"{settings.HUB_PUBLIC_URL}{reverse('account:invitation', args=told)}"


def find_invited(*, who: str, token: str) -> User | None:
    """This function will return whom a link invites, or None where it is void, used or too old."""
    try:
        user = User.objects.get(pk=int(urlsafe_base64_decode(who)), is_active=True)
    except (User.DoesNotExist, ValueError, OverflowError):
        return None
    return user if _INVITATIONS.check_token(user, token) else None
