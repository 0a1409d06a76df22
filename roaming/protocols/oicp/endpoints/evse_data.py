"""PushEvseData of operators and PullEvseData of providers (oicp §5.7, §1.4)."""

import hashlib
from datetime import datetime
from typing import Any, cast

import msgspec
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from roaming.canonical import Role
from roaming.locations.evse_queries import ListedEvse, Wanted, has_statuses, list_changes, list_evses
from roaming.locations.evse_records import EvseRow, delete_evse_records, push_evse_records
from roaming.objects.versions import Action, KeyTwice
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.locations import evse_uid_of, location_id_of
from roaming.protocols.oicp.bridge.projection import refresh
from roaming.protocols.oicp.bridge.publication import locations_of, publish
from roaming.protocols.oicp.endpoints.door import MIB, OicpDoor
from roaming.protocols.oicp.endpoints.pages import envelope
from roaming.protocols.oicp.identifiers import evse_key, party_key, write_operator
from roaming.protocols.oicp.partners import is_own_evse
from roaming.protocols.oicp.pricing import exact
from roaming.protocols.oicp.refusals import OicpRefusal
from roaming.protocols.oicp.v2_3.coordinates import COORDINATES, write_as
from roaming.protocols.oicp.v2_3.evse_data import DELETE, EvseDataPull, EvseDataPush, EvseDataRecord, read_pull, read_push
from roaming.protocols.oicp.v2_3.kinds import moment_of
from roaming.routing.sides import Side

# A crawl sees one version of the set for so long, however often somebody pushes meanwhile (oicp §4.2).
_CRAWL_SECONDS = 1800
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_SET_BY_HUB = ("deltaType", "lastUpdate")


class PushEvseDataDoor(OicpDoor):
    """POST evsepush/v23/operators/{operatorID}/data-records."""

    side = Side.OPERATOR
    operation = "push-evse-data"
    body_limit = 256 * MIB
    is_large = True

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will apply a push in one transaction: everything or nothing."""
        push = read_push(body)
        self.check_id(push.operator_id)
        keys = [evse_key(raw["EvseID"]) for raw in push.raw]
        if any(not is_own_evse(evse_id=raw["EvseID"], operator=self.party, platform=self.caller) for raw in push.raw):
            raise OicpRefusal(statuses.INCONSISTENT_EVSE)
        if len(set(keys)) != len(keys):
            raise KeyTwice("an EvseID stands twice in one request")
        guard = self.caller.profile.get("oicp", {}).get("most_lost")
        with transaction.atomic():
            self.note_name(push.operator_name)
            if push.action == DELETE:
                change = delete_evse_records(owner=self.entry.id, evse_keys=keys, at=self.at)
            else:
                change = push_evse_records(
                    owner=self.entry.id,
                    action=cast(Action, push.action),
                    rows=self._rows(push),
                    at=self.at,
                    most_lost=guard,
                )
            touched = [key for (key,) in (*change.inserted, *change.updated, *change.deleted)]
            if touched:
                places = locations_of(owner=self.entry, evse_keys=touched, at=self.at)
                pushed = dict(zip(keys, push.records, strict=True)) if push.records else {}
                publish(owner=self.entry, location_ids=sorted(places), at=self.at, correlation_id="", pushed=pushed)
        return statuses.acknowledgement(statuses.SUCCESS)

    def _rows(self, push: EvseDataPush) -> list[EvseRow]:
        return [self._row(record, raw, push.operator_name) for record, raw in zip(push.records, push.raw, strict=True)]

    def _row(self, record: EvseDataRecord, raw: dict[str, Any], name: str) -> EvseRow:
        document = {member: value for member, value in raw.items() if member not in _SET_BY_HUB}
        return EvseRow(
            owner_id=self.entry.id,
            evse_key=evse_key(record.evse_id),
            evse_id=record.evse_id,
            operator_name=name,
            document=document,
            digest=hashlib.sha256(_ENCODER.encode(document)).digest(),
            country=record.address.country,
            latitude=float(record.coordinates.latitude),
            longitude=float(record.coordinates.longitude),
            is_compatible=record.is_compatible,
            location_id=location_id_of(record),
            evse_uid=evse_uid_of(record.evse_id),
        )


class PullEvseDataDoor(OicpDoor):
    """POST evsepull/v23/providers/{providerID}/data-records."""

    side = Side.PROVIDER
    operation = "pull-evse-data"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will return a page of the EVSEs that the provider may know, or of what changed since its last call."""
        pull = read_pull(body)
        self.check_id(pull.provider_id)
        operators = visible_operators(self, "locations")
        page, size = self.page()
        if pull.last_call is not None and (pull.center or pull.country_codes or pull.operator_ids):
            raise OicpRefusal(statuses.DATA_ERROR, "LastCall stands alone: no SearchCenter, CountryCodes or OperatorIds", http=400)
        if page == 0:
            refresh(owners=operators, at=self.at)
        names = {entry.id: entry for entry in operators}
        if pull.last_call is not None:
            found, total = list_changes(owners=list(names), since=pull.last_call.at, offset=page * size, limit=size)
        else:
            as_of = self._pinned(body, page)
            found, total = list_evses(wanted=_wanted(pull, operators, as_of), offset=page * size, limit=size)
        told = has_statuses(owners=list(names))
        content = [_write(one, names[one.owner], pull.format, has_status=one.owner in told) for one in found]
        return envelope(content, page=page, size=size, total=total)

    def _pinned(self, body: dict[str, Any], page: int) -> datetime | None:
        """This function will return the instant whose set this crawl sees: that of its page 0, as long as that is not long ago."""
        key = f"oicp-crawl:{self.party}:{hashlib.sha256(_ENCODER.encode(body)).hexdigest()}"
        if page == 0:
            cache.set(key, timezone.now(), _CRAWL_SECONDS)
            return None
        pinned: datetime | None = cache.get(key)
        return pinned


def visible_operators(door: OicpDoor, module: str) -> list[PartyEntry]:
    """This function will list the operators whose data the provider may see; it raises 210 where no agreement covers any."""
    found = door.directory.partners_of(door.party, Role.EMSP, module=module, on=door.at.date())
    if not found:
        raise OicpRefusal(statuses.NO_CONTRACT, http=403)
    return found


def _wanted(pull: EvseDataPull, operators: list[PartyEntry], as_of: datetime | None) -> Wanted:
    asked = {party_key(text) for text in pull.operator_ids}
    owners = [one.id for one in operators if not asked or f"{one.key.country_code}{one.key.party_id}" in asked]
    documents: list[tuple[str, list[Any]]] = [
        (member, list(values))
        for member, values in (
            ("AuthenticationModes", pull.authentication_modes),
            ("Accessibility", pull.accessibility),
            ("CalibrationLawDataAvailability", pull.calibration),
        )
        if values
    ]
    documents += [
        (member, [value])
        for member, value in (
            ("RenewableEnergy", pull.renewable_energy),
            ("IsHubjectCompatible", pull.is_compatible),
            ("IsOpen24Hours", pull.is_open_24_hours),
        )
        if value is not None
    ]
    center = pull.center
    near = (float(center.point.latitude), float(center.point.longitude), float(center.radius)) if center else None
    return Wanted(owners=owners, countries=pull.country_codes, near=near, documents=documents, as_of=as_of)


def _write(one: ListedEvse, owner: PartyEntry, form: str, *, has_status: bool) -> dict[str, Any]:
    record = dict(one.document)
    for member in ("GeoCoordinates", "GeoChargingPointEntrance"):
        told = record.get(member)
        if told is not None and form not in told:
            record[member] = write_as(COORDINATES.read(exact(told)), form)
    if record.get("DynamicInfoAvailable") == "auto":
        record["DynamicInfoAvailable"] = "true" if has_status else "false"
    record["OperatorID"] = write_operator(owner.key)
    record["OperatorName"] = one.operator_name
    record["lastUpdate"] = moment_of(one.changed_at).text
    if one.delta is not None:
        record["deltaType"] = one.delta
    return record
