"""AuthorizeRemoteStart and -Stop, RemoteReservationStart and -Stop (oicp §1.3, no. 3 to 6)."""

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.authorization import SPELLINGS
from roaming.protocols.oicp.v2_3.identification import REMOTE, Identification, only
from roaming.protocols.oicp.v2_3.kinds import EVSE_IDS, PARTNER_SESSION, PRODUCT, PROVIDER_IDS, SESSION_IDS, Spelled
from roaming.protocols.wire.kinds import integer
from roaming.protocols.wire.shapes import optional, required


class RemoteStart(Open, frozen=True, kw_only=True):
    """A provider starts a session, or reserves: then with a duration in minutes."""

    provider_id: str
    evse_id: str
    identification: Identification
    session_id: str | None = None
    operator_session_id: str | None = None
    provider_session_id: str | None = None
    product_id: str | None = None
    duration: int | None = None


class RemoteStop(Open, frozen=True, kw_only=True):
    """A provider ends a session or a reservation."""

    session_id: str
    provider_id: str
    evse_id: str
    operator_session_id: str | None = None
    provider_session_id: str | None = None


_START = (
    optional("SessionID", SESSION_IDS, as_="session_id"),
    optional("CPOPartnerSessionID", PARTNER_SESSION, as_="operator_session_id"),
    optional("EMPPartnerSessionID", PARTNER_SESSION, as_="provider_session_id"),
    required("ProviderID", PROVIDER_IDS, as_="provider_id"),
    required("EvseID", EVSE_IDS, as_="evse_id"),
    required("Identification", only(REMOTE), as_="identification"),
    optional("PartnerProductID", PRODUCT, as_="product_id"),
)
REMOTE_START = Spelled(RemoteStart, *_START, also=SPELLINGS)
RESERVATION_START = Spelled(RemoteStart, *_START, optional("Duration", integer(1, 99), as_="duration"), also=SPELLINGS)
REMOTE_STOP = Spelled(
    RemoteStop,
    required("SessionID", SESSION_IDS, as_="session_id"),
    optional("CPOPartnerSessionID", PARTNER_SESSION, as_="operator_session_id"),
    optional("EMPPartnerSessionID", PARTNER_SESSION, as_="provider_session_id"),
    required("ProviderID", PROVIDER_IDS, as_="provider_id"),
    required("EvseID", EVSE_IDS, as_="evse_id"),
    also=SPELLINGS,
)
