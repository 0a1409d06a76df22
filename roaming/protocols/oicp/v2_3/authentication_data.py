"""PushAuthenticationData and PullAuthenticationData (oicp §1.3, no. 16 and 17)."""

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.evse_data import ACTION, keyed
from roaming.protocols.oicp.v2_3.identification import MIFARE, PLUG_AND_CHARGE, QR_CODE, RFID, Identification, only
from roaming.protocols.oicp.v2_3.kinds import OPERATOR_IDS, PROVIDER_IDS, text
from roaming.protocols.wire.kinds import Kind
from roaming.protocols.wire.shapes import Shape, many, optional, required


class ProviderData(Open, frozen=True, kw_only=True):
    """The cards and contracts of one provider."""

    provider_id: str
    identifications: tuple[Identification, ...]
    provider_name: str | None = None


class AuthenticationPush(Open, frozen=True, kw_only=True):
    """PushAuthenticationData."""

    action: str
    data: ProviderData


class AuthenticationPull(Open, frozen=True, kw_only=True):
    """PullAuthenticationData."""

    operator_id: str


_MAY_BE_UPLOADED = only(MIFARE, RFID, QR_CODE, PLUG_AND_CHARGE)
_RECORD = keyed(_MAY_BE_UPLOADED, "Identification")


def _write_record(identification: Identification) -> object:
    assert _MAY_BE_UPLOADED.write is not None, "an identification has a written form"
    return {"Identification": _MAY_BE_UPLOADED.write(identification)}


PROVIDER_DATA = Shape(
    ProviderData,
    required("ProviderID", PROVIDER_IDS, as_="provider_id"),
    required("AuthenticationDataRecord", many(Kind(_RECORD.read, _write_record)), as_="identifications"),
    # Not in the specification: OperatorName stands in every push of an operator, and providers have nothing like it.
    optional("ProviderName", text(100), as_="provider_name"),
)
PUSH = Shape(
    AuthenticationPush, required("ActionType", ACTION, as_="action"), required("ProviderAuthenticationData", PROVIDER_DATA.kind, as_="data")
)
PULL = Shape(AuthenticationPull, required("OperatorID", OPERATOR_IDS, as_="operator_id"))
