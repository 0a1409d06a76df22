"""Sessions: PUT, PATCH, GET, list, and charging preferences."""

from typing import Any

import pytest

from roaming.parties import directory
from roaming.parties.models import Platform
from roaming.sessions.models import Session
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, as_json
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

URL = "/ocpi/2.2.1/receiver/sessions/DE/ALF/SESSION-1"
LIST = "/ocpi/2.2.1/sender/sessions"


def session(**over: Any) -> dict[str, Any]:
    return a_message("session", **{"status": "ACTIVE", "end_date_time": None, **over})


class TestPut:
    def test_is_answered_also_while_the_provider_is_away(self, alfa: Caller, beta: Caller) -> None:
        beta.platform.status = "OFFLINE"
        beta.platform.save()
        assert alfa.call("PUT", URL, session(), to="NL-BET").status == (201, 1000)

    def test_addressed_to_another_provider_than_the_tokens_is_2001(self, alfa: Caller, beta: Caller) -> None:
        caller.provider("FR-GAM")
        assert alfa.call("PUT", URL, session(), to="FR-GAM").status == (200, 2001)
        assert not Session.objects.exists()

    def test_of_an_unknown_provider_is_2001_and_says_nothing_about_who_is_there(self, alfa: Caller, beta: Caller) -> None:
        body = session()
        body["cdr_token"]["party_id"] = "NIX"
        reply = alfa.call("PUT", URL, body, to=HUB)
        assert reply.status == (200, 2001)
        assert "cdr_token" in reply.message
        assert "NIX" not in reply.message

    def test_to_an_unknown_party_is_4001(self, alfa: Caller, beta: Caller) -> None:
        assert alfa.call("PUT", URL, session(), to="XX-NIX").status == (200, 4001)

    def test_the_same_again_says_so(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, session(), to=HUB)
        reply = alfa.call("PUT", URL, session(), to=HUB)
        assert (reply.status, reply.headers["X-Hub-Replay"]) == ((200, 1000), "1")

    def test_a_completed_session_does_not_run_again(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, a_message("session"), to=HUB)
        reply = alfa.call("PUT", URL, session(last_updated="2026-10-05T11:30:00Z"), to=HUB)
        assert reply.status == (200, 2001)
        assert "status" in reply.message

    def test_names_every_bad_field(self, alfa: Caller) -> None:
        reply = alfa.call("PUT", URL, session(kwh=True, status="RUNNING", last_updated="2026-10-05T11:30:00+02:00"), to=HUB)
        assert reply.status == (200, 2001)
        for path in ("kwh", "status", "last_updated"):
            assert path in reply.message

    def test_settlement_words_of_a_partner_change_nothing_of_ours(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, session(settled=True, hold=False, provider="FR-GAM"), to=HUB)
        stored = alfa.call("GET", URL, to=HUB).data
        assert (stored["settled"], stored["hold"], stored["provider"]) == (True, False, "FR-GAM")
        assert Session.objects.get().provider.party_id == "BET"


class TestPatch:
    def test_appends_charging_periods(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, session(), to=HUB)
        period = {"start_date_time": "2026-10-05T11:10:00Z", "dimensions": [{"type": "ENERGY", "volume": 1}]}
        changes = {"kwh": 21, "charging_periods": [period], "last_updated": "2026-10-05T11:20:00Z"}
        assert alfa.call("PATCH", URL, changes, to=HUB).status == (200, 1000)
        stored = alfa.call("GET", URL, to=HUB).data
        assert (stored["kwh"], len(stored["charging_periods"])) == (21, 3)
        assert alfa.call("PATCH", URL, changes, to=HUB).status == (200, 1000)
        assert len(alfa.call("GET", URL, to=HUB).data["charging_periods"]) == 3

    def test_another_content_for_a_known_period_is_2001(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, session(), to=HUB)
        period = {"start_date_time": "2026-10-05T10:00:00Z", "dimensions": [{"type": "ENERGY", "volume": 99}]}
        changes = {"charging_periods": [period], "last_updated": "2026-10-05T11:20:00Z"}
        assert alfa.call("PATCH", URL, changes, to=HUB).status == (200, 2001)


class TestGet:
    def test_by_its_operator_is_what_the_hub_keeps(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, a_message("session"), to=HUB)
        for to in (HUB, "NL-BET", None):
            assert alfa.call("GET", URL, to=to).data == a_message("session")

    def test_of_a_foreign_or_missing_session_is_404(self, alfa: Caller, beta: Caller) -> None:
        omikron = caller.operator("FR-OMI")
        alfa.call("PUT", URL, session(), to=HUB)
        assert omikron.call("GET", URL, to=HUB).http == 404
        assert alfa.call("GET", URL.replace("SESSION-1", "SESSION-2"), to=HUB).http == 404


class TestList:
    def test_holds_the_sessions_of_the_pullers_own_tokens_only(self, alfa: Caller, beta: Caller) -> None:
        gamma = caller.provider("FR-GAM")
        alfa.call("PUT", URL, a_message("session"), to=HUB)
        query = f"{LIST}?date_from=2026-01-01T00:00:00Z"
        assert beta.call("GET", query, to=HUB).data == [a_message("session")]
        reply = gamma.call("GET", query, to=HUB)
        assert (reply.data, reply.headers["X-Total-Count"]) == ([], "0")


class TestChargingPreferences:
    PREFERENCES = {"profile_type": "GREEN", "departure_time": "2026-10-05T18:00:00Z", "energy_need": 30, "discharge_allowed": False}

    @pytest.mark.parametrize("to", ["DE-ALF", None, HUB])
    def test_are_passed_to_the_operator_of_the_session(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner, to: Any) -> None:
        alfa_at_stub.call("PUT", URL, session(), to=HUB)
        stub.answer("PUT", "/ocpi/2.2.1/sessions/SESSION-1/charging_preferences", "DEPARTURE_REQUIRED")
        reply = beta.call("PUT", f"{LIST}/SESSION-1/charging_preferences", self.PREFERENCES, to=to)
        assert (reply.status, reply.data) == ((200, 1000), "DEPARTURE_REQUIRED")
        assert stub.heard[-1].json == as_json(self.PREFERENCES)

    def test_of_an_unknown_session_are_404(self, beta: Caller) -> None:
        assert beta.call("PUT", f"{LIST}/SESSION-9/charging_preferences", self.PREFERENCES).status == (404, 2000)

    def test_are_not_asked_of_a_2_1_1_operator_and_its_version_is_named(
        self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner
    ) -> None:
        Platform.objects.filter(id=alfa_at_stub.platform.id).update(version="2.1.1")
        directory.changed()
        reply = beta.call("PUT", f"{LIST}/SESSION-1/charging_preferences", self.PREFERENCES, to="DE-ALF")
        assert (reply.status, "2.1.1" in reply.message, stub.heard) == ((200, 2001), True, [])

    def test_an_answer_that_is_none_is_4000(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", "/ocpi/2.2.1/sessions/SESSION-1/charging_preferences", "PERHAPS")
        assert beta.call("PUT", f"{LIST}/SESSION-1/charging_preferences", self.PREFERENCES, to="DE-ALF").status == (200, 4000)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_other_methods_are_405(alfa: Caller, method: str) -> None:
    assert alfa.call(method, URL, {}, to=HUB).status == (405, 2000)
