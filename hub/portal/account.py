"""A person's own page: name and password; and the door itself."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from hub.portal.models import Preference
from hub.portal.scope import find_scope
from hub.users.models import User

# Names of places only: what remains are abbreviations that mean different things in different months.
_ZONES = ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/")))]


class LoginForm(AuthenticationForm):
    """Log in by e-mail."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("E-mail and password do not belong together. After six wrong ones the login is locked for a while."),
    }


class Login(LoginView):
    """The portal's door; people of the hub who knock here are led on to theirs (`portal_page`)."""

    template_name = "portal/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in django-stubs, not at run time
    """What a person may change about themselves."""

    class Meta:
        model = User
        fields = ["name"]
        labels = {"name": _("Your name")}


class PreferenceForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """How a person likes the portal."""

    zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = Preference
        fields = ["language", "zone", "tells_statements"]
        labels = {"language": _("Language"), "tells_statements": _("E-mail me when a statement is ready")}
        widgets = {"language": forms.Select(choices=[("", _("as the browser")), *settings.LANGUAGES])}

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = [("", _("as the browser")), *((name, name) for name in _ZONES)]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """This function will show and change name and password; changing the password ends every other session of the person."""
    user = request.user
    assert isinstance(user, User)
    sends = request.POST.get("form") if request.method == "POST" else None
    profile = ProfileForm(request.POST if sends == "profile" else None, instance=user)
    password = PasswordChangeForm(user, request.POST if sends == "password" else None)
    del password.fields["old_password"].widget.attrs["autofocus"]  # a page with three forms begins at its top
    kept = Preference.objects.filter(user=user).first() or Preference(user=user)
    preference = PreferenceForm(request.POST if sends == "preference" else None, instance=kept)
    if sends == "preference" and preference.is_valid():
        preference.save()
        messages.success(request, _("Saved."))
        back = redirect("portal:account")
        back.delete_cookie("language")  # what was chosen in passing gives way to what is kept
        return back
    if sends == "profile" and profile.is_valid():
        profile.save()
        messages.success(request, _("Saved."))
        return redirect("portal:account")
    if sends == "password" and password.is_valid():
        update_session_auth_hash(request, password.save())
        messages.success(request, _("Your password is changed. Other devices have to log in again."))
        return redirect("portal:account")
    answer = render(
        request, "portal/account.html", {"scope": find_scope(request), "profile": profile, "password": password, "preference": preference}
    )
    answer["Cache-Control"] = "private, no-store"
    return answer
