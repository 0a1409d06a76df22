"""Sending what a test needs stored, as the doors would."""

from typing import Any

from roaming import canonical
from roaming.cdrs.receive import CdrReceipt, receive_cdr
from tests.builders.canonical_messages import NOW

BODY = b'{"id": "CDR-0001"}'


def receive(cdr: canonical.Cdr, **over: Any) -> CdrReceipt:
    """This function will send a CDR an hour after the charge of the builders; any argument of `receive_cdr` can be told."""
    return receive_cdr(**{"cdr": cdr, "received": BODY, "protocol": "ocpi-2.2.1", "at": NOW, "correlation_id": "c-1", **over})
