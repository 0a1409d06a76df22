"""Make a person, or bring an existing one up to date."""

from django.db import transaction

from hub.users.models import Membership, User
from hub.users.passwords import check_given_password
from roaming.canonical import PartyId
from roaming.models import Party

STAFF_ROLES = tuple(role for role in User.StaffRole.values if role)
PARTNER_ROLES = tuple(Membership.Role.values)


class UnknownParty(Exception):
    """No party of that name was invited."""


class RoleNeedsParty(Exception):
    """A partner's role was asked for without saying of which party."""


class RoleHasNoParty(Exception):
    """A role inside the hub meets a party: nobody checks the money of a company they belong to."""


@transaction.atomic
def keep_user(*, email: str, password: str | None, party: PartyId | None = None, role: str | None = None, name: str = "") -> User:
    """This function will save the person with that e-mail: its password, and its role (a hub's role, or one for `party`).

    Called again with the same e-mail it changes what is given and keeps the rest; without a password somebody new has none until an
    invitation is taken up. It raises UnknownParty, RoleNeedsParty, RoleHasNoParty and WeakPassword.
    """
    inside = role in STAFF_ROLES
    if inside and party is not None:
        raise RoleHasNoParty(f"{role} is a role inside the hub and has no party: leave --party out, or take a role of a partner")
    if role in PARTNER_ROLES and party is None:
        raise RoleNeedsParty(f"{role} is a role of a partner: say of which party")
    user = User.objects.filter(email__iexact=email.strip()).first() or User(email=email.strip().lower())
    if (party is not None and user.staff_role) or (inside and user.pk is not None and user.memberships.exists()):
        raise RoleHasNoParty(
            f"{user.email} works for {'the hub' if user.staff_role else 'a partner'} already: give the other work another e-mail"
        )
    user.name = name or user.name
    if inside:
        user.staff_role, user.is_staff = str(role), True
    if password is not None:
        check_given_password(password=password, user=user)
        user.set_password(password)
        user.is_active = True  # (who was shut out comes back by the operator's word, never by an invitation)
    elif user._state.adding:
        user.set_unusable_password()
    user.save()
    if party is not None:
        row = Party.objects.filter(country_code=party.country_code, party_id=party.party_id).first()
        if row is None:
            raise UnknownParty(f"no party {party} is known here: invite its platform first")
        Membership.objects.update_or_create(user=user, party=row, defaults={"role": role or Membership.Role.FINANCE})
    return user
