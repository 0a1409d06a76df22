"""Partners on the wire, one against the other. No hub is running here."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from hub.sandbox.line import ACCEPTED, REFUSED, REPEATED
from hub.sandbox.ocpi_2_2_1.link import HandshakeFailed
from hub.sandbox.world import unknown_card
from tests.hub.sandbox.pair import NOW, Pair, with_pair


def _with_pair(story: Callable[[Pair], Awaitable[None]]) -> None:
    with_pair(story, first_port=26_100)


class TestHandshake:
    def test_leaves_both_sides_with_a_token_of_the_other(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()

            ours, theirs = pair.nordlicht.link.connection, pair.tulp.link.connection
            assert ours.is_registered
            assert theirs.is_registered
            assert ours.token_at_hub == theirs.token_of_hub != "token-a"
            assert ours.token_of_hub == theirs.token_at_hub
            assert ours.hub_party == ("NL", "TLP")

        _with_pair(story)

    def test_fails_with_a_token_that_nobody_gave_out(self) -> None:
        async def story(pair: Pair) -> None:
            pair.tulp.link.connection.token_of_hub = "token-a"
            with pytest.raises(HandshakeFailed, match="HTTP 401"):
                await pair.nordlicht.link.register(versions_url=pair.tulp.link.own_versions_url, token_a="token-b")

        _with_pair(story)

    def test_is_refused_the_second_time(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            again = await pair.nordlicht.link.call("POST", "credentials/", body=pair.nordlicht.link.credentials())
            assert again.http == 405

        _with_pair(story)


class TestCharging:
    def test_a_card_is_allowed_with_a_reference_and_a_strange_one_is_unknown(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            visit = pair.visit()

            answer = await pair.operator.ask(visit.card, site=visit.site, charger=visit.charger)
            strange = await pair.operator.ask(unknown_card(seed="x"), site=visit.site, charger=visit.charger)

            assert answer.is_allowed
            assert answer.reference
            assert (strange.word, strange.code) == ("UNKNOWN", "2004")

        _with_pair(story)

    def test_a_session_grows_on_the_other_side(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            visit = pair.visit()

            await pair.operator.report_start(visit)
            await pair.operator.report_progress(visit, ticks=4)
            await pair.operator.report_progress(visit, ticks=8)
            key = ("DE", "NLD", f"S-{visit.id}")
            growing = dict(pair.tulp.door.shelf.find("sessions", key))
            await pair.operator.report_end(visit)
            ended = pair.tulp.door.shelf.find("sessions", key)

            assert [arrival.method for arrival in pair.tulp.door.shelf.came("sessions")] == ["PUT", "PATCH", "PATCH", "PUT"]
            assert len(growing["charging_periods"]) == 2
            assert ended["status"] == "COMPLETED"
            energy = sum(
                dimension["volume"]
                for period in ended["charging_periods"]
                for dimension in period["dimensions"]
                if dimension["type"] == "ENERGY"
            )
            assert energy == ended["kwh"] == visit.energy_kwh

        _with_pair(story)

    def test_a_record_is_taken_once_and_another_body_under_its_id_is_refused(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            visit = pair.visit()
            await pair.operator.report_end(visit)
            record = pair.operator.record(visit)

            results = [
                (await pair.operator.bill(item)).result
                for item in (record, record, record.replaced(energy_kwh=Decimal("1.00"), at=NOW), record.credited(at=NOW))
            ]
            changed = await pair.nordlicht.link.call(
                "POST", "cdrs/RECEIVER", body={"country_code": "DE", "party_id": "NLD", "id": record.id}, sender=pair.operator.company
            )

            assert results == [ACCEPTED, REPEATED, ACCEPTED, ACCEPTED]
            assert changed.code == 2001
            credit = pair.tulp.door.shelf.find("cdrs", ("DE", "NLD", f"{record.id}-C"))
            original = pair.tulp.door.shelf.find("cdrs", ("DE", "NLD", record.id))
            assert credit["total_cost"]["excl_vat"] == -original["total_cost"]["excl_vat"]
            assert credit["total_energy_cost"] == original["total_energy_cost"]

        _with_pair(story)

    def test_nothing_is_taken_without_a_token(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            pair.nordlicht.link.connection.token_at_hub = "worn out"

            sent = await pair.operator.line.push_site(pair.operator.plan.sites[0])

            assert (sent.result, sent.code) == (REFUSED, "2001")

        _with_pair(story)


class TestPulling:
    def test_pages_carry_a_link_until_the_last_one(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            # The hub's side pulls the operator's locations, two at a time.
            pair.tulp.link.connection.endpoints["locations/SENDER"] = f"http://{pair.nordlicht.host}/ocpi/2.2.1/cpo/locations"

            first = await pair.tulp.link.call("GET", "locations/SENDER", query={"limit": "3"})
            address = first.headers["Link"].partition(">")[0].removeprefix("<")
            second = await pair.tulp.link.call_address("GET", address, kind="GET locations")

            assert (len(first.data), len(second.data)) == (3, 1)
            assert first.headers["X-Total-Count"] == second.headers["X-Total-Count"] == "4"
            assert "Link" not in second.headers
            assert [site["id"] for site in first.data + second.data] == [site.id for site in pair.operator.plan.sites]

        _with_pair(story)
