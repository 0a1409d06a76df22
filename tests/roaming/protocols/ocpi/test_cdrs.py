"""CDRs: POST once, GET by the address in Location, list."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from roaming.cdrs.models import Cdr
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, json_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

URL = "/ocpi/2.2.1/receiver/cdrs"


def cdr(**over: Any) -> dict[str, Any]:
    return a_message("cdr", **over)


def credit(**over: Any) -> dict[str, Any]:
    negative = {"excl_vat": -7.80, "incl_vat": -9.28}
    return cdr(**{"id": "CDR-0001-C", "credit": True, "credit_reference_id": "CDR-0001", "total_cost": negative, **over})


class TestPost:
    def test_keeps_the_bytes_as_they_came(self, alfa: Caller, beta: Caller) -> None:
        raw = b"  " + json_of(cdr()) + b"\n"
        assert alfa.call("POST", URL, raw=raw, to=HUB).status == (201, 1000)
        assert bytes(Cdr.objects.get().received) == raw

    def test_other_content_under_the_same_id_is_2001(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("POST", URL, cdr(), to=HUB)
        reply = alfa.call("POST", URL, cdr(total_energy=21), to=HUB)
        assert reply.status == (200, 2001)
        assert "Location" not in reply.headers
        assert Cdr.objects.count() == 1

    def test_a_credit_takes_it_back_once(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("POST", URL, cdr(), to=HUB)
        assert alfa.call("POST", URL, credit(), to=HUB).status == (201, 1000)
        assert alfa.call("POST", URL, credit(id="CDR-0001-D"), to=HUB).status == (200, 2001)

    def test_a_credit_of_nothing_known_is_2001(self, alfa: Caller, beta: Caller) -> None:
        reply = alfa.call("POST", URL, credit(), to=HUB)
        assert reply.status == (200, 2001)
        assert "credit_reference_id" in reply.message

    def test_another_owner_than_the_sender_is_2001(self, alfa: Caller, beta: Caller) -> None:
        caller.operator("FR-OMI")
        reply = alfa.call("POST", URL, cdr(country_code="FR", party_id="OMI"), to=HUB)
        assert reply.status == (200, 2001)
        assert "party_id" in reply.message

    def test_to_an_unknown_party_is_4001(self, alfa: Caller) -> None:
        assert alfa.call("POST", URL, cdr(), to="XX-NIX").status == (200, 4001)

    def test_of_a_token_of_nobody_is_2001(self, alfa: Caller, beta: Caller) -> None:
        body = cdr()
        body["cdr_token"].update(party_id="NIX", contract_id="NL-NIX-C00123456-X")
        assert alfa.call("POST", URL, body, to=HUB).status == (200, 2001)

    def test_names_every_bad_field(self, alfa: Caller) -> None:
        body = cdr(charging_periods=[], total_cost=7.8, end_date_time="soon")
        body["cdr_location"]["evse_id"] = None
        body["signed_data"]["signed_values"][0]["plain_data"] = "x" * 5001
        reply = alfa.call("POST", URL, body, to=HUB)
        assert reply.status == (200, 2001)
        for path in ("charging_periods", "total_cost", "end_date_time", "cdr_location.evse_id", "signed_data.signed_values[0].plain_data"):
            assert path in reply.message

    def test_the_owner_may_stand_in_the_address(self, alfa: Caller, beta: Caller) -> None:
        assert alfa.call("POST", f"{URL}/DE/ALF", cdr(), to=HUB).status == (201, 1000)
        assert alfa.call("POST", f"{URL}/FR/OMI", cdr(), to=HUB).status == (404, 2000)

    def test_a_provider_may_not_post(self, beta: Caller) -> None:
        assert beta.call("POST", URL, cdr(), to=HUB).status == (404, 2000)

    @pytest.mark.parametrize("raw", [b"", b"{", b'{"total_cost": {"excl_vat": NaN}}', b'{"total_cost": {"excl_vat": 1e999}}'])
    def test_no_json_is_400(self, alfa: Caller, raw: bytes) -> None:
        assert alfa.call("POST", URL, raw=raw, to=HUB).status == (400, 2001)


class TestGet:
    @pytest.mark.parametrize("name", ["00000000-0000-0000-0000-000000000000", "CDR-0001", "%00", "x" * 300])
    def test_of_what_is_not_there_is_404(self, alfa: Caller, name: str) -> None:
        assert alfa.call("GET", f"{URL}/{name}").status == (404, 2000)

    def test_by_another_operator_is_404(self, alfa: Caller, beta: Caller) -> None:
        path = urlsplit(alfa.call("POST", URL, cdr(), to=HUB).headers["Location"]).path
        assert caller.operator("FR-OMI").call("GET", path).status == (404, 2000)
