"""One bad object in a list is set aside alone, with its reason; the rest of the page arrives."""

import pytest

from roaming.exchanges.models import QuarantinedItem
from roaming.exchanges.quarantine import list_quarantined
from roaming.tariffs.models import Tariff
from tests.conformance.ocpi.words import AT_STUB, RECEIVER, SENDER, location, tariff, token
from tests.wire.caller import HUB, Caller
from tests.wire.messages import as_json
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]


class TestPulledFromAPartner:
    def test_a_bad_and_a_foreign_object_stay_behind_and_are_counted(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        good, bad, foreign = location(id="L-1"), location(id="L-2", city=None, country=7), location(id="L-3", party_id="OMI")
        stub.answer("GET", f"{AT_STUB}/locations", [as_json(bad), as_json(good), as_json(foreign), 17])
        for _ in range(2):
            assert [item["id"] for item in beta.call("GET", f"{SENDER}/locations", to="DE-ALF").data] == ["L-1"]
        kept = {row.object_id: row for row in list_quarantined(owner=alfa_at_stub.key)}
        assert set(kept) == {"L-2", "L-3", ""}
        assert "city" in kept["L-2"].reason
        assert "country" in kept["L-2"].reason
        assert '"country":7' in kept["L-2"].body
        assert (kept["L-2"].count, kept["L-2"].platform_id, kept["L-2"].correlation_id) == (2, alfa_at_stub.platform.pk, "correlation-1")
        assert kept["L-3"].reason == "an object of another owner"

    def test_no_drivers_secret_is_kept(self, beta_at_stub: Caller, alfa: Caller, stub: StubPartner) -> None:
        stub.answer("GET", f"{AT_STUB}/tokens", [as_json(token(issuer=None))])
        assert alfa.call("GET", f"{SENDER}/tokens", to="NL-BET").data == []
        row = QuarantinedItem.objects.get()
        assert "issuer" in row.reason
        assert token()["uid"] not in f"{row.object_id}{row.body}{row.reason}"


class TestGetAll:
    def test_an_object_that_cannot_be_written_does_not_hold_back_the_others(self, alfa: Caller, beta: Caller) -> None:
        for number in (1, 2):
            body = tariff(id=f"T-{number}", elements=[{"price_components": [{"type": "ENERGY", "price": 0.39, "vat": 19, "step_size": 1}]}])
            assert alfa.call("PUT", f"{RECEIVER}/tariffs/DE/ALF/T-{number}", body, to=HUB).status == (201, 1000)
        row = Tariff.objects.get(tariff_id="T-1")
        row.document["tax_included"] = "YES"
        row.document["elements"][0]["price_components"][0]["vat"] = "-100"  # net of it would be a division by zero
        row.save()
        reply = beta.call("GET", f"{SENDER}/tariffs", to=HUB)
        assert (reply.status, [item["id"] for item in reply.data]) == ((200, 1000), ["T-2"])
        kept = QuarantinedItem.objects.get()
        assert (kept.object_id, kept.owner, "cannot be written" in kept.reason) == ("T-1", "DE-ALF", True)

    def test_one_that_cannot_be_read_keeps_its_place_and_breaks_no_page(self, alfa: Caller, beta: Caller) -> None:
        for number in range(1, 5):
            body = tariff(id=f"T-{number}")
            assert alfa.call("PUT", f"{RECEIVER}/tariffs/DE/ALF/T-{number}", body, to=HUB).status == (201, 1000)
        Tariff.objects.filter(tariff_id="T-2").update(document={"id": "T-2", "elements": 7})
        first = beta.call("GET", f"{SENDER}/tariffs?limit=2", to=HUB)
        assert ([item["id"] for item in first.data], first.headers["X-Total-Count"]) == (["T-1"], "4")
        following = first.headers["Link"].partition("?")[2].partition(">")[0]
        assert [item["id"] for item in beta.call("GET", f"{SENDER}/tariffs?{following}", to=HUB).data] == ["T-3", "T-4"]
        assert [item["id"] for item in beta.call("GET", f"{SENDER}/tariffs?limit=2&offset=2", to=HUB).data] == ["T-3", "T-4"]
