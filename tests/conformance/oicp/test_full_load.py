"""Full loads of thousands: everything or nothing, each location written once and told once."""

from collections.abc import Iterator

import pytest

from roaming.deliveries.models import Delivery
from roaming.locations.models import EvseRecord, Location
from tests.conformance.oicp.cases import case
from tests.wire import caller, oicp
from tests.wire.oicp_partner import Partner

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 1_200  # the bench loads 10,000; here it is the counts that matter
PER_POOL = 4


def evses(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield oicp.an_evse(number, ChargingPoolID=f"DE*ALF*P{number // PER_POOL:04d}")


@case(108)
def test_a_great_full_load_is_taken_as_a_whole_or_not_at_all(p: Partner) -> None:
    caller.provider("FR-OCP")

    assert p.push_evses(*evses(MANY)).code == "000"

    # One transaction is one instant; each location is one row and one delivery.
    assert EvseRecord.objects.filter(valid_to=None).values_list("valid_from").distinct().count() == 1
    assert (EvseRecord.objects.count(), Location.objects.count(), Delivery.objects.count()) == (1200, 300, 300)
    broken = [*evses(MANY - 1), oicp.an_evse(MANY, Plugs=[])]
    reply = p.push_evses(*broken)
    assert reply.http == 400
    assert reply.json["validationErrors"][0]["fieldReference"] == "operatorEvseData.evseDataRecord[1199].plugs"
    assert EvseRecord.objects.filter(valid_to=None).count() == MANY


def test_many_statuses_are_one_write_and_one_delivery_per_location(p: Partner) -> None:
    caller.provider("FR-OCP")
    p.push_evses(*evses(40))
    before = Delivery.objects.count()

    statuses = [(f"DE*ALF*E{number:04d}", "Occupied" if number % PER_POOL else "Available") for number in range(40)]

    assert p.push_statuses(*statuses).code == "000"

    assert Delivery.objects.count() - before == 10
    told = [[evse["status"] for evse in location.document["evses"]] for location in Location.objects.all()]
    assert told == [["AVAILABLE", "CHARGING", "CHARGING", "CHARGING"]] * 10
    assert p.push_statuses(("DE*ALF*E0001", "OutOfService"), action="update").code == "000"
    assert Location.objects.filter(document__evses__contains=[{"uid": "DEALFE0001", "status": "OUTOFORDER"}]).count() == 1
