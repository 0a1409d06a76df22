"""Who speaks to whom: the routing headers of functional modules."""

import pytest

from roaming.canonical import Role
from tests.builders.parties import PartyRoleFactory, a_party
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

URL = "/ocpi/2.2.1/receiver/tariffs/DE/ALF/AC-1"
FROM = ("OCPI-from-country-code", "OCPI-from-party-id")
TO = ("OCPI-to-country-code", "OCPI-to-party-id")


def put(alfa: Caller, headers: dict[str, str | None], url: str = URL, **over: str) -> tuple[int, int]:
    return alfa.call("PUT", url, a_message("tariff", **over), to=HUB, headers=headers).status


class TestFrom:
    @pytest.mark.parametrize(
        "pair",
        [("DE", None), (None, "ALF"), ("", "ALF"), ("DE,DE", "ALF,ALF"), ("DE", "ALF,OMI"), ("DEU", "ALF"), ("D", "ALF"), ("DE", "AL*")],
    )
    def test_half_doubled_or_misspelt_is_2001(self, alfa: Caller, pair: tuple[str | None, str | None]) -> None:
        assert put(alfa, dict(zip(FROM, pair, strict=True))) == (200, 2001)

    def test_ids_compare_without_case(self, alfa: Caller) -> None:
        assert put(alfa, {FROM[0]: "de", FROM[1]: "alf"}) == (201, 1000)

    def test_may_be_left_out_where_the_connection_has_one_party(self, alfa: Caller) -> None:
        assert put(alfa, {FROM[0]: None, FROM[1]: None}) == (201, 1000)

    def test_the_path_names_the_sender_where_there_are_several(self, alfa: Caller) -> None:
        PartyRoleFactory.create(party=a_party("DE-ZWO"), platform=alfa.platform, role=Role.CPO)
        nobody: dict[str, str | None] = {FROM[0]: None, FROM[1]: None}
        assert put(alfa, nobody, "/ocpi/2.2.1/receiver/tariffs/DE/ZWO/AC-1", party_id="ZWO") == (201, 1000)
        assert alfa.call("POST", "/ocpi/2.2.1/receiver/cdrs", {}, headers=nobody).status == (200, 2001)

    def test_a_second_party_of_the_connection_must_be_named_as_the_sender(self, alfa: Caller) -> None:
        PartyRoleFactory.create(party=a_party("DE-ZWO"), platform=alfa.platform, role=Role.CPO)
        url = "/ocpi/2.2.1/receiver/tariffs/DE/ZWO/AC-1"
        assert put(alfa, {}, url, party_id="ZWO") == (200, 2001)
        assert put(alfa, {FROM[1]: "ZWO"}, url, party_id="ZWO") == (201, 1000)

    def test_a_party_of_the_other_side_is_404(self, alfa: Caller) -> None:
        PartyRoleFactory.create(party=a_party("DE-MSP"), platform=alfa.platform, role=Role.EMSP)
        assert put(alfa, {FROM[1]: "MSP"}, "/ocpi/2.2.1/receiver/tariffs/DE/MSP/AC-1", party_id="MSP") == (404, 2000)

    def test_a_company_in_both_roles_may_do_both(self, alfa: Caller) -> None:
        PartyRoleFactory.create(party=a_party("DE-ALF"), platform=alfa.platform, role=Role.EMSP)
        assert put(alfa, {}) == (201, 1000)
        assert alfa.call("GET", "/ocpi/2.2.1/sender/tariffs", to=HUB).status == (200, 1000)


class TestAnswer:
    """Every answer swaps the pairs and repeats the ids, refusals included."""

    def test_of_a_stranger(self, alfa: Caller) -> None:
        reply = alfa.call("GET", URL, to=HUB, headers={"Authorization": "Token wrong"})
        assert reply.http == 401
        headers = reply.headers
        assert (headers[TO[0]], headers[TO[1]]) == ("DE", "ALF")

    def test_of_a_forbidden_sender_names_whom_it_claimed_to_be(self, alfa: Caller) -> None:
        reply = alfa.call("GET", URL, to=HUB, headers={FROM[0]: "XX", FROM[1]: "XYZ"})
        assert reply.status == (200, 2001)
        assert (reply.headers[TO[0]], reply.headers[TO[1]]) == ("XX", "XYZ")

    def test_a_doubled_header_is_not_repeated(self, alfa: Caller) -> None:
        reply = alfa.call("GET", URL, to=HUB, headers={FROM[1]: "ALF,OMI"})
        assert TO[1] not in reply.headers
