"""The address an operator calls with a command's result: the hub's own, with a secret of 128 bits, never the provider's.

The operator holds a token of the hub only: handed the provider's address, it would show that token to the provider (ocpi §2.6).
"""

import secrets

from django.conf import settings

CALLBACK_PATH = "/ocpi/callbacks/{key}"


def new_callback_key() -> str:
    """This function will make a key that nobody can guess."""
    return secrets.token_urlsafe(16)


def callback_url(key: str) -> str:
    """This function will return the address that carries the key, below the hub's public URL (at most 255 characters)."""
    return settings.HUB_PUBLIC_URL + CALLBACK_PATH.format(key=key)
