"""Cases 35 to 49: broadcast push, open routing, and GET All through the hub."""

from typing import Any

import pytest

from roaming.canonical import Role
from roaming.deliveries.models import Delivery
from roaming.locations.models import Location
from tests.builders.deliveries import waiting
from tests.builders.parties import EndpointFactory, PartyRoleFactory, a_party, a_platform
from tests.conformance.ocpi.words import (
    AT_STUB,
    AUTHORIZE,
    CDRS,
    FROM,
    LOCATION,
    PLACE,
    RECEIVER,
    SENDER,
    SESSION,
    TARIFF,
    TO,
    TOKEN,
    cdr,
    deliver,
    location,
    pair,
    session,
    tariff,
    token,
)
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import as_json
from tests.wire.stub_partner import StubPartner, envelope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]


def test_035_a_push_to_the_hub_is_answered_at_once_and_reaches_every_partner_from_the_hub(
    alfa: Caller, beta_at_stub: Caller, gamma: Caller, stub: StubPartner
) -> None:
    stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
    reply = alfa.call("PUT", LOCATION, location(), to=HUB)
    assert (reply.status, pair(reply.headers, FROM)) == ((201, 1000), tuple(HUB))
    assert stub.heard == []
    assert sorted(waiting()) == ["put location to FR-GAM from the hub", "put location to NL-BET from the hub"]
    Delivery.objects.filter(receiver__party_id="GAM").delete()
    assert deliver() == {"delivered": 1}
    [heard] = stub.heard
    assert heard.json == as_json(location())
    assert (pair(heard.headers, FROM), pair(heard.headers, TO)) == (tuple(HUB), ("NL", "BET"))
    assert heard.headers["x-correlation-id"] == "correlation-1"


def test_036_the_address_of_each_leg_names_the_owner(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/AC-1")
    alfa.call("PUT", TARIFF, tariff(), to=HUB)
    deliver()
    assert [heard.path for heard in stub.heard] == [f"{AT_STUB}/tariffs/DE/ALF/AC-1"]


def test_037_a_receivers_refusal_does_not_reach_the_one_who_broadcast(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1", code=3000)
    assert alfa.call("PUT", LOCATION, location(), to=HUB).status == (201, 1000)
    assert deliver() == {"retried": 1}
    again = location(last_updated="2026-09-02T08:00:00Z")
    assert alfa.call("PUT", LOCATION, again, to=HUB).status == (200, 1000)


def test_038_providers_tell_operators_and_operators_tell_providers_and_others(alfa: Caller, beta: Caller, gamma: Caller) -> None:
    other = a_platform("Navigation")
    PartyRoleFactory.create(party=a_party("BE-NAV"), platform=other, role=Role.OTHER)
    EndpointFactory.create(platform=other, module="locations", interface="RECEIVER", url="https://navigation.example/locations")
    beta.call("PUT", TOKEN, token(), to=HUB)
    assert waiting() == ["put token to DE-ALF from the hub"]
    Delivery.objects.all().delete()
    alfa.call("PUT", LOCATION, location(), to=HUB)
    assert sorted(waiting()) == [f"put location to {key} from the hub" for key in ("BE-NAV", "FR-GAM", "NL-BET")]


def test_039_a_get_to_the_hub_on_a_receiver_is_answered_from_the_store(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    alfa.call("PUT", TARIFF, tariff(), to=HUB)
    assert alfa.call("GET", TARIFF, to=HUB).data["id"] == "AC-1"
    assert stub.heard == []


@pytest.mark.parametrize("to", [HUB, None, "NL-BET"])
def test_040_a_session_and_a_cdr_are_for_the_tokens_provider_alone(alfa: Caller, beta: Caller, gamma: Caller, to: Any) -> None:
    assert alfa.call("PUT", SESSION, session(), to=to).status == (201, 1000)
    assert alfa.call("POST", CDRS, cdr(), to=to).status == (201, 1000)
    assert waiting() == ["put session to NL-BET from DE-ALF", "post cdr to NL-BET from DE-ALF"]


def test_041_what_one_party_was_told_no_other_hears_or_pulls(alfa: Caller, beta_at_stub: Caller, gamma: Caller, stub: StubPartner) -> None:
    stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
    alfa.call("PUT", LOCATION, location(), to="NL-BET")
    assert Location.objects.get().audience is not None
    assert not Delivery.objects.exists()
    assert gamma.call("GET", f"{SENDER}/locations", to=HUB).data == []
    assert [item["id"] for item in beta_at_stub.call("GET", f"{SENDER}/locations", to=HUB).data] == ["LOC-1"]


def test_042_get_all_holds_the_objects_of_several_operators_under_their_own_names(alfa: Caller, beta: Caller) -> None:
    omikron = caller.operator("FR-OMI")
    alfa.call("PUT", LOCATION, location(), to=HUB)
    foreign = location(country_code="FR", party_id="OMI", id="LOC-1")
    omikron.call("PUT", f"{RECEIVER}/locations/FR/OMI/LOC-1", foreign, to=HUB)
    reply = beta.call("GET", f"{SENDER}/locations", to=HUB)
    assert [(item["country_code"], item["party_id"]) for item in reply.data] == [("DE", "ALF"), ("FR", "OMI")]
    assert (reply.headers["X-Total-Count"], pair(reply.headers, FROM)) == ("2", tuple(HUB))


@pytest.mark.parametrize("stamp", ["2026-09-01T08:00:00Z", "2026-09-01T08:00:00.250Z"])
def test_043_last_updated_is_served_and_pushed_as_it_came(alfa: Caller, beta_at_stub: Caller, stub: StubPartner, stamp: str) -> None:
    stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/AC-1")
    alfa.call("PUT", TARIFF, tariff(last_updated=stamp), to=HUB)
    deliver()
    pulled = beta_at_stub.call("GET", f"{SENDER}/tariffs", to=HUB).data
    assert [pulled[0]["last_updated"], stub.heard[0].json["last_updated"]] == [stamp, stamp]


@pytest.mark.parametrize("to", [None, HUB])
def test_044_the_provider_of_a_known_token_is_found(asked: Caller, beta_at_stub: Caller, gamma: Caller, stub: StubPartner, to: Any) -> None:
    beta_at_stub.call("PUT", TOKEN, token(whitelist="NEVER"), to=HUB)
    reply = asked.call("POST", AUTHORIZE, PLACE, to=to)
    assert (reply.status, pair(reply.headers, FROM)) == ((200, 1000), ("NL", "BET"))
    assert pair(stub.heard[-1].headers, TO) == ("NL", "BET")


def test_045_a_token_that_nobody_knows_is_404_with_2004(alfa: Caller, beta_at_stub: Caller) -> None:
    reply = alfa.call("POST", AUTHORIZE, PLACE)
    assert (reply.status, reply.data) == ((404, 2004), None)


def test_046_a_cdr_without_a_receiver_reaches_the_tokens_provider(
    alfa: Caller, beta_at_stub: Caller, gamma: Caller, stub: StubPartner
) -> None:
    stub.answer("POST", f"{AT_STUB}/cdrs", status=201)
    assert alfa.call("POST", CDRS, cdr()).status == (201, 1000)
    assert deliver() == {"delivered": 1}
    [heard] = stub.heard
    assert (heard.json["id"], pair(heard.headers, FROM), pair(heard.headers, TO)) == ("CDR-0001", ("DE", "ALF"), ("NL", "BET"))


def test_047_a_list_without_a_receiver_is_2001(beta: Caller) -> None:
    assert beta.call("GET", f"{SENDER}/locations").status == (200, 2001)


def test_048_of_two_quick_pushes_the_receiver_ends_with_the_newer(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    alfa.call("PUT", LOCATION, location(), to=HUB)
    Delivery.objects.all().delete()
    for second, status in ((1, "CHARGING"), (2, "BLOCKED")):
        changes = {"status": status, "last_updated": f"2026-09-02T08:00:0{second}Z"}
        alfa.call("PATCH", f"{LOCATION}/EVSE-1", changes, to=HUB)
    for method in ("PATCH", "PUT"):
        stub.answer_by(method, f"{AT_STUB}/locations/DE/ALF/LOC-1/EVSE-1", lambda _: envelope())
    while deliver():
        pass
    assert [heard.json["status"] for heard in stub.heard][-1] == "BLOCKED"


def test_049_a_deleted_tariff_is_deleted_at_every_receiver_and_gone_from_get_all(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    for method in ("PUT", "DELETE"):
        stub.answer(method, f"{AT_STUB}/tariffs/DE/ALF/AC-1")
    alfa.call("PUT", TARIFF, tariff(), to=HUB)
    assert alfa.call("DELETE", TARIFF, to=HUB).status == (200, 1000)
    assert beta_at_stub.call("GET", f"{SENDER}/tariffs", to=HUB).data == []
    assert alfa.call("GET", TARIFF, to=HUB).http == 404
    while deliver():
        pass
    assert stub.heard[-1].method == "DELETE"
