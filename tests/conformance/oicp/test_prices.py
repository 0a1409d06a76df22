"""Prices and losses over the bridge: tariffs as products per provider, EVSE pricing in locations, what a crossing loses is counted."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from roaming import canonical
from roaming.cdrs.models import Cdr
from roaming.deliveries.drain import drain
from roaming.exchanges.losses import flush_losses
from roaming.exchanges.models import CrossingLoss
from roaming.locations.queries import find_own_location
from roaming.locations.receive import put_location
from roaming.tariffs.receive import put_tariff
from roaming.tokens.receive import put_token
from tests.builders.canonical_messages import a_token
from tests.conformance.oicp.test_bridge import store_location
from tests.wire import caller, oicp
from tests.wire.oicp_partner import Partner
from tests.wire.stub_partner import StubPartner, stub_partner

pytestmark = pytest.mark.django_db(transaction=True)


def store_tariff(tariff_id: str, price: str, *, audience: str | None = None, **part: Any) -> None:
    """A tariff of K's: a price per kWh, for everybody or for one provider."""
    component = canonical.PriceComponent(type="ENERGY", price=Decimal(price), **part)
    tariff = canonical.Tariff(
        country_code="FR",
        party_id="KOP",
        id=tariff_id,
        currency="EUR",
        elements=(canonical.TariffElement(price_components=(component,)),),
        last_updated=timezone.now(),
    )
    put_tariff(tariff=tariff, audience=canonical.PartyId.parse(audience) if audience else None, at=timezone.now(), correlation_id="")


def pull(partner: Partner, what: str, **over: Any) -> Any:
    """A pull of prices."""
    body = {"ProviderID": partner.provider_id, "OperatorIDs": ["FR*KOP"], **over}
    return partner.post(f"dynamicpricing/v10/providers/{partner.provider_id}/{what}", body).json


def test_an_ocpi_operators_tariffs_are_products_per_provider(m: Partner, n: Partner) -> None:
    caller.operator("FR-KOP")
    location = store_location()
    connector = msgspec.structs.replace(location.evses[0].connectors[0], tariff_ids=("DC", "STEPS"))
    evse = msgspec.structs.replace(location.evses[0], connectors=(connector,))
    later = timezone.now() + timedelta(seconds=1)
    put_location(location=msgspec.structs.replace(location, evses=(evse,), last_updated=later), audience=None, at=later, correlation_id="")
    store_tariff("DC", "0.59")
    store_tariff("DC", "0.49", audience="NL-BET")
    store_tariff("STEPS", "0.30", step_size=1000)

    def prices(partner: Partner) -> list[tuple[str, Decimal, int]]:
        (told,) = pull(partner, "pricing-products")["PricingProductData"]
        assert (told["OperatorID"], told["ProviderID"]) == ("FR*KOP", partner.provider_id)
        records = told["PricingProductDataRecords"]
        return [(one["ProductID"], one["PricePerReferenceUnit"], one["MaximumProductChargingPower"]) for one in records]

    # 920 V and 500 A are 460 kW.
    assert (prices(m), prices(n)) == ([("DC", Decimal("0.49"), 460)], [("DC", Decimal("0.59"), 460)])
    (told,) = pull(m, "evse-pricing")["EVSEPricing"]
    assert told["EVSEPricing"] == [{"EvseID": "FR*KOP*E0001", "ProviderID": "NL-BET", "EvseIDProductList": ["DC"]}]
    assert pull(m, "pricing-products", LastCall="2126-01-01T00:00:00Z")["PricingProductData"] == []
    flush_losses()
    lost = CrossingLoss.objects.get(owner="FR-KOP", receiver="NL-OFF", field="elements")
    assert (lost.module, lost.version, lost.was, lost.is_blocked) == ("tariffs", "OICP 2.3", "a step size of 1000", True)


def test_evse_pricing_stands_in_the_locations_of_ocpi(p: Partner) -> None:
    caller.provider("FR-OCP")
    p.push_evses(oicp.an_evse())
    p.push_products(oicp.a_product())

    def tariff_ids() -> tuple[str, ...]:
        location = find_own_location(owner=p.key, location_id="DEALFP0001")
        assert location is not None
        return location.evses[0].connectors[0].tariff_ids

    assert tariff_ids() == ()
    p.post("dynamicpricing/v10/operators/DE*ALF/evse-pricing", oicp.evse_pricing_push(("DE*ALF*E0001", ["AC3"])))
    assert tariff_ids() == ("AC3",)
    p.push_evses(oicp.an_evse(MaxCapacity=50), action="update")
    assert tariff_ids() == ("AC3",)
    p.post("dynamicpricing/v10/operators/DE*ALF/evse-pricing", oicp.evse_pricing_push())
    assert tariff_ids() == ()


def test_products_for_one_provider_stand_in_its_own_locations_and_statuses_reach_them(p: Partner) -> None:
    with stub_partner() as special, stub_partner() as other:
        caller.provider("FR-OCP", at=special.host)
        caller.provider("FR-SON", at=other.host)
        p.push_evses(oicp.an_evse())
        drain()
        p.push_products(oicp.a_product())
        p.push_products(oicp.a_product("NIGHT", price="0.20"), provider="FR-OCP")
        priced = oicp.evse_pricing_push(("DE*ALF*E0001", ["AC3"]), ("DE*ALF*E0001", ["NIGHT"]))
        priced["EVSEPricing"][1]["ProviderID"] = "FR-OCP"
        assert p.post("dynamicpricing/v10/operators/DE*ALF/evse-pricing", priced).code == "000"
        assert p.push_statuses(("DE*ALF*E0001", "Occupied")).code == "000"
        drain()

        def seen(stub: StubPartner) -> tuple[str, list[str]]:
            told = [one.json for one in stub.heard if "/locations/" in one.path][-1]
            return told["evses"][0]["status"], told["evses"][0]["connectors"][0]["tariff_ids"]

        assert seen(special) == ("CHARGING", ["NIGHT"])
        assert seen(other) == ("CHARGING", ["AC3"])
        assert not any(b"AC3" in one.body for one in special.heard if "/locations/" in one.path)


def test_a_charge_costs_what_held_at_its_start_and_what_its_messages_lose_is_counted(p: Partner, n: Partner) -> None:
    caller.provider("FR-OCP")
    at = timezone.now()
    token = a_token(country_code="FR", party_id="OCP", uid="04A1B2C3D4E5F6", contract_id="FR-OCP-C12345678-9", last_updated=at)
    put_token(token=token, audience=None, at=at, correlation_id="")
    p.push_evses(oicp.an_evse())
    p.push_products(oicp.a_product(price="0.40"))
    session_id = p.start().json["SessionID"]
    assert p.notify("Start", session_id, MeterValueStart=Decimal(100)).code == "000"
    n.push_cards(oicp.mifare("0A0B0C0D"))
    starts = timezone.now()
    p.push_products(oicp.a_product(price="0.90"))
    ends = timezone.now()
    told = {"SessionStart": starts, "ChargingStart": starts, "ChargingEnd": ends, "SessionEnd": ends}

    reply = p.cdr(oicp.a_cdr(session_id, ConsumedEnergy=Decimal(10), **{name: stamp.isoformat() for name, stamp in told.items()}))

    assert reply.code == "000", reply.json
    cdr = canonical.decode(bytes(Cdr.objects.get().body), canonical.Cdr)
    assert cdr.total_cost.before_taxes == Decimal("4.0000")  # 10 kWh at 0.40
    flush_losses()
    lost = CrossingLoss.objects.filter(owner="DE-ALF", module="cdrs", receiver="FR-OCP", version="OCPI")
    assert {"meter_start": "dropped", "meter_end": "dropped", "total_cost": "guessed"}.items() <= dict(
        lost.values_list("field", "effect")
    ).items()
    assert CrossingLoss.objects.filter(owner="DE-ALF", module="sessions", receiver="FR-OCP", field="meter_start").exists()
    assert CrossingLoss.objects.filter(owner="NL-OFF", module="tokens", field="contract_id", effect="guessed").exists()
    assert CrossingLoss.objects.filter(owner="DE-ALF", module="tariffs", receiver="DE-HUB", field="MaximumProductChargingPower").exists()
