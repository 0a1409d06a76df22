"""Which versions the hub speaks: one dialect each, all with the same words, so that an endpoint is written once for all of them.

The versions list publishes what stands here and nothing else; a version joins by one more entry.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from roaming import canonical
from roaming.protocols.ocpi import v2_2_1
from roaming.protocols.ocpi.dialect import Shape
from roaming.protocols.ocpi.v2_2_1 import cdrs, commands, locations, registration, sessions, tariffs, tokens

Interface = Literal["SENDER", "RECEIVER"]
SENDER: Final = "SENDER"
RECEIVER: Final = "RECEIVER"

# What the hub serves, by module and side (ocpi §1). Credentials have no side: one entry, marked SENDER.
BOTH: tuple[Interface, ...] = (SENDER, RECEIVER)
MODULES: Mapping[str, tuple[Interface, ...]] = {
    "credentials": (SENDER,),
    "hubclientinfo": (SENDER,),
    "locations": BOTH,
    "tariffs": BOTH,
    "tokens": BOTH,
    "sessions": BOTH,
    "cdrs": BOTH,
    "commands": BOTH,
}


class VersionNotSpoken(Exception):
    """The hub does not speak this version (OCPI status 3002)."""


class Dialect(NamedTuple):
    """One version: how it reads and writes each object, and how its tokens travel."""

    number: str
    encodes_tokens: bool
    location: Shape[canonical.Location]
    evse: Shape[canonical.Evse]
    connector: Shape[canonical.Connector]
    tariff: Shape[canonical.Tariff]
    token: Shape[canonical.Token]
    read_token_type: Callable[[str | None], str]
    read_authorization_request: Callable[..., canonical.AuthorizationRequest]
    write_authorization_request: Callable[[canonical.AuthorizationRequest], dict[str, Any] | None]
    authorization: Shape[canonical.AuthorizationDecision]
    session: Shape[canonical.Session]
    charging_preferences: Shape[canonical.ChargingPreferences]
    read_preferences_answer: Callable[[Any], str]
    cdr: Shape[canonical.Cdr]
    read_command: Callable[..., tuple[canonical.Command, str]]
    write_command: Callable[..., tuple[str, dict[str, Any]]]
    command_response: Shape[canonical.CommandResponse]
    command_result: Shape[canonical.CommandResult]
    credentials: Shape[registration.Credentials]
    client_info: Shape[registration.ClientInfo]


_OCPI_2_2_1 = Dialect(
    number=v2_2_1.NUMBER,
    encodes_tokens=True,
    location=locations.LOCATION,
    evse=locations.EVSE,
    connector=locations.CONNECTOR,
    tariff=tariffs.TARIFF,
    token=tokens.TOKEN,
    read_token_type=tokens.read_token_type,
    read_authorization_request=tokens.read_authorization_request,
    write_authorization_request=tokens.write_authorization_request,
    authorization=tokens.AUTHORIZATION_INFO,
    session=sessions.SESSION,
    charging_preferences=sessions.CHARGING_PREFERENCES,
    read_preferences_answer=sessions.read_preferences_answer,
    cdr=cdrs.CDR,
    read_command=commands.read_command,
    write_command=commands.write_command,
    command_response=commands.COMMAND_RESPONSE,
    command_result=commands.COMMAND_RESULT,
    credentials=registration.CREDENTIALS,
    client_info=registration.CLIENT_INFO,
)

# Newest first: the order in which the hub prefers them when it starts a handshake itself.
DIALECTS: Mapping[str, Dialect] = {dialect.number: dialect for dialect in (_OCPI_2_2_1,)}


def get_dialect(version: str) -> Dialect:
    """This function will return the dialect of a version; it raises VersionNotSpoken."""
    dialect = DIALECTS.get(version)
    if dialect is None:
        raise VersionNotSpoken(f"OCPI {version[:16]!r} is not spoken here; spoken are {', '.join(DIALECTS)}")
    return dialect
