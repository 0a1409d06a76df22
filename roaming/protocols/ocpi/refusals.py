"""Which refusal of the house is which OCPI answer. One table: endpoints let their refusals pass and this decides.

Messages name the field where the refusal names one. What would tell a stranger who is on the hub is said in the same words for
unknown and for unentitled parties.
"""

from roaming.authorizations.authorize import RequestIdReused
from roaming.cdrs.checks import RefusedCdr
from roaming.commands.forward import ResponseUrlRefused, ResponseUrlReused, TokenOfAnother
from roaming.commands.receiver import AmbiguousReceiver, UnknownLocation
from roaming.commands.relay import UnknownCallback
from roaming.gateways import CannotBeSaid, Declined, GatewayBroken, GatewayTimedOut, NoRoute, PlatformOffline, UnknownToken
from roaming.objects.announce import NoAgreement, UnknownParty
from roaming.objects.limits import DoesNotFit
from roaming.objects.pages import BadCursor
from roaming.objects.patches import PatchBreaksObject, PatchWithoutStamp, UnknownObject
from roaming.parties.credentials import TokenNotPrintable
from roaming.parties.register import NotRegistered
from roaming.protocols.ocpi.envelope import (
    CANNOT_USE_CLIENT,
    CLIENT_ERROR,
    CONNECTION_PROBLEM,
    HUB_ERROR,
    NO_MATCHING_ENDPOINTS,
    SERVER_ERROR,
    TIMED_OUT,
    UNKNOWN_LOCATION,
    UNKNOWN_RECEIVER,
    UNKNOWN_TOKEN,
    UNSUPPORTED_VERSION,
    OcpiRefusal,
    bad_parameter,
    not_found,
    refusal_of_body,
    unknown_receiver,
)
from roaming.protocols.ocpi.handshake import CannotUseClient, NoMatchingEndpoints, NotApproved, VersionNotOffered
from roaming.revisions import ContradictingPeriod, StampInFuture
from roaming.sessions.receive import ProviderChanged, SessionIsBilled, SessionIsOver, WrongReceiver

_SAYS_WHAT_IS_WRONG = (
    AmbiguousReceiver,
    BadCursor,
    ContradictingPeriod,
    DoesNotFit,
    NotApproved,
    PatchBreaksObject,
    PatchWithoutStamp,
    ProviderChanged,
    RefusedCdr,
    RequestIdReused,
    ResponseUrlRefused,
    ResponseUrlReused,
    SessionIsBilled,
    SessionIsOver,
    StampInFuture,
    TokenNotPrintable,
    TokenOfAnother,
    WrongReceiver,
)


# Those whose answer does not depend on their words.
_FIXED: tuple[tuple[type[Exception] | tuple[type[Exception], ...], OcpiRefusal], ...] = (
    # One line of the specification asks for 404, another for 2004: both are sent (reliability §2, point 3).
    (UnknownToken, OcpiRefusal("the token is not known", http=404, code=UNKNOWN_TOKEN)),
    (NoRoute, unknown_receiver()),
    (GatewayTimedOut, OcpiRefusal("the receiver did not answer in time", code=TIMED_OUT)),
    (PlatformOffline, OcpiRefusal("the receiver cannot be reached", code=CONNECTION_PROBLEM)),
    (GatewayBroken, OcpiRefusal("the receiver's answer could not be used", code=HUB_ERROR)),
    (
        (UnknownParty, NoAgreement),
        bad_parameter("cdr_token.country_code, cdr_token.party_id: not a provider that you roam with"),
    ),
    ((UnknownObject, UnknownCallback), not_found()),
)
_BY_CODE: tuple[tuple[type[Exception], int], ...] = (
    (CannotBeSaid, HUB_ERROR),
    (UnknownLocation, UNKNOWN_LOCATION),
    (CannotUseClient, CANNOT_USE_CLIENT),
    (VersionNotOffered, UNSUPPORTED_VERSION),
    (NoMatchingEndpoints, NO_MATCHING_ENDPOINTS),
)


def refusal_of(error: Exception) -> OcpiRefusal | None:
    """This function will return the OCPI answer that stands for a refusal of the house; None where `error` is a fault of ours."""
    if isinstance(error, OcpiRefusal):
        return error
    if isinstance(error, Declined):
        return OcpiRefusal(error.message, http=404 if error.status_code == UNKNOWN_TOKEN else 200, code=error.status_code)
    if isinstance(error, NotRegistered):
        return OcpiRefusal(str(error), http=405)
    if isinstance(error, _SAYS_WHAT_IS_WRONG):
        return bad_parameter(str(error))
    for kinds, refusal in _FIXED:
        if isinstance(error, kinds):
            return refusal
    for kind, code in _BY_CODE:
        if isinstance(error, kind):
            return OcpiRefusal(str(error), code=code)
    return refusal_of_body(error)


# Codes that came with 2.2, and the nearest that 2.1.1 has (ocpi §2.5); the message keeps the first one.
_OLD_CODES = {
    UNKNOWN_TOKEN: CLIENT_ERROR,
    HUB_ERROR: SERVER_ERROR,
    UNKNOWN_RECEIVER: CLIENT_ERROR,
    TIMED_OUT: SERVER_ERROR,
    CONNECTION_PROBLEM: SERVER_ERROR,
}


def in_old_words(refusal: OcpiRefusal) -> OcpiRefusal:
    """This function will return the refusal with a status code that OCPI 2.1.1 knows."""
    code = _OLD_CODES.get(refusal.code)
    if code is None:
        return refusal
    return OcpiRefusal(f"{refusal} ({refusal.code})", http=refusal.http, code=code, headers=refusal.headers)
