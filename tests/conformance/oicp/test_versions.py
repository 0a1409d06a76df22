"""An OICP operator serves OCPI providers of every version: each hears places, sessions and CDRs in its own."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import timezone

from roaming.deliveries.drain import drain
from roaming.tokens.receive import put_token
from tests.builders.canonical_messages import a_token
from tests.roaming.protocols.ocpi.test_three_versions import speaking
from tests.wire import caller, oicp
from tests.wire.oicp_partner import Partner
from tests.wire.stub_partner import StubPartner, stub_partner

pytestmark = pytest.mark.django_db(transaction=True)

AT_STUB = "/ocpi/2.2.1"  # where the stub's endpoints are, whatever it speaks


@pytest.fixture
def stub() -> Iterator[StubPartner]:
    """The server of the OCPI provider."""
    with stub_partner() as stub:
        yield stub


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_an_ocpi_provider_of_any_version_hears_a_charge_at_an_oicp_operator(p: Partner, stub: StubPartner, version: str) -> None:
    speaking(version, caller.provider("FR-OCP", at=stub.host))
    at = timezone.now()
    token = a_token(country_code="FR", party_id="OCP", uid="04A1B2C3D4E5F6", contract_id="FR-OCP-C12345678-9", last_updated=at)
    put_token(token=token, audience=None, at=at, correlation_id="")

    p.push_evses(oicp.an_evse())
    p.push_products(oicp.a_product())
    session_id = p.start().json["SessionID"]
    assert p.cdr(oicp.a_cdr(session_id)).code == "000"
    drain()

    place = stub.heard_at("PUT", f"{AT_STUB}/locations/DE/ALF/DEALFP0001")[-1].json
    session = stub.heard_at("PUT", f"{AT_STUB}/sessions/DE/ALF/{session_id}")[-1].json
    (cdr,) = [one.json for one in stub.heard_at("POST", f"{AT_STUB}/cdrs")]
    # 12.345 kWh at 0.39 are 4.81455.
    if version == "2.1.1":
        assert (place["type"], place["evses"][0]["connectors"][0]["voltage"]) == ("UNKNOWN", 230)
        assert (session["auth_id"], cdr["auth_id"], cdr["location"]["id"]) == ("FR-OCP-C12345678-9",) * 2 + ("DEALFP0001",)
        assert Decimal(str(cdr["total_cost"])) == Decimal("4.8146")
        return
    assert place["evses"][0]["connectors"][0]["max_voltage"] == 230
    assert place.get("help_phone") == ("+4930123456" if version == "2.3.0" else None)
    assert session["cdr_token"]["uid"] == cdr["cdr_token"]["uid"] == "04A1B2C3D4E5F6"
    told = cdr["total_cost"]["excl_vat" if version == "2.2.1" else "before_taxes"]
    assert Decimal(str(told)) == Decimal("4.8146")
