"""Tariffs: PUT, DELETE, GET, list; PATCH is not offered."""

from typing import Any

import pytest

from roaming.deliveries.models import Delivery
from roaming.tariffs.models import Tariff, TariffRevision
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, as_json
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

URL = "/ocpi/2.2.1/receiver/tariffs/DE/ALF/AC-1"
LIST = "/ocpi/2.2.1/sender/tariffs"
AT_STUB = "/ocpi/2.2.1/tariffs"


def tariff(**over: Any) -> dict[str, Any]:
    return a_message("tariff", **over)


class TestPut:
    def test_is_stored_shown_and_queued(self, alfa: Caller, beta: Caller) -> None:
        assert alfa.call("PUT", URL, tariff(), to=HUB).status == (201, 1000)
        assert alfa.call("GET", URL, to=HUB).data == tariff()
        assert beta.call("GET", LIST, to=HUB).data == [tariff()]
        assert Delivery.objects.get().verb == "put"

    def test_keeps_every_revision(self, alfa: Caller) -> None:
        alfa.call("PUT", URL, tariff(), to=HUB)
        alfa.call("PUT", URL, tariff(last_updated="2026-09-02T08:00:00Z"), to=HUB)
        assert TariffRevision.objects.count() == 2

    def test_to_one_party_is_forwarded_and_private(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/DE/ALF/AC-1", status=201)
        assert alfa.call("PUT", URL, tariff(), to="NL-BET").status == (201, 1000)
        assert stub.heard[0].json == as_json(tariff())
        assert Tariff.objects.get().audience is not None

    @pytest.mark.parametrize("raw", [b"", b"{", b'{"price": 1e999}', b'{"id": "1", "id": "2"}', b"[" * 100_000, b'{"id": "\\u0000"}'])
    def test_a_body_that_is_no_json_is_400(self, alfa: Caller, raw: bytes) -> None:
        reply = alfa.call("PUT", URL, raw=raw, to=HUB)
        assert reply.status == (400, 2001)
        assert reply.headers["OCPI-to-party-id"] == "ALF"

    @pytest.mark.parametrize("body", [[], "tariff", 1, None, True])
    def test_json_that_is_no_object_is_2001(self, alfa: Caller, body: Any) -> None:
        raw = b"null" if body is None else None
        assert alfa.call("PUT", URL, body, raw=raw, to=HUB).status == (200, 2001)

    def test_a_body_over_256_kibibytes_is_413(self, alfa: Caller) -> None:
        padding = b" " * (256 * 1024)
        assert alfa.call("PUT", URL, raw=padding, to=HUB).status == (400, 2001)
        assert alfa.call("PUT", URL, raw=padding + b" ", to=HUB).status == (413, 2000)

    @pytest.mark.parametrize("header", [{"Content-Encoding": "gzip"}, {"Content-Type": "text/xml"}])
    def test_an_encoded_body_or_another_type_is_415(self, alfa: Caller, header: dict[str, str | None]) -> None:
        assert alfa.call("PUT", URL, tariff(), to=HUB, headers=header).status == (415, 2000)


class TestDelete:
    def test_again_is_the_same(self, alfa: Caller) -> None:
        alfa.call("PUT", URL, tariff(), to=HUB)
        alfa.call("DELETE", URL, to=HUB)
        assert alfa.call("DELETE", URL, to=HUB).status == (200, 1000)

    def test_of_what_was_never_there_is_404(self, alfa: Caller) -> None:
        assert alfa.call("DELETE", URL, to=HUB).status == (404, 2000)

    def test_to_one_party_is_forwarded(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("DELETE", f"{AT_STUB}/DE/ALF/AC-1")
        assert alfa.call("DELETE", URL, to="NL-BET").status == (200, 1000)
        assert stub.heard_at("DELETE", f"{AT_STUB}/DE/ALF/AC-1")

    def test_needs_no_content_type(self, alfa: Caller) -> None:
        alfa.call("PUT", URL, tariff(), to=HUB)
        assert alfa.call("DELETE", URL, to=HUB, headers={"Content-Type": "text/plain"}).status == (200, 1000)


class TestGet:
    def test_from_one_party_is_what_that_party_keeps(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("GET", f"{AT_STUB}/DE/ALF/AC-1", as_json(tariff(id="AC-1")))
        assert alfa.call("GET", URL, to="NL-BET").data == tariff()

    def test_a_list_of_one_party_is_asked_of_it(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("GET", AT_STUB, [as_json(tariff())])
        reply = beta.call("GET", f"{LIST}?date_from=2026-01-01T00:00:00Z", to="DE-ALF")
        assert reply.data == [tariff()]
        assert "date_from=2026-01-01" in stub.heard[0].path
