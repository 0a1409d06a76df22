"""Whose certificates the hub believes: the machine's, and the list that comes with the libraries."""

import ssl
from functools import lru_cache

import certifi


@lru_cache(maxsize=4)
def trusted_certificates(face: str) -> ssl.SSLContext:
    """This function will return the TLS context of one face of the door: TLS 1.2 or newer, names and certificates checked.

    SSL_CERT_FILE names further roots, as everywhere on a machine. Each face has a context of its own: libraries change them.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
