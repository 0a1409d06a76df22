"""AuthorizeStart and AuthorizeStop, and their answers (oicp §1.3, no. 1 and 2)."""

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.identification import ANY, MIFARE, PLUG_AND_CHARGE, QR_CODE, Identification, only
from roaming.protocols.oicp.v2_3.kinds import EVSE_IDS, OPERATOR_IDS, PARTNER_SESSION, PRODUCT, PROVIDER_IDS, SESSION_IDS, Spelled, text
from roaming.protocols.wire.kinds import BOOLEAN, matching, one_of
from roaming.protocols.wire.shapes import Shape, many, optional, required

AUTHORIZED, NOT_AUTHORIZED = "Authorized", "NotAuthorized"
SPELLINGS = {"EMPPartnerSessionId": "EMPPartnerSessionID", "CPOPartnerSessionId": "CPOPartnerSessionID", "SessionId": "SessionID"}


class StatusCode(Open, frozen=True, kw_only=True):
    """The three digits, and words for people."""

    code: str
    description: str | None = None
    additional: str | None = None


class Acknowledgement(Open, frozen=True, kw_only=True):
    """Done or not, and why not."""

    result: bool
    status: StatusCode
    session_id: str | None = None
    operator_session_id: str | None = None
    provider_session_id: str | None = None


class AuthorizeStart(Open, frozen=True, kw_only=True):
    """An operator asks whether this medium may charge."""

    operator_id: str
    identification: Identification
    session_id: str | None = None
    operator_session_id: str | None = None
    provider_session_id: str | None = None
    evse_id: str | None = None
    product_id: str | None = None


class AuthorizeStop(Open, frozen=True, kw_only=True):
    """An operator asks whether this medium may end the session."""

    session_id: str
    operator_id: str
    identification: Identification
    operator_session_id: str | None = None
    provider_session_id: str | None = None
    evse_id: str | None = None


class Authorization(Open, frozen=True, kw_only=True):
    """AuthorizationStart and AuthorizationStop: the provider's answer."""

    authorization: str
    status: StatusCode
    session_id: str | None = None
    operator_session_id: str | None = None
    provider_session_id: str | None = None
    provider_id: str | None = None
    stop_identifications: tuple[Identification, ...] = ()


_SESSIONS = (
    optional("SessionID", SESSION_IDS, as_="session_id"),
    optional("CPOPartnerSessionID", PARTNER_SESSION, as_="operator_session_id"),
    optional("EMPPartnerSessionID", PARTNER_SESSION, as_="provider_session_id"),
)
STATUS_CODE = Shape(
    StatusCode,
    required("Code", matching(r"[0-9]{3}", "a code of three digits"), as_="code"),
    optional("Description", text(2000), as_="description"),
    optional("AdditionalInfo", text(4000), as_="additional"),
)
ACKNOWLEDGEMENT = Spelled(
    Acknowledgement,
    required("Result", BOOLEAN, as_="result"),
    required("StatusCode", STATUS_CODE.kind, as_="status"),
    *_SESSIONS,
    also=SPELLINGS,
)
_MAY_START = only(MIFARE, QR_CODE, PLUG_AND_CHARGE)
AUTHORIZE_START = Spelled(
    AuthorizeStart,
    *_SESSIONS,
    required("OperatorID", OPERATOR_IDS, as_="operator_id"),
    optional("EvseID", EVSE_IDS, as_="evse_id"),
    required("Identification", _MAY_START, as_="identification"),
    optional("PartnerProductID", PRODUCT, as_="product_id"),
    also=SPELLINGS,
)
AUTHORIZE_STOP = Spelled(
    AuthorizeStop,
    required("SessionID", SESSION_IDS, as_="session_id"),
    *_SESSIONS[1:],
    required("OperatorID", OPERATOR_IDS, as_="operator_id"),
    optional("EvseID", EVSE_IDS, as_="evse_id"),
    required("Identification", _MAY_START, as_="identification"),
    also=SPELLINGS,
)
AUTHORIZATION = Spelled(
    Authorization,
    *_SESSIONS,
    optional("ProviderID", PROVIDER_IDS, as_="provider_id"),
    required("AuthorizationStatus", one_of(AUTHORIZED, NOT_AUTHORIZED), as_="authorization"),
    required("StatusCode", STATUS_CODE.kind, as_="status"),
    optional("AuthorizationStopIdentifications", many(ANY), as_="stop_identifications"),
    also=SPELLINGS,
)
