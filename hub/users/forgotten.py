"""A password that was forgotten: whoever reads the person's mailbox may set another one, within the hour, once.

Asking is one UPDATE, whether the person exists or not, and the mail is a worker's errand: neither answer nor time tells who has an access.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from axes.utils import reset
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.cache import cache
from django.core.mail import send_mail
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from hub.users.lockout import client_address
from hub.users.models import User
from roaming.audit.write import write_audit

_VALID = timedelta(hours=1)
_ONE_MAIL_IN = timedelta(minutes=10)
_MOST_PER_HOUR = 10  # from one address
_MOST_MAILS = 50


class _Links(PasswordResetTokenGenerator):
    """Signed over password, latest login and e-mail, like invitations, but for an hour."""

    key_salt = "hub.users.forgotten"

    def check_token(self, user: User | None, token: str | None) -> bool:
        """This method will tell whether a link is still good."""
        if not super().check_token(user, token) or token is None:
            return False
        return self._num_seconds(self._now()) - base36_to_int(token.split("-")[0]) <= _VALID.total_seconds()


_LINKS = _Links()


class ForgottenForm(forms.Form):
    """Whose password it is."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)


def ask_link(*, email: str, language: str, at: datetime) -> None:
    """This function will note that somebody wants a link; of a person without an access, or asked a moment ago, nothing comes."""
    User.objects.filter(Q(reset_sent_at=None) | Q(reset_sent_at__lt=at - _ONE_MAIL_IN), email__iexact=email.strip(), is_active=True).update(
        reset_asked_at=at, reset_language=language
    )


def send_links(*, at: datetime) -> int:
    """This function will send the links that were asked for, and return how many; of two workers each person hears from one."""
    sent = 0
    for user in User.objects.filter(reset_asked_at__isnull=False, is_active=True).order_by("reset_asked_at")[:_MOST_MAILS]:
        if not User.objects.filter(pk=user.pk, reset_asked_at=user.reset_asked_at).update(reset_asked_at=None, reset_sent_at=at):
            continue
        told = [urlsafe_base64_encode(force_bytes(user.pk)), _LINKS.make_token(user)]
        link = f"{settings.HUB_PUBLIC_URL}{reverse('account:new_password', args=told)}"
        with translation.override(user.reset_language or settings.LANGUAGE_CODE):
            text = _(
                "Hello,\n\nsomebody asked for a new password of your access to Roamhouse. Choose it here:\n%(link)s\n\n"
                "The link works once and for one hour. If it was not you, leave it alone: nothing has changed.\n"
            )
            send_mail(_("A new password for Roamhouse"), text % {"link": link}, None, [user.email])
        write_audit(action="password link sent", by="the hub", subject=user)
        sent += 1
    return sent


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """This function will ask for the e-mail, and give the same answer to every one."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    told, status = {"form": form, "is_asked": False, "is_too_often": False}, 200
    if request.method == "POST" and form.is_valid():
        if _asks_too_often(client_address(request)):
            told["is_too_often"], status = True, 429
        else:
            ask_link(email=form.cleaned_data["email"], language=translation.get_language() or "", at=timezone.now())
            told["is_asked"] = True
    answer = render(request, "users/forgotten.html", told, status=status)
    answer["Cache-Control"] = "private, no-store"
    if status == 429:
        answer["Retry-After"] = "3600"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest, who: str, token: str) -> HttpResponse:
    """This function will let the reader of the mail choose a password; other sessions end, and a second factor is asked as before."""
    user = _find(who, token)
    if user is None:
        answer = render(request, "users/void_invitation.html", status=410)
    else:
        form: SetPasswordForm[User] = SetPasswordForm(user, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            form.save()
            reset(username=user.email)
            write_audit(action="chose a new password", by=user.email, subject=user, address=client_address(request))
            messages.success(request, _("Your password is set. Log in with it."))
            return redirect(settings.LOGIN_URL)
        answer = render(request, "users/invitation.html", {"form": form, "person": user})
    answer["Cache-Control"] = "private, no-store"
    return answer


def _find(who: str, token: str) -> User | None:
    try:
        user = User.objects.get(pk=int(urlsafe_base64_decode(who)), is_active=True)
    except (User.DoesNotExist, ValueError, OverflowError):
        return None
    return user if _LINKS.check_token(user, token) else None


def _asks_too_often(address: str) -> bool:
    # Without Redis the limit per person still holds.
    with suppress(RedisError):
        key = f"forgotten:{address}"
        cache.add(key, 0, timeout=3600)
        return int(cache.incr(key)) > _MOST_PER_HOUR
    return False
