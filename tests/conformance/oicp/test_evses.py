"""EVSE data and status: cases 88 to 107."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from roaming.objects.versions import try_lock
from roaming.parties import directory
from roaming.parties.models import Party, RoamingAgreement
from roaming.protocols.oicp.v2_3.coordinates import COORDINATES
from tests.conformance.oicp.cases import case
from tests.wire import oicp, oicp_partner
from tests.wire.oicp_partner import Partner


def ids(reply: Any) -> list[str]:
    """The EvseIDs of a page."""
    return [record["EvseID"] for record in reply.json["content"]]


@case(88)
def test_a_full_load_replaces_the_set(p: Partner, n: Partner) -> None:
    for count in (3, 1, 0):
        assert p.push_evses(*(oicp.an_evse(number) for number in range(1, count + 1))).code == "000"
        assert len(ids(n.pull_evses())) == count


@case(89)
def test_an_insert_of_what_is_there_inserts_nothing(p: Partner, n: Partner) -> None:
    p.push_evses(oicp.an_evse(1))
    assert p.push_evses(oicp.an_evse(1), oicp.an_evse(2), action="insert").code == "009"
    assert ids(n.pull_evses()) == ["DE*ALF*E0001"]


@case(90)
def test_an_update_of_what_is_missing_changes_nothing(p: Partner, n: Partner) -> None:
    p.push_evses(oicp.an_evse(1))
    changed = oicp.an_evse(1, HotlinePhoneNumber="+49999999")
    assert p.push_evses(changed, oicp.an_evse(9), action="update").code == "009"
    assert n.pull_evses().json["content"][0]["HotlinePhoneNumber"] == "+4930123456"


@case(91)
def test_a_delta_tells_what_came_changed_and_went(p: Partner, n: Partner) -> None:
    p.push_evses(oicp.an_evse(1), oicp.an_evse(2))
    since = timezone.now().isoformat()
    p.push_evses({"EvseID": "DE*ALF*E0001"}, action="delete")
    p.push_evses(oicp.an_evse(2, RenewableEnergy=False), action="update")
    p.push_evses(oicp.an_evse(3), action="insert")
    reply = n.pull_evses(LastCall=since)
    told = {record["EvseID"]: record["deltaType"] for record in reply.json["content"]}
    assert told == {"DE*ALF*E0001": "delete", "DE*ALF*E0002": "update", "DE*ALF*E0003": "insert"}


@case(92)
def test_an_evse_twice_in_one_push_is_refused(p: Partner, n: Partner) -> None:
    assert p.push_evses(oicp.an_evse(1), oicp.an_evse(1)).code in ("009", "018")
    assert p.push_evses(oicp.an_evse(1), oicp.an_evse(1, EvseID="DEALFE0001")).code in ("009", "018")
    assert ids(n.pull_evses()) == []


@case(93)
def test_the_prefix_is_the_operators_or_a_sub_operators(everyone_roams: None, n: Partner) -> None:
    p = oicp_partner.partner("CPO:DE:ALF", "CPO:DE:SUB")
    assert p.push_evses(oicp.an_evse(1, EvseID="DE*GAM*E1")).code == "018"
    assert p.push_evses(oicp.an_evse(1, EvseID="DE*SUB*E1")).code == "000"


@case(94, 95, 96)
@pytest.mark.parametrize(
    "over",
    [
        {"IsOpen24Hours": False},
        {"PaymentOptions": ["No Payment", "Direct"]},
        {"Address": {"Country": "DE", "City": "Berlin", "Street": "Kanalweg", "PostalCode": "10115", "HouseNum": "1"}},
    ],
)
def test_a_record_against_the_rules_is_a_fault(p: Partner, over: dict[str, Any]) -> None:
    assert p.push_evses(oicp.an_evse(1, **over)).http == 400


@case(97, 98)
@pytest.mark.django_db(transaction=True)
def test_one_push_of_a_kind_at_a_time(p: Partner, n: Partner) -> None:
    p.push_evses(oicp.an_evse(1))
    row = Party.objects.get(country_code="DE", party_id="ALF").id
    held, done = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic():
            try_lock(f"evse-data:{row}")
            held.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    held.wait(20)
    second = p.push_evses(oicp.an_evse(2))
    status = p.push_statuses(("DE*ALF*E0001", "Available"))
    done.set()
    thread.join()
    assert (second.code, "in progress" in second.json["StatusCode"]["AdditionalInfo"]) == ("009", True)
    assert status.code == "000"
    assert ids(n.pull_evses()) == ["DE*ALF*E0001"]


@case(99)
def test_a_status_needs_data(p: Partner) -> None:
    assert p.push_statuses(("DE*ALF*E0001", "Available")).code == "009"


@case(100)
@pytest.mark.parametrize("form", ["Google", "DecimalDegree", "DegreeMinuteSeconds"])
def test_coordinates_come_in_the_form_asked_for(p: Partner, n: Partner, form: str) -> None:
    p.push_evses(oicp.an_evse(1))
    (record,) = n.pull_evses(GeoCoordinatesResponseFormat=form).json["content"]
    assert list(record["GeoCoordinates"]) == [form]
    read = COORDINATES.read(record["GeoCoordinates"])
    assert abs(read.latitude - Decimal("52.480495")) < Decimal("0.000001")


@case(101)
def test_a_delta_stands_alone(p: Partner, n: Partner) -> None:
    center = {"GeoCoordinates": {"Google": {"Coordinates": "52.480495 13.356465"}}, "Radius": 5}
    assert n.pull_evses(LastCall="2026-10-01T00:00:00Z", SearchCenter=center).http == 400


@case(102)
def test_a_radius_is_a_great_circle(p: Partner, n: Partner) -> None:
    def at(latitude: str) -> dict[str, Any]:
        return {"DecimalDegree": {"Longitude": "13.356465", "Latitude": latitude}}

    # One degree of latitude is 111.19 km: 0.0449 degrees are 4.99 km, 0.0451 are 5.01 km.
    p.push_evses(oicp.an_evse(1, GeoCoordinates=at("52.0449")), oicp.an_evse(2, GeoCoordinates=at("52.0451")))
    center = {"GeoCoordinates": {"Google": {"Coordinates": "52.000000 13.356465"}}, "Radius": 5}
    assert ids(n.pull_evses(SearchCenter=center)) == ["DE*ALF*E0001"]


@case(103)
def test_without_a_contract_nothing_is_shown(p: Partner, n: Partner) -> None:
    RoamingAgreement.objects.all().delete()
    directory.changed()
    reply = n.pull_evses()
    assert (reply.http, reply.code) == (403, "210")


@case(104, 105)
def test_statuses_by_id(p: Partner, n: Partner) -> None:
    p.push_evses(oicp.an_evse(1))
    p.push_statuses(("DE*ALF*E0001", "Occupied"))
    assert n.pull_statuses("-by-id", EvseID=[f"DE*ALF*E{number:04}" for number in range(101)]).http == 400
    reply = n.pull_statuses("-by-id", EvseID=["DE*ALF*E0001", *(f"DE*ALF*E{number:04}" for number in range(2, 101))])
    records = reply.json["EVSEStatusRecords"]["EvseStatusRecord"]
    assert (records[0], {one["EvseStatus"] for one in records[1:]}) == (
        {"EvseID": "DE*ALF*E0001", "EvseStatus": "Occupied"},
        {"EvseNotFound"},
    )


@case(106)
def test_the_body_says_which_pull_it_is(p: Partner, n: Partner) -> None:
    p.push_evses(oicp.an_evse(1))
    p.push_statuses(("DE*ALF*E0001", "Reserved"))
    one, other = n.pull_statuses("", EvseID=["DE*ALF*E0001"]), n.pull_statuses("-by-id", EvseID=["DE*ALF*E0001"])
    assert one.json == other.json
    grouped = {
        "OperatorEvseStatus": [
            {"OperatorID": "DE*ALF", "OperatorName": "Alfa", "EvseStatusRecord": [{"EvseID": "DE*ALF*E0001", "EvseStatus": "Reserved"}]}
        ]
    }
    assert n.pull_statuses("-by-operator-id", OperatorID=["DE*ALF"]).json["EvseStatuses"] == grouped
    assert n.pull_statuses().json["EvseStatuses"] == grouped


@case(107)
def test_auto_becomes_true_once_a_status_was_pushed(p: Partner, n: Partner) -> None:
    p.push_evses(oicp.an_evse(1))
    assert n.pull_evses().json["content"][0]["DynamicInfoAvailable"] == "false"
    p.push_statuses(("DE*ALF*E0001", "Available"))
    assert n.pull_evses().json["content"][0]["DynamicInfoAvailable"] == "true"


def test_a_crawl_sees_one_version_of_the_set(p: Partner, n: Partner) -> None:
    p.push_evses(*(oicp.an_evse(number) for number in range(1, 5)))
    first = n.pull_evses("?page=0&size=2")
    p.push_evses(oicp.an_evse(9))
    second = n.pull_evses("?page=1&size=2")
    assert ids(first) + ids(second) == [f"DE*ALF*E{number:04}" for number in range(1, 5)]


def test_a_partners_guard_stops_a_full_load_that_takes_too_much(p: Partner, n: Partner) -> None:
    p.push_evses(*(oicp.an_evse(number) for number in range(1, 5)))
    p.platform.refresh_from_db()
    p.platform.profile["oicp"]["most_lost"] = 0.5
    p.platform.save()
    directory.changed()
    assert p.push_evses(oicp.an_evse(1)).code == "009"
    assert len(ids(n.pull_evses())) == 4


def test_filters_narrow_a_pull(p: Partner, n: Partner) -> None:
    p.push_evses(oicp.an_evse(1), oicp.an_evse(2, RenewableEnergy=False, AuthenticationModes=["PnC"]))
    assert ids(n.pull_evses(RenewableEnergy=False)) == ["DE*ALF*E0002"]
    assert ids(n.pull_evses(AuthenticationModes=["REMOTE"])) == ["DE*ALF*E0001"]
    assert ids(n.pull_evses(CountryCodes=["FRA"])) == []
    assert ids(n.pull_evses(OperatorIds=["DEALF"])) == ["DE*ALF*E0001", "DE*ALF*E0002"]
