"""Locations come whole and in parts; a part that changes moves its parents' stamps."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import msgspec
import pytest

from roaming import canonical
from roaming.deliveries.models import Delivery
from roaming.locations.models import Location
from roaming.locations.queries import find_location, find_own_location, find_owners_of, list_locations
from roaming.locations.receive import patch_location, put_connector, put_evse, put_location
from roaming.objects.patches import PatchBreaksObject, UnknownObject
from roaming.revisions import Receipt, Verdict
from tests.builders.canonical_messages import NOW, OPERATOR, PROVIDER, a_connector, a_location, an_evse
from tests.builders.deliveries import waiting
from tests.builders.parties import a_provider, an_agreement, an_operator, roaming_partners

pytestmark = pytest.mark.django_db

SEPTEMBER, OCTOBER = datetime(2026, 9, 1, 8, 0, tzinfo=UTC), datetime(2026, 10, 2, 9, 30, tzinfo=UTC)
VLOT = canonical.PartyId("BE", "VLO")


def put(location: canonical.Location, audience: canonical.PartyId | None = None) -> Receipt:
    return put_location(location=location, audience=audience, at=NOW, correlation_id="c")


def patch(changes: dict[str, Any], **over: Any) -> Receipt:
    named: dict[str, Any] = {"owner": OPERATOR, "location_id": "LOC-1", "audience": None, "at": NOW, "correlation_id": "c"}
    return patch_location(**{**named, "changes": changes, **over})


def stored() -> canonical.Location:
    location = find_own_location(owner=OPERATOR, location_id="loc-1")
    assert location is not None
    return location


class TestPutLocation:
    def test_stores_and_tells_every_entitled_provider(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        assert put(a_location()).created
        assert stored() == a_location()
        assert waiting() == ["put location to BE-VLO from the hub", "put location to NL-BET from the hub"]

    def test_keeps_what_maps_and_open_routing_read(self) -> None:
        roaming_partners()
        put(a_location(evses=(an_evse(uid="evse-a"),)))
        row = Location.objects.get()
        assert (row.latitude, row.longitude) == (Decimal("53.5451"), Decimal("9.9667"))
        assert (row.publish, row.city, row.country, row.evse_uids) == (True, "Hamburg", "DEU", ["EVSE-A"])

    def test_coordinates_that_are_none_stay_in_the_document_and_off_the_map(self) -> None:
        roaming_partners()
        put(a_location(coordinates=canonical.GeoLocation(latitude="somewhere", longitude="181.0")))
        assert (Location.objects.get().latitude, Location.objects.get().longitude) == (None, None)
        assert stored().coordinates.latitude == "somewhere"

    def test_two_copies_for_two_audiences_live_side_by_side(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        put(a_location(name="for all"))
        put(a_location(name="for Vlot"), audience=VLOT)
        assert find_location(viewer=PROVIDER, location_id="LOC-1", at=NOW) == a_location(name="for all")
        assert find_location(viewer=VLOT, location_id="LOC-1", at=NOW) == a_location(name="for Vlot")


class TestPutPart:
    def test_an_evse_moves_the_locations_stamp(self) -> None:
        roaming_partners()
        put(a_location())
        evse = an_evse(status="CHARGING", last_updated=OCTOBER)
        receipt = put_evse(owner=OPERATOR, location_id="LOC-1", evse=evse, audience=None, at=NOW, correlation_id="c")
        assert receipt.verdict is Verdict.REPLACED
        assert stored() == a_location(evses=(evse,), last_updated=OCTOBER)
        assert Location.objects.get().last_updated == OCTOBER
        assert waiting()[-1] == "put evse EVSE-1 to NL-BET from the hub"

    def test_a_new_evse_is_added_and_found_by_its_uid(self) -> None:
        roaming_partners()
        put(a_location())
        second = an_evse(uid="EVSE-2", last_updated=SEPTEMBER)
        receipt = put_evse(owner=OPERATOR, location_id="LOC-1", evse=second, audience=None, at=NOW, correlation_id="c")
        assert receipt.created
        assert [evse.uid for evse in stored().evses] == ["EVSE-1", "EVSE-2"]
        assert Location.objects.get().evse_uids == ["EVSE-1", "EVSE-2"]

    def test_a_connector_moves_the_stamps_of_evse_and_location(self) -> None:
        roaming_partners()
        put(a_location())
        plug = a_connector(max_amperage=16, last_updated=OCTOBER)
        put_connector(owner=OPERATOR, location_id="LOC-1", evse_uid="EVSE-1", connector=plug, audience=None, at=NOW, correlation_id="c")
        assert stored() == a_location(evses=(an_evse(connectors=(plug,), last_updated=OCTOBER),), last_updated=OCTOBER)
        assert waiting()[-1] == "put connector EVSE-1/1 to NL-BET from the hub"

    def test_a_parents_stamp_never_goes_back(self) -> None:
        roaming_partners()
        put(a_location(last_updated=OCTOBER))
        evse = an_evse(status="CHARGING", last_updated=datetime(2026, 9, 15, tzinfo=UTC))
        put_evse(owner=OPERATOR, location_id="LOC-1", evse=evse, audience=None, at=NOW, correlation_id="c")
        assert stored() == a_location(evses=(evse,), last_updated=OCTOBER)

    def test_an_older_evse_is_ignored(self) -> None:
        roaming_partners()
        put(a_location(evses=(an_evse(last_updated=OCTOBER),)))
        old = an_evse(status="BLOCKED", last_updated=SEPTEMBER)
        receipt = put_evse(owner=OPERATOR, location_id="LOC-1", evse=old, audience=None, at=NOW, correlation_id="c")
        assert receipt.verdict is Verdict.STALE
        assert stored().evses[0].status == "AVAILABLE"

    def test_parts_of_what_is_not_known_are_refused(self) -> None:
        roaming_partners()
        with pytest.raises(UnknownObject):
            put_evse(owner=OPERATOR, location_id="LOC-1", evse=an_evse(), audience=None, at=NOW, correlation_id="c")
        put(a_location())
        with pytest.raises(UnknownObject):
            put_connector(
                owner=OPERATOR, location_id="LOC-1", evse_uid="X", connector=a_connector(), audience=None, at=NOW, correlation_id="c"
            )


class TestPatch:
    def test_an_evses_status_reaches_the_store_and_the_providers(self) -> None:
        roaming_partners()
        put(a_location())
        changes = {"status": "CHARGING", "last_updated": "2026-10-02T09:30:00Z"}
        assert patch(changes, evse_uid="evse-1").verdict is Verdict.REPLACED
        assert stored() == a_location(evses=(an_evse(status="CHARGING", last_updated=OCTOBER),), last_updated=OCTOBER)
        assert waiting()[-1] == "patch evse evse-1 to NL-BET from the hub"
        assert Delivery.objects.latest("id").payload == changes

    def test_those_of_different_fields_end_in_one_state_in_any_order(self) -> None:
        roaming_partners()
        patches = [
            ({"status": "CHARGING", "last_updated": "2026-10-02T09:30:00Z"}, "EVSE-1"),
            ({"physical_reference": "7", "last_updated": "2026-10-02T09:10:00Z"}, "EVSE-1"),
            ({"status": "BLOCKED", "last_updated": "2026-10-02T09:20:00Z"}, "EVSE-1"),
            ({"name": "Speicherstadt", "last_updated": "2026-10-02T09:00:00Z"}, None),
        ]
        for order in permutations(patches):
            put(a_location())
            for changes, evse_uid in (*order, *order):
                patch(changes, evse_uid=evse_uid)
            evse = an_evse(status="CHARGING", physical_reference="7", last_updated=OCTOBER)
            assert stored() == a_location(name="Speicherstadt", evses=(evse,), last_updated=OCTOBER)
            Location.objects.all().delete()

    def test_and_of_puts_end_in_one_state_in_any_order(self) -> None:
        roaming_partners()
        morning = datetime(2026, 10, 2, 9, 15, tzinfo=UTC)
        renamed = a_location(
            name="Hafen",
            evses=(an_evse(floor_level="-1"), an_evse(uid="EVSE-3", last_updated=morning)),
            last_updated=morning,
        )
        replaced = an_evse(uid="EVSE-2", status="BLOCKED", last_updated=datetime(2026, 10, 2, 9, 20, tzinfo=UTC))
        messages: list[Callable[[], Receipt]] = [
            lambda: put(renamed),
            lambda: patch({"status": "CHARGING", "last_updated": "2026-10-02T09:30:00Z"}, evse_uid="EVSE-1"),
            lambda: patch({"city": "Altona", "floor_level": None, "last_updated": "2026-10-02T09:10:00Z"}),
            lambda: put_evse(owner=OPERATOR, location_id="LOC-1", evse=replaced, audience=None, at=NOW, correlation_id="c"),
        ]
        for order in permutations(messages):
            put(a_location(evses=(an_evse(), an_evse(uid="EVSE-2"))))
            for message in (*order, *order):
                message()
            charging = an_evse(status="CHARGING", floor_level="-1", last_updated=OCTOBER)
            # The receiver puts what it does not find in a PUT behind what it does; only the order of the EVSEs may differ.
            held = msgspec.structs.replace(stored(), evses=tuple(sorted(stored().evses, key=lambda evse: evse.uid)))
            third = an_evse(uid="EVSE-3", last_updated=morning)
            assert held == a_location(name="Hafen", evses=(charging, replaced, third), last_updated=OCTOBER)
            Location.objects.all().delete()

    def test_a_put_older_than_a_status_counts_but_for_that_status(self) -> None:
        roaming_partners()
        put(a_location())
        plug = "2026-10-02T09:30:00Z"
        patch({"tariff_ids": ["AC-9"], "last_updated": plug}, evse_uid="EVSE-1", connector_id="1")
        late = a_location(name="Hafen", last_updated=datetime(2026, 10, 2, 9, 0, tzinfo=UTC))
        assert put(late).verdict is Verdict.REPLACED
        assert (stored().name, stored().evses[0].connectors[0].tariff_ids, stored().last_updated) == ("Hafen", ("AC-9",), OCTOBER)
        assert waiting()[-1] == "put location to NL-BET from the hub"
        assert put(late).verdict is Verdict.STALE
        older = a_location(name="Elbe", last_updated=datetime(2026, 10, 2, 8, 59, tzinfo=UTC))
        assert put(older).verdict is Verdict.STALE

    def test_that_came_late_leaves_as_the_state(self) -> None:
        roaming_partners()
        put(a_location())
        patch({"status": "CHARGING", "last_updated": "2026-10-02T09:30:00Z"}, evse_uid="EVSE-1")
        patch({"physical_reference": "7", "last_updated": "2026-10-02T09:10:00Z"}, evse_uid="EVSE-1")
        assert waiting()[-1] == "put evse EVSE-1 to NL-BET from the hub"
        put_evse(owner=OPERATOR, location_id="LOC-1", evse=an_evse(last_updated=NOW), audience=None, at=NOW, correlation_id="c")
        assert patch({"physical_reference": "8", "last_updated": "2026-10-02T09:40:00Z"}, evse_uid="EVSE-1").verdict is Verdict.STALE

    def test_of_one_evse_leaves_the_others_stamps_alone(self) -> None:
        roaming_partners()
        put(a_location(evses=(an_evse(), an_evse(uid="EVSE-2"))))
        patch({"status": "CHARGING", "last_updated": "2026-10-02T09:30:00Z"}, evse_uid="EVSE-1")
        assert patch({"status": "BLOCKED", "last_updated": "2026-10-01T00:00:00Z"}, evse_uid="EVSE-2").verdict is Verdict.REPLACED
        assert [evse.status for evse in stored().evses] == ["CHARGING", "BLOCKED"]
        assert stored().last_updated == OCTOBER

    def test_the_same_for_another_evse_is_another_patch(self) -> None:
        roaming_partners()
        put(a_location(evses=(an_evse(), an_evse(uid="EVSE-2"))))
        changes = {"status": "CHARGING", "last_updated": "2026-10-02T09:30:00Z"}
        patch(changes, evse_uid="EVSE-1")
        assert patch(changes, evse_uid="EVSE-2").verdict is Verdict.REPLACED
        assert patch(changes, evse_uid="EVSE-1").verdict is Verdict.SAME

    def test_of_the_location_itself_and_of_a_connector(self) -> None:
        roaming_partners()
        put(a_location())
        patch({"name": "Hafen", "last_updated": "2026-10-01T00:00:00Z"})
        patch({"tariff_ids": ["AC-2"], "last_updated": "2026-10-02T09:30:00Z"}, evse_uid="EVSE-1", connector_id="1")
        plug = a_connector(tariff_ids=("AC-2",), last_updated=OCTOBER)
        evse = an_evse(connectors=(plug,), last_updated=OCTOBER)
        assert stored() == a_location(name="Hafen", evses=(evse,), last_updated=OCTOBER)

    @pytest.mark.parametrize("part", [{"evse_uid": "EVSE-9"}, {"evse_uid": "EVSE-1", "connector_id": "9"}, {"location_id": "LOC-9"}])
    def test_of_an_unknown_part_is_refused(self, part: dict[str, str]) -> None:
        roaming_partners()
        put(a_location())
        with pytest.raises(UnknownObject):
            patch({"status": "CHARGING", "last_updated": "2026-10-02T09:30:00Z"}, **part)

    def test_that_breaks_the_part_is_refused(self) -> None:
        roaming_partners()
        put(a_location())
        with pytest.raises(PatchBreaksObject, match="status"):
            patch({"status": 7, "last_updated": "2026-10-02T09:30:00Z"}, evse_uid="EVSE-1")


class TestQueries:
    def test_owners_of_an_id_are_those_the_provider_may_roam_with(self) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        an_operator("SE-NOA")
        for key in ("DE-ALF", "FR-CHA", "SE-NOA"):
            put(a_location(operator=canonical.PartyId.parse(key)))
        assert [str(owner) for owner in find_owners_of(location_id="loc-1", viewer=PROVIDER, at=NOW)] == ["DE-ALF", "FR-CHA"]
        assert find_location(viewer=PROVIDER, location_id="LOC-1", at=NOW) is None
        assert find_location(viewer=PROVIDER, location_id="LOC-1", at=NOW, owner=OPERATOR) == a_location()

    def test_unpublished_locations_are_listed_with_their_flag(self) -> None:
        roaming_partners()
        put(a_location(publish=False))
        page = list_locations(viewer=PROVIDER, at=NOW)
        assert ([location.publish for location in page.items], page.total) == ([False], 1)

    def test_what_is_private_to_another_is_neither_shown_nor_counted(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        put(a_location(), audience=VLOT)
        page = list_locations(viewer=PROVIDER, at=NOW)
        assert (page.items, page.total) == ([], 0)
        assert find_location(viewer=PROVIDER, location_id="LOC-1", at=NOW) is None

    def test_reads_back_every_field_it_was_given(self) -> None:
        roaming_partners()
        location = a_location(facilities=("CAFE",), extensions={"floor_plan": {"level": -1}})
        put(location)
        assert msgspec.structs.asdict(list_locations(viewer=PROVIDER, at=NOW).items[0]) == msgspec.structs.asdict(location)
