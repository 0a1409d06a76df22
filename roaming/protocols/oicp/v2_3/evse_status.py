"""The status of EVSEs: push, and pulls by everything, id or operator (oicp §1.3, no. 11, 13, 14, 15)."""

from typing import Any

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.coordinates import SEARCH_CENTER, SearchCenter
from roaming.protocols.oicp.v2_3.evse_data import ACTION
from roaming.protocols.oicp.v2_3.kinds import EVSE_IDS, OPERATOR_IDS, PROVIDER_IDS, respell, text
from roaming.protocols.wire.kinds import Kind, one_of, unfit
from roaming.protocols.wire.shapes import Shape, many, optional, required

STATUSES = ("Available", "Reserved", "Occupied", "OutOfService", "EvseNotFound", "Unknown")
MOST_IDS = 100


class StatusRecord(Open, frozen=True, kw_only=True):
    """One EVSE and its status."""

    evse_id: str
    status: str


class OperatorStatus(Open, frozen=True, kw_only=True):
    """The statuses of one operator."""

    operator_id: str
    records: tuple[StatusRecord, ...]
    operator_name: str | None = None


class StatusPush(Open, frozen=True, kw_only=True):
    """PushEvseStatus."""

    action: str
    statuses: OperatorStatus


class StatusPull(Open, frozen=True, kw_only=True):
    """What a provider asks for: by ids, by operators, or everything around a point."""

    provider_id: str
    evse_ids: tuple[str, ...] | None = None
    operator_ids: tuple[str, ...] | None = None
    center: SearchCenter | None = None
    status: str | None = None


STATUS = one_of(*STATUSES)
STATUS_RECORD = Shape(StatusRecord, required("EvseID", EVSE_IDS, as_="evse_id"), required("EvseStatus", STATUS, as_="status"))
OPERATOR_STATUS = Shape(
    OperatorStatus,
    required("OperatorID", OPERATOR_IDS, as_="operator_id"),
    optional("OperatorName", text(100), as_="operator_name"),
    required("EvseStatusRecord", many(STATUS_RECORD.kind), as_="records"),
)
PUSH = Shape(StatusPush, required("ActionType", ACTION, as_="action"), required("OperatorEvseStatus", OPERATOR_STATUS.kind, as_="statuses"))
_IDS = many(EVSE_IDS)


def _read_ids(value: Any) -> Any:
    if type(value) is list and len(value) > MOST_IDS:
        raise unfit(f"at most {MOST_IDS} ids")
    return _IDS.read(value)


PULL = Shape(
    StatusPull,
    required("ProviderID", PROVIDER_IDS, as_="provider_id"),
    optional("EvseID", Kind(_read_ids), as_="evse_ids"),
    optional("OperatorID", many(OPERATOR_IDS), as_="operator_ids"),
    optional("SearchCenter", SEARCH_CENTER.kind, as_="center"),
    optional("EvseStatus", STATUS, as_="status"),
)


def read_pull(body: Any) -> StatusPull:
    """This function will read a pull of any of the three kinds; it raises BadFields."""
    return PULL.read(respell(body, {"EVSEStatus": "EvseStatus"}))
