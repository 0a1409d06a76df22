"""Which versions the hub speaks: one dialect each, all with the same words, so that an endpoint is written once for all of them.

The versions list publishes what stands here and nothing else; a version joins by one more entry.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from roaming import canonical
from roaming.protocols.ocpi import memory, v2_1_1, v2_2_1, v2_3_0
from roaming.protocols.ocpi.article import Article
from roaming.protocols.ocpi.dialect import Shape
from roaming.protocols.ocpi.loss import LossReport
from roaming.protocols.ocpi.v2_1_1 import commands as commands_2_1_1
from roaming.protocols.ocpi.v2_1_1 import fit as fit_2_1_1
from roaming.protocols.ocpi.v2_1_1 import locations as locations_2_1_1
from roaming.protocols.ocpi.v2_1_1 import registration as registration_2_1_1
from roaming.protocols.ocpi.v2_1_1 import tariffs as tariffs_2_1_1
from roaming.protocols.ocpi.v2_1_1 import tokens as tokens_2_1_1
from roaming.protocols.ocpi.v2_1_1.cdrs import CDR as CDR_2_1_1
from roaming.protocols.ocpi.v2_1_1.sessions import SESSION as SESSION_2_1_1
from roaming.protocols.ocpi.v2_2_1 import cdrs, charging_profiles, commands, locations, registration, sessions, tariffs, tokens
from roaming.protocols.ocpi.v2_2_1 import fit as fit_2_2_1
from roaming.protocols.ocpi.v2_3_0 import cdrs as cdrs_2_3_0
from roaming.protocols.ocpi.v2_3_0 import commands as commands_2_3_0
from roaming.protocols.ocpi.v2_3_0 import fit as fit_2_3_0
from roaming.protocols.ocpi.v2_3_0 import locations as locations_2_3_0
from roaming.protocols.ocpi.v2_3_0 import registration as registration_2_3_0
from roaming.protocols.ocpi.v2_3_0 import sessions as sessions_2_3_0
from roaming.protocols.ocpi.v2_3_0 import tariffs as tariffs_2_3_0
from roaming.protocols.ocpi.v2_3_0 import tokens as tokens_2_3_0
from roaming.protocols.ocpi.visitors import ClientInfo, Credentials

Interface = Literal["SENDER", "RECEIVER"]
SENDER: Final = "SENDER"
RECEIVER: Final = "RECEIVER"

# What the hub serves, by module and side (ocpi §1). Credentials have no side: one entry, marked SENDER.
BOTH: tuple[Interface, ...] = (SENDER, RECEIVER)
_FUNCTIONAL: Mapping[str, tuple[Interface, ...]] = {
    "locations": BOTH,
    "tariffs": BOTH,
    "tokens": BOTH,
    "sessions": BOTH,
    "cdrs": BOTH,
    "commands": BOTH,
}
MODULES: Mapping[str, tuple[Interface, ...]] = {
    "credentials": (SENDER,),
    "hubclientinfo": (SENDER,),
    **_FUNCTIONAL,
    "chargingprofiles": BOTH,
}


class VersionNotSpoken(Exception):
    """The hub does not speak this version (OCPI status 3002)."""


class Dialect(NamedTuple):
    """One version: how it reads and writes each object, and what it has words for."""

    number: str
    modules: Mapping[str, tuple[Interface, ...]]
    encodes_tokens: bool
    routes: bool  # routing headers, sides of endpoints, token types in queries: all came with 2.2
    location: Article[canonical.Location]
    evse: Article[canonical.Evse]
    connector: Article[canonical.Connector]
    tariff: Article[canonical.Tariff]
    merge_tariff: Callable[..., canonical.Tariff] | None  # where tariffs know PATCH
    token: Article[canonical.Token]
    read_token_type: Callable[[str | None], str]
    fit_token_type: Callable[[str], str]
    read_authorization_request: Callable[..., canonical.AuthorizationRequest]
    write_authorization_request: Callable[[canonical.AuthorizationRequest], dict[str, Any] | None]
    authorization: Article[canonical.AuthorizationDecision]
    session: Article[canonical.Session]
    merge_session: Callable[..., canonical.Session] | None  # where a PATCH replaces lists
    charging_preferences: Shape[canonical.ChargingPreferences] | None
    read_preferences_answer: Callable[[Any], str]
    cdr: Article[canonical.Cdr]
    read_command: Callable[..., tuple[canonical.Command, str]]
    write_command: Callable[..., tuple[str, dict[str, Any]]]
    command_response: Article[canonical.CommandResponse]
    command_result: Article[canonical.CommandResult]
    profiles: "Profiles | None"  # charging profiles came with 2.2
    credentials: Shape[Credentials]
    client_info: Shape[ClientInfo] | None


class Profiles(NamedTuple):
    """How a version speaks of charging profiles: the requests, the answer at once, the later result, and the limits in force."""

    read_request: Callable[..., tuple[canonical.ProfileRequest, str]]
    write_request: Callable[..., charging_profiles.ProfileLetter]
    response: Article[canonical.CommandResponse]
    result: Article[canonical.ProfileResult]
    active: Article[canonical.ActiveChargingProfile]


# What a version may lack a word for, or fits by looking at the whole, does not cross as a PATCH.
_FITTED_LOCATION = frozenset({"parking_type", "parking_places", "help_phone", "evses", "facilities", "time_zone", "publish_allowed_to"})
_FITTED_EVSE = frozenset({"connectors", "capabilities", "parking_restrictions", "parking", "accepted_service_providers"})
_FITTED_CONNECTOR = frozenset({"standard", "capabilities"})
_FITTED_TOKEN = frozenset({"type"})
_FITTED_SESSION = frozenset({"cdr_token", "total_cost"})

_OCPI_2_2_1 = Dialect(
    number=v2_2_1.NUMBER,
    modules=MODULES,
    encodes_tokens=True,
    routes=True,
    location=Article(locations.LOCATION, fit=fit_2_2_1.fit_location, whole=_FITTED_LOCATION),
    evse=Article(locations.EVSE, fit=fit_2_2_1.fit_evse, whole=_FITTED_EVSE),
    connector=Article(locations.CONNECTOR, fit=fit_2_2_1.fit_connector, whole=_FITTED_CONNECTOR),
    tariff=Article(tariffs.TARIFF, fit=fit_2_2_1.fit_tariff, whole=None),
    merge_tariff=None,
    token=Article(tokens.TOKEN, fit=fit_2_2_1.fit_token, whole=_FITTED_TOKEN),
    read_token_type=tokens.read_token_type,
    fit_token_type=lambda kind: fit_2_2_1.fit_token_type(kind, LossReport()),
    read_authorization_request=tokens.read_authorization_request,
    write_authorization_request=tokens.write_authorization_request,
    authorization=Article(tokens.AUTHORIZATION_INFO, fit=fit_2_2_1.fit_authorization),
    session=Article(sessions.SESSION, fit=fit_2_2_1.fit_session, whole=_FITTED_SESSION),
    merge_session=None,
    charging_preferences=sessions.CHARGING_PREFERENCES,
    read_preferences_answer=sessions.read_preferences_answer,
    cdr=Article(cdrs.CDR, fit=fit_2_2_1.fit_cdr),
    read_command=commands.read_command,
    write_command=commands.write_command,
    command_response=Article(commands.COMMAND_RESPONSE),
    command_result=Article(commands.COMMAND_RESULT),
    profiles=Profiles(
        read_request=charging_profiles.read_profile_request,
        write_request=charging_profiles.write_profile_request,
        response=Article(charging_profiles.PROFILE_RESPONSE),
        result=Article(charging_profiles.PROFILE_RESULT),
        active=Article(charging_profiles.ACTIVE_PROFILE),
    ),
    credentials=registration.CREDENTIALS,
    client_info=registration.CLIENT_INFO,
)

_OCPI_2_3_0 = _OCPI_2_2_1._replace(
    number=v2_3_0.NUMBER,
    location=Article(locations_2_3_0.LOCATION, fit=fit_2_3_0.fit_location, whole=frozenset({"evses", "time_zone"})),
    evse=Article(locations_2_3_0.EVSE),
    connector=Article(locations_2_3_0.CONNECTOR),
    tariff=Article(tariffs_2_3_0.TARIFF, fit=fit_2_3_0.fit_tariff, whole=None),
    token=Article(tokens_2_3_0.TOKEN, fit=fit_2_3_0.fit_token),
    read_token_type=tokens_2_3_0.read_token_type,
    fit_token_type=lambda kind: kind,
    read_authorization_request=tokens_2_3_0.read_authorization_request,
    authorization=Article(tokens_2_3_0.AUTHORIZATION_INFO, fit=fit_2_3_0.fit_authorization),
    session=Article(sessions_2_3_0.SESSION, fit=fit_2_3_0.fit_session),
    cdr=Article(cdrs_2_3_0.CDR, fit=fit_2_3_0.fit_cdr),
    read_command=commands_2_3_0.read_command,
    write_command=commands_2_3_0.write_command,
    credentials=registration_2_3_0.CREDENTIALS,
    client_info=registration_2_3_0.CLIENT_INFO,
)

_OCPI_2_1_1 = Dialect(
    number=v2_1_1.NUMBER,
    modules={"credentials": (SENDER,), **_FUNCTIONAL},
    encodes_tokens=False,
    routes=False,
    location=Article(
        locations_2_1_1.LOCATION,
        fit=fit_2_1_1.fit_location,
        read=lambda body, owner: locations_2_1_1.read_location(body, owner=owner),
        whole=_FITTED_LOCATION | {"publish", "address", "coordinates", "postal_code", "opening_times", "state"},
        needs_stamp=False,
        turn_patch=locations_2_1_1.turn_location_patch,
    ),
    evse=Article(locations_2_1_1.EVSE, fit=fit_2_1_1.fit_evse, whole=_FITTED_EVSE | {"coordinates"}, needs_stamp=False),
    connector=Article(
        locations_2_1_1.CONNECTOR,
        fit=fit_2_1_1.fit_connector,
        whole=_FITTED_CONNECTOR | {"power_type", "tariff_ids", "max_electric_power"},
        needs_stamp=False,
        turn_patch=locations_2_1_1.turn_connector_patch,
    ),
    tariff=Article(
        tariffs_2_1_1.TARIFF,
        fit=memory.fit_tariff,
        read=lambda body, owner: tariffs_2_1_1.read_tariff(body, owner=owner),
        whole=None,
    ),
    merge_tariff=memory.merge_tariff,
    token=Article(
        tokens_2_1_1.TOKEN,
        fit=fit_2_1_1.fit_token,
        read=lambda body, owner: tokens_2_1_1.read_token(body, owner=owner),
        whole=_FITTED_TOKEN | {"group_id", "default_profile_type", "energy_contract"},
        needs_stamp=False,
    ),
    read_token_type=tokens.read_token_type,
    fit_token_type=lambda kind: kind if kind in ("OTHER", "RFID") else "OTHER",
    read_authorization_request=tokens_2_1_1.read_authorization_request,
    write_authorization_request=tokens_2_1_1.write_authorization_request,
    authorization=Article(
        tokens_2_1_1.AUTHORIZATION_INFO,
        fit=fit_2_1_1.fit_authorization,
        read=lambda body, owner: tokens_2_1_1.read_authorization(body, provider=owner),
    ),
    session=Article(SESSION_2_1_1, fit=fit_2_1_1.fit_session, read=memory.read_session, write=memory.write_session, whole=None),  # type: ignore[arg-type]
    merge_session=memory.merge_session,
    charging_preferences=None,
    read_preferences_answer=sessions.read_preferences_answer,
    cdr=Article(CDR_2_1_1, fit=fit_2_1_1.fit_cdr, read=memory.read_cdr, write=memory.write_cdr, whole=None),  # type: ignore[arg-type]
    read_command=commands_2_1_1.read_command,
    write_command=commands_2_1_1.write_command,
    command_response=Article(commands_2_1_1.COMMAND_RESPONSE, fit=commands_2_1_1.fit_response),
    command_result=Article(commands_2_1_1.COMMAND_RESULT, fit=commands_2_1_1.fit_result),
    profiles=None,
    credentials=registration_2_1_1.CREDENTIALS,
    client_info=None,
)

# Newest first: the order in which the hub prefers them when it starts a handshake itself.
DIALECTS: Mapping[str, Dialect] = {dialect.number: dialect for dialect in (_OCPI_2_3_0, _OCPI_2_2_1, _OCPI_2_1_1)}


def get_dialect(version: str) -> Dialect:
    """This function will return the dialect of a version; it raises VersionNotSpoken."""
    dialect = DIALECTS.get(version)
    if dialect is None:
        raise VersionNotSpoken(f"OCPI {version[:16]!r} is not spoken here; spoken are {', '.join(DIALECTS)}")
    return dialect
