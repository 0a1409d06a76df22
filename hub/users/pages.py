"""The pages of a person's own access: show the second factor, set factors up, recovery codes, taking up an invitation."""

import json
from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hub.users.door import has_shown_second_factor, let_in
from hub.users.factors import (
    TooManyWrongCodes,
    WrongCode,
    add_app,
    app_address,
    check_code,
    make_app_secret,
    make_recovery_codes,
    remove_factor,
)
from hub.users.invite import find_invited
from hub.users.lockout import client_address
from hub.users.models import SecondFactor, User
from hub.users.passkeys import (
    NoPasskeysHere,
    PasskeyRefused,
    add_passkey,
    ask_for_new_passkey,
    ask_for_passkey,
    can_have_passkeys,
    check_passkey,
)
from hub.users.passwords import must_have_second_factor
from roaming.audit.write import write_audit

_SECRET, _STATE = "app_secret", "passkey_state"
_LARGEST_ANSWER = 64 * 1024
View = Callable[..., HttpResponse]


def _own(view: View) -> View:
    """A page of somebody who is logged in; no cache keeps it."""

    @login_required
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        answer["Cache-Control"] = "private, no-store"
        return answer

    return page


@_own
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """This function will ask for a code (or a passkey) and lead on to the page that was wanted."""
    user, problem, status = _person(request), "", 200
    if not user.has_second_factor or has_shown_second_factor(request):
        return redirect(_wanted(request, user))
    if request.method == "POST":
        try:
            let_in(request, by=check_code(user=user, code=request.POST.get("code", ""), at=timezone.now()))
            return redirect(_wanted(request, user))
        except WrongCode as wrong:
            problem, status = _(str(wrong)), 200
        except TooManyWrongCodes as locked:
            problem, status = _(str(locked)), 429
        write_audit(action="second factor refused", by=user.email, subject=user, address=client_address(request))
    told = {
        "problem": problem,
        "next": _wanted(request, user),
        "has_passkey": user.second_factors.filter(kind=SecondFactor.Kind.PASSKEY).exists() and can_have_passkeys(_host(request)),
    }
    return render(request, "users/second_factor.html", told, status=status)


@_own
@require_http_methods(["GET", "HEAD"])
def security(request: HttpRequest) -> HttpResponse:
    """This function will show what the person has beside the password, and how to add more."""
    user = _person(request)
    told = {
        "factors": user.second_factors.order_by("id"),
        "codes_left": user.recovery_codes.filter(used_at=None).count(),
        "is_required": must_have_second_factor(user),
        "may_use_passkeys": can_have_passkeys(_host(request)),
        "next": _wanted(request, user),
    }
    return render(request, "users/security.html", told)


class AppForm(forms.Form):
    """The first code of an authenticator app, and what the person calls it."""

    name = forms.CharField(max_length=60, required=False)
    code = forms.CharField(max_length=12)


@_own
@require_http_methods(["GET", "HEAD", "POST"])
def new_app(request: HttpRequest) -> HttpResponse:
    """This function will show a QR code for an authenticator app and keep the app once it answers with the right code."""
    user, problem = _person(request), ""
    form = AppForm(request.POST if request.method == "POST" else None)
    secret = request.session.get(_SECRET) if request.method == "POST" else None
    if secret is None:
        secret = request.session[_SECRET] = make_app_secret()
        problem = _("The page was open too long: scan the new code.") if request.method == "POST" else ""
    elif form.is_valid():
        try:
            factor = add_app(user=user, secret=secret, at=timezone.now(), **form.cleaned_data)
        except WrongCode as wrong:
            problem = _(str(wrong))
        else:
            del request.session[_SECRET]
            let_in(request, by=f"app {factor.pk}")
            if not user.recovery_codes.exists():
                return _show_new_codes(request, user)
            messages.success(request, _("Added. From now on it is asked for after the password."))
            return redirect("account:security")
    else:
        problem = _("Enter the six digits that the app shows.")
    picture = segno.make(app_address(secret=secret, email=user.email), micro=False).svg_data_uri(scale=5, border=3, light="#fff")
    told = {"picture": picture, "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), "problem": problem}
    return render(request, "users/new_app.html", told)


@_own
@require_POST
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    """This function will replace the recovery codes, and show the new ones this once."""
    user = _person(request)
    if not user.has_second_factor:
        return redirect("account:security")
    return _show_new_codes(request, user)


@_own
@require_POST
def remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    """This function will take one of the person's own factors away; the password is asked once more."""
    user = _person(request)
    factor = user.second_factors.filter(pk=factor_id).first()
    if factor is None:
        messages.warning(request, _("This one was taken away already."))
    elif not user.check_password(request.POST.get("password", "")):
        messages.error(request, _("The password is wrong: nothing was changed."))
    else:
        remove_factor(factor=factor)
        messages.success(request, _("Taken away."))
    return redirect("account:security")


@_own
@require_POST
def passkey(request: HttpRequest, purpose: str, step: str) -> HttpResponse:
    """This function will speak WebAuthn with the browser: `begin` returns the question, `complete` takes the answer; refusals are 400."""
    user, place = _person(request), {"origin": f"{request.scheme}://{request.get_host()}", "host": _host(request)}
    try:
        if step == "begin":
            ask = ask_for_new_passkey if purpose == "new" else ask_for_passkey
            question, request.session[_STATE] = ask(user=user, **place)
            return JsonResponse(dict(question))
        answer = _read_answer(request)
        told = {"user": user, "state": request.session.pop(_STATE, {}), "answer": answer["credential"], "at": timezone.now(), **place}
        if purpose == "new":
            factor = add_passkey(name=str(answer.get("name", ""))[:60], **told)
            let_in(request, by=f"passkey {factor.pk}")
            return JsonResponse({"next": reverse("account:security")})
        let_in(request, by=check_passkey(**told))
        return JsonResponse({"next": _wanted(request, user)})
    except (PasskeyRefused, NoPasskeysHere) as refused:
        return JsonResponse({"error": str(refused)}, status=400)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, who: str, token: str) -> HttpResponse:
    """This function will let an invited person choose a password, once."""
    user = find_invited(who=who, token=token)
    if user is None:
        answer = render(request, "users/void_invitation.html", status=410)
    else:
        form: SetPasswordForm[User] = SetPasswordForm(user, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            form.save()
            write_audit(action="took up invitation", by=user.email, subject=user, address=client_address(request))
            messages.success(request, _("Your password is set. Log in with it."))
            return redirect(settings.LOGIN_URL)
        answer = render(request, "users/invitation.html", {"form": form, "person": user})
    answer["Cache-Control"] = "private, no-store"
    return answer


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _host(request: HttpRequest) -> str:
    return request.get_host().rsplit(":", 1)[0] if not request.get_host().endswith("]") else request.get_host()


def _wanted(request: HttpRequest, user: User) -> str:
    wanted = str(request.POST.get("next") or request.GET.get("next") or "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return "/admin/" if user.is_staff else "/portal/"


def _show_new_codes(request: HttpRequest, user: User) -> HttpResponse:
    return render(request, "users/recovery_codes.html", {"codes": make_recovery_codes(user=user), "next": _wanted(request, user)})


def _read_answer(request: HttpRequest) -> dict[str, Any]:
    try:
        answer = json.loads(request.body) if int(request.META.get("CONTENT_LENGTH") or 0) <= _LARGEST_ANSWER else None
    except ValueError as wrong:
        raise PasskeyRefused("The answer is not JSON.") from wrong
    if not isinstance(answer, dict) or not isinstance(answer.get("credential"), dict):
        raise PasskeyRefused("The answer has no credential.")
    return answer
