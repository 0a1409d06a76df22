"""Logged-in people: somebody of a partner, somebody inside the hub."""

from django.test import Client

from hub.users.keep import keep_user
from hub.users.models import User
from roaming.models import Party

PASSWORD = "four-walls-and-a-roof"


def someone_of(*parties: Party, role: str = "partner-finance") -> Client:
    """This function will return the browser of a new person who works for `parties` in `role`."""
    email = f"{role}.{'.'.join(str(party.key) for party in parties).lower()}@example.org"
    for party in parties:
        user = keep_user(email=email, password=PASSWORD, party=party.key, role=role)
    return _logged_in(user)


def staff(role: str, *, email: str = "", is_superuser: bool = False) -> Client:
    """This function will return the browser of somebody with a role inside the hub (`role` empty: none)."""
    email = email or f"{role or 'nobody'}@hub.example"
    user = keep_user(email=email, password=PASSWORD, role=role or None)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=is_superuser)
    return _logged_in(user)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
