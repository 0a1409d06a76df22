"""A company's people: who they are, what each may do, somebody new, somebody who left."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from hub.portal.scope import Scope, portal_page
from hub.users.invite import invite_person
from hub.users.keep import RoleHasNoParty
from hub.users.models import Membership, TeamRule
from hub.users.permissions import Action
from roaming.audit.write import write_audit

ROLES = {
    Membership.Role.FINANCE: gettext_lazy("finance: statements, disputes, agreements"),
    Membership.Role.VIEWER: gettext_lazy("finance, reading only"),
    Membership.Role.TECHNICAL: gettext_lazy("technical: connection, messages, tests"),
    Membership.Role.ADMIN: gettext_lazy("administrator: people and everything technical"),
    Membership.Role.PRIVACY: gettext_lazy("data protection"),
}


# Nobody hands out more than they have: an engineer makes no accountant.
_GRANTS: dict[str, tuple[Membership.Role, ...]] = {
    Membership.Role.ADMIN: tuple(ROLES),
    Membership.Role.FINANCE: (Membership.Role.FINANCE, Membership.Role.VIEWER),
    Membership.Role.TECHNICAL: (Membership.Role.TECHNICAL,),
}


def grants_of(membership: Membership) -> dict[str, str]:
    """This function will return the roles that a person may give to others in their company, with their words."""
    return {role.value: str(ROLES[role]) for role in _GRANTS.get(membership.role, ())}


class InviteForm(forms.Form):
    """Somebody new."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"))


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(to=Action.MANAGE_TEAM)
def team(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will list the people of the party looked at, and invite somebody by e-mail."""
    grants = grants_of(scope.active)
    form = InviteForm(request.POST or None)
    role = form.fields["role"]
    assert isinstance(role, forms.ChoiceField)
    role.choices = list(grants.items())
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].strip().lower()
        if Membership.objects.filter(party=scope.party, user__email__iexact=email).exists():
            form.add_error("email", _("This person belongs to the company already: change the role in the list."))
        else:
            try:
                invite_person(
                    email=email,
                    by=scope.user.email,
                    party=scope.party.key,
                    role=form.cleaned_data["role"],
                    name=form.cleaned_data["name"],
                )
            except RoleHasNoParty:
                form.add_error("email", _("This e-mail cannot be invited: give the person another one."))
            else:
                messages.success(request, _("An invitation is on its way. Its link works once."))
                return redirect("portal:team")
    rule = TeamRule.objects.filter(party=scope.party).first()
    members = Membership.objects.filter(party=scope.party).select_related("user").order_by("user__email")
    return render(
        request,
        "portal/team.html",
        {"scope": scope, "members": members, "form": form, "grants": grants, "rule": rule, "may_rule": _may_rule(scope)},
    )


def _may_rule(scope: Scope) -> bool:
    return scope.active.role == Membership.Role.ADMIN


@require_POST
@portal_page(to=Action.MANAGE_TEAM)
def rule(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will let the company's administrator ask a second factor of all its people, or leave it to each."""
    if not _may_rule(scope):
        raise PermissionDenied
    needs = request.POST.get("needs_second_factor") == "on"
    told = {"needs_second_factor": needs, "set_by": scope.user.email, "set_at": timezone.now()}
    kept, _made = TeamRule.objects.update_or_create(party=scope.party, defaults=told)
    write_audit(action="team rule set", by=scope.user.email, subject=kept, after={"needs_second_factor": needs})
    messages.success(request, _("Saved."))
    return redirect("portal:team")


@require_POST
@portal_page(to=Action.MANAGE_TEAM)
def change(request: HttpRequest, scope: Scope, membership_id: int) -> HttpResponse:
    """This function will give a colleague another role, or take the membership away; nobody changes their own."""
    member = get_object_or_404(Membership.objects.select_related("user"), pk=membership_id, party__in=scope.parties(to=Action.MANAGE_TEAM))
    role = request.POST.get("role", "")
    own = next(one for one in scope.memberships if one.party_id == member.party_id)
    grants = grants_of(own)
    if member.user_id == scope.user.pk:
        messages.warning(request, _("Nobody changes their own role: ask a colleague."))
    elif member.role not in grants or role not in {*grants, "remove"}:
        messages.warning(request, _("Your role does not give or take this one: ask an administrator of your company."))
    elif role == "remove":
        write_audit(action="membership removed", by=scope.user.email, subject=member, before={"role": member.role})
        member.delete()
        messages.success(request, _("The person has no access to this company any more."))
    else:
        write_audit(action="membership changed", by=scope.user.email, subject=member, before={"role": member.role}, after={"role": role})
        Membership.objects.filter(pk=member.pk).update(role=role)
        messages.success(request, _("Saved."))
    return redirect("portal:team")
