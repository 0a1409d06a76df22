"""Addresses, messages and steps that many conformance cases share."""

import json
from collections import Counter
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from django.db.models import F

from roaming.deliveries.coalesce import Row
from roaming.deliveries.dispatch import Letter, prepare
from roaming.deliveries.models import Delivery
from roaming.deliveries.outbox import Result, read_later, settle
from roaming.egress.blocking import send
from roaming.egress.calls import EgressError
from roaming.gateways import gateway_for
from roaming.parties import directory
from roaming.parties.models import Platform
from tests.wire.caller import Caller
from tests.wire.messages import a_message, as_json

RECEIVER, SENDER = "/ocpi/2.2.1/receiver", "/ocpi/2.2.1/sender"
AT_STUB = "/ocpi/2.2.1"
UID = "04A2B3C4D5E6F7"
LOCATION = f"{RECEIVER}/locations/DE/ALF/LOC-1"
TARIFF = f"{RECEIVER}/tariffs/DE/ALF/AC-1"
SESSION = f"{RECEIVER}/sessions/DE/ALF/SESSION-1"
TOKEN = f"{RECEIVER}/tokens/NL/BET/{UID}"
CDRS = f"{RECEIVER}/cdrs"
COMMANDS = f"{RECEIVER}/commands"
AUTHORIZE = f"{SENDER}/tokens/{UID}/authorize"
PLACE = {"location_id": "LOC-1", "evse_uids": ["EVSE-1"]}
ACCEPTED = {"result": "ACCEPTED", "timeout": 30}

FROM = ("OCPI-from-country-code", "OCPI-from-party-id")
TO = ("OCPI-to-country-code", "OCPI-to-party-id")
# OCPI 2.1.1 knows no routing headers.
NO_ROUTING: dict[str, str | None] = dict.fromkeys(FROM)

_LEASE = datetime(2198, 1, 1, tzinfo=UTC)


def location(**over: Any) -> dict[str, Any]:
    """This function will return a published location of DE-ALF."""
    return a_message("location", **{"publish": True, "publish_allowed_to": None, **over})


def tariff(**over: Any) -> dict[str, Any]:
    """This function will return a tariff of DE-ALF."""
    return a_message("tariff", **over)


def token(**over: Any) -> dict[str, Any]:
    """This function will return a token of NL-BET."""
    return a_message("token", **over)


def session(**over: Any) -> dict[str, Any]:
    """This function will return a running session of DE-ALF with a token of NL-BET."""
    return a_message("session", **{"status": "ACTIVE", "end_date_time": None, **over})


def cdr(**over: Any) -> dict[str, Any]:
    """This function will return a CDR of DE-ALF for NL-BET, 7.80 before and 9.28 after taxes."""
    return a_message("cdr", **over)


def credit(**over: Any) -> dict[str, Any]:
    """This function will return the credit CDR of `cdr()`."""
    negative = {"excl_vat": -7.80, "incl_vat": -9.28}
    return cdr(**{"id": "CDR-0001-C", "credit": True, "credit_reference_id": "CDR-0001", "total_cost": negative, **over})


def command(response_url: str, **over: Any) -> dict[str, Any]:
    """This function will return the body of a START_SESSION."""
    return {"response_url": response_url, "token": as_json(token()), "location_id": "LOC-1", "evse_uid": "EVSE-1", **over}


def pair(headers: Any, names: tuple[str, str]) -> tuple[str, str]:
    """This function will return the two headers of a party."""
    told = {name.lower(): value for name, value in headers.items()}
    return told[names[0].lower()], told[names[1].lower()]


def routing_of(headers: Any) -> list[str]:
    """This function will list the routing headers that are there."""
    return [name for name in headers if name.lower().startswith("ocpi-")]


def path_of(link: str) -> str:
    """This function will return path and query of an address, also of the one in a Link header."""
    parts = urlsplit(link[1 : link.index(">")] if link.startswith("<") else link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def speaking(version: str, who: Caller) -> Caller:
    """This function will let a registered partner speak another version."""
    Platform.objects.filter(id=who.platform.id).update(version=version)
    directory.changed()
    return who


def deliver() -> Counter[str]:
    """This function will send what waits in the outbox, the first of each object, on the test's own connection."""
    heads: dict[tuple[int, str, int], Delivery] = {}
    for row in Delivery.objects.filter(state="waiting").order_by("id"):
        heads.setdefault((row.receiver_id, row.module, row.object_row), row)
    Delivery.objects.filter(id__in=[row.pk for row in heads.values()]).update(lease_until=_LEASE, attempts=F("attempts") + 1)
    claimed = [_claimed(row) for row in heads.values()]
    later = read_later(claimed)
    batch = prepare([(row, later[row.id]) for row in claimed], directory.current(), monotonic())
    letters = [*batch.letters, *(letter for train in batch.trains for letter in train)]
    return settle([*batch.results, *map(_sent, letters)])


def _claimed(row: Delivery) -> Row:
    told = {name: getattr(row, name) for name in Row._fields if name not in ("attempts", "payload", "lease_until")}
    return Row(**told, attempts=row.attempts + 1, payload=None if row.payload is None else json.dumps(row.payload), lease_until=_LEASE)


def _sent(letter: Letter) -> Result:
    try:
        outcome = gateway_for(letter.bundle.parcel.platform).judge(letter.bundle.parcel, send(letter.call))
    except EgressError as error:
        return Result(letter.bundle, "retry", str(error))
    return Result(letter.bundle, outcome.kind, outcome.note)
