"""list_quality: what OICP providers are not told of an OCPI operator, for people and scripts, and on the admin's page."""

import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from roaming import canonical
from roaming.locations.receive import put_location
from roaming.tariffs.receive import put_tariff
from tests.builders.parties import an_agreement
from tests.builders.people import staff
from tests.conformance.oicp.test_bridge import store_location
from tests.wire import caller, oicp_partner

pytestmark = pytest.mark.django_db


def quality(party: str) -> dict[str, Any]:
    output = io.StringIO()
    call_command("list_quality", "--party", party, "--json", stdout=output)
    answer: dict[str, Any] = json.loads(output.getvalue())
    return answer


@pytest.fixture
def operator() -> None:
    """FR-KOP with one EVSE that can be told, one without an EvseID, and a tariff of two prices."""
    an_agreement()
    caller.operator("FR-KOP")
    location, at = store_location(), timezone.now() + timedelta(seconds=1)
    nameless = msgspec.structs.replace(location.evses[0], uid="E2", evse_id=None)
    put_location(
        location=msgspec.structs.replace(location, evses=(*location.evses, nameless), last_updated=at),
        audience=None,
        at=at,
        correlation_id="",
    )
    parts = tuple(canonical.PriceComponent(type=kind, price=Decimal("0.30")) for kind in ("ENERGY", "TIME"))
    tariff = canonical.Tariff(
        country_code="FR",
        party_id="KOP",
        id="T1",
        currency="EUR",
        elements=(canonical.TariffElement(price_components=parts),),
        last_updated=at,
    )
    put_tariff(tariff=tariff, audience=None, at=at, correlation_id="")


def test_lists_every_evse_and_tariff_that_is_not_told(operator: None) -> None:
    assert quality("FR-KOP") == {
        "party": "FR-KOP",
        "published": 1,
        "problems": [
            {"location": "L1", "evse": "E2", "problem": "evse_id: not told"},
            {"tariff": "T1", "problem": "more than one price for energy or time"},
        ],
    }
    words = io.StringIO()
    call_command("list_quality", "--party", "FR-KOP", stdout=words)
    assert "L1 / E2: evse_id: not told" in words.getvalue()
    page = staff("operations").get("/admin/roaming/evseprojection/?q=FR-KOP").content.decode()
    assert "evse_id: not told" in page


def test_refuses_who_has_no_such_report() -> None:
    oicp_partner.operator("DE-ALF")
    for party, why in (("DE-ALF", "speaks OICP itself"), ("SE-NIX", "is no operator")):
        with pytest.raises(CommandError, match=why):
            quality(party)
