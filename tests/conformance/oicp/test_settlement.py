"""An OICP operator's CDR is charged to an OCPI provider: priced by the hub, explained, and without a hold."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from roaming import canonical
from roaming.cdrs.models import Cdr
from roaming.parties.models import RoamingAgreement
from roaming.tokens.receive import put_token
from settlement.clearing.clear import clear_cdr
from settlement.clearing.models import Charge
from settlement.clearing.queries import list_holds
from settlement.terms.agree import agree_terms
from tests.builders.canonical_messages import a_token
from tests.wire import caller, oicp
from tests.wire.oicp_partner import Partner


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(hours=2)])
def test_a_charge_over_the_bridge_is_charged_without_a_hold(p: Partner, ago: timedelta) -> None:
    caller.provider("FR-OCP")
    agree_terms(agreement=RoamingAgreement.objects.get())
    p.push_evses(oicp.an_evse())
    p.push_products(oicp.a_product())
    at = timezone.now()
    token = a_token(country_code="FR", party_id="OCP", uid="04A1B2C3D4E5F6", contract_id="FR-OCP-C12345678-9", last_updated=at)
    put_token(token=token, audience=None, at=at, correlation_id="")
    session_id = p.start().json["SessionID"]
    now = timezone.now().replace(microsecond=0) - ago
    stamps = {
        "SessionStart": now,
        "ChargingStart": now,
        "ChargingEnd": now + timedelta(minutes=2),
        "SessionEnd": now + timedelta(minutes=3),
    }
    told = {name: stamp.isoformat() for name, stamp in stamps.items()}
    assert p.cdr(oicp.a_cdr(session_id, ConsumedEnergy=Decimal("0.500"), MeterValueEnd=None, **told)).code == "000"
    sealed = Cdr.objects.get()
    outcome = clear_cdr(cdr_id=sealed.id, at=timezone.now() + timedelta(minutes=5))
    assert [hold.reasons for hold in list_holds()] == []
    assert isinstance(outcome, Charge)
    # 0.5 kWh at 0.39 EUR.
    assert canonical.decode(bytes(sealed.body), canonical.Cdr).total_cost.before_taxes == Decimal("0.1950")
