"""PushEvseStatus of operators and the three status pulls of providers (oicp §5.7)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from roaming.locations.evse_queries import list_statuses
from roaming.locations.evse_records import StatusRow, push_statuses
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.projection import refresh
from roaming.protocols.oicp.bridge.publication import publish_statuses
from roaming.protocols.oicp.endpoints.door import MIB, OicpDoor
from roaming.protocols.oicp.endpoints.evse_data import visible_operators
from roaming.protocols.oicp.identifiers import evse_key, party_key, write_operator
from roaming.protocols.oicp.partners import is_own_evse
from roaming.protocols.oicp.refusals import OicpRefusal
from roaming.protocols.oicp.v2_3.evse_data import DELETE
from roaming.protocols.oicp.v2_3.evse_status import PUSH, StatusPull, read_pull
from roaming.protocols.wire.shapes import BadFields
from roaming.routing.sides import Side


class PushEvseStatusDoor(OicpDoor):
    """POST evsepush/v21/operators/{operatorID}/status-records."""

    side = Side.OPERATOR
    operation = "push-status"
    body_limit = 64 * MIB
    is_large = True

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will keep statuses of EVSEs that have data: all of them or none."""
        push = PUSH.read(body)
        self.check_id(push.statuses.operator_id)
        if any(not is_own_evse(evse_id=one.evse_id, operator=self.party, platform=self.caller) for one in push.statuses.records):
            raise OicpRefusal(statuses.INCONSISTENT_EVSE)
        self.note_name(push.statuses.operator_name)
        rows = [StatusRow(evse_key(one.evse_id), one.evse_id, one.status) for one in push.statuses.records]
        changed = set(push_statuses(owner=self.entry.id, action=push.action, statuses=rows, at=self.at))  # type: ignore[arg-type]
        told = {row.evse_key: "Unknown" if push.action == DELETE else row.status for row in rows if row.evse_key in changed}
        if told:
            publish_statuses(owner=self.entry, statuses=told, at=self.at, correlation_id="")
        return statuses.acknowledgement(statuses.SUCCESS)


class PullEvseStatusDoor(OicpDoor):
    """POST evsepull/v21/providers/{providerID}/status-records, and its two other paths: the body says which pull it is."""

    side = Side.PROVIDER
    operation = "pull-status"
    needs: ClassVar[str] = ""

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will return statuses: of ids, of operators, or of everything the provider may see."""
        pull = read_pull(body)
        self.check_id(pull.provider_id)
        if self.needs and not getattr(pull, self.needs):
            raise BadFields([("EvseID" if self.needs == "evse_ids" else "OperatorID", "a list (required)")])
        operators = {entry.id: entry for entry in visible_operators(self, "locations")}
        refresh(owners=list(operators.values()), at=self.at)
        if pull.evse_ids is not None:
            return self._by_id(pull, list(operators))
        asked = {party_key(text) for text in pull.operator_ids or ()}
        owners = [row for row, entry in operators.items() if not asked or f"{entry.key.country_code}{entry.key.party_id}" in asked]
        center = pull.center
        near = (float(center.point.latitude), float(center.point.longitude), float(center.radius)) if center else None
        grouped: dict[int, list[dict[str, str]]] = {}
        names = {row: write_operator(entry.key) for row, entry in operators.items()}
        for owner, evse_id, status in list_statuses(owners=owners, near=near, status=pull.status):
            grouped.setdefault(owner, []).append({"EvseID": evse_id, "EvseStatus": status})
        told = [
            {"OperatorID": names[owner], "OperatorName": operators[owner].name or names[owner], "EvseStatusRecord": records}
            for owner, records in grouped.items()
        ]
        return {"EvseStatuses": {"OperatorEvseStatus": told}, "StatusCode": statuses.status_code(statuses.SUCCESS)}

    def _by_id(self, pull: StatusPull, owners: Sequence[int]) -> dict[str, Any]:
        asked = list(pull.evse_ids or ())
        found = {
            evse_key(evse_id): status for _, evse_id, status in list_statuses(owners=owners, evse_keys=[evse_key(one) for one in asked])
        }
        records = [{"EvseID": one, "EvseStatus": found.get(evse_key(one), "EvseNotFound")} for one in asked]
        return {"EVSEStatusRecords": {"EvseStatusRecord": records}, "StatusCode": statuses.status_code(statuses.SUCCESS)}


class PullEvseStatusByIdDoor(PullEvseStatusDoor):
    """POST evsepull/v21/providers/{providerID}/status-records-by-id."""

    operation = "pull-status-by-id"
    needs = "evse_ids"


class PullEvseStatusByOperatorDoor(PullEvseStatusDoor):
    """POST evsepull/v21/providers/{providerID}/status-records-by-operator-id."""

    operation = "pull-status-by-operator"
    needs = "operator_ids"
