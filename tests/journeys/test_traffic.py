"""What partners see of each other through the hub, over real HTTP."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.sandbox.day import Visit
from hub.sandbox.line import ACCEPTED, REFUSED, REPEATED, Answer
from hub.sandbox.ocpi_2_2_1.documents import write_cdr
from hub.sandbox.world import Card, unknown_card
from tests.journeys.house import House
from tests.journeys.town import Town


@pytest.fixture(scope="module", autouse=True)
def enrolled(town: Town) -> Town:
    town.enrol()
    return town


def _ask(town: Town, operator: str, card: Card) -> Answer:
    site = town.operator(operator).plan.sites[0]
    return town.run(town.operator(operator).ask(card, site=site, charger=site.chargers[0]))


class TestRegistration:
    def test_leaves_every_platform_connected_whoever_started(self, house: House, town: Town) -> None:
        listed = {platform["name"]: platform["status"] for platform in house.command("list_platforms", [])["platforms"]}

        assert listed == dict.fromkeys(town.network.platforms, "CONNECTED")
        assert town.platform("FR-GRC").waits_for_hub  # to this one the hub came itself

    def test_tells_partners_who_the_hub_is(self, town: Town) -> None:
        assert {platform.link.connection.hub_party for platform in town.network.platforms.values()} == {("DE", "HUB")}

    def test_spends_token_a(self, town: Town) -> None:
        link = town.platform("DE-NLD").link

        again = town.run(link.call("POST", "credentials/", body=link.credentials()))

        assert again.http == 405  # registered already


class TestBroadcast:
    def test_brings_a_location_to_every_entitled_provider_and_to_nobody_else(self, town: Town) -> None:
        site = town.operator("DE-NLD").plan.sites[0]

        for provider in ("NL-PSM", "DE-FWK"):
            arrivals = town.until_came(provider, "locations", site.id)
            assert (arrivals[0].sender, arrivals[0].receiver, arrivals[0].key[:2]) == ("DE-HUB", provider, ("DE", "NLD"))
        # Tulp hears of Garrigue, with which it signed, so its own pushes are through; of Nordlicht nothing may have come.
        town.until_came("NL-TLP", "locations", town.operator("FR-GRC").plan.sites[1].id)
        assert town.shelf("NL-TLP").came("locations", site.id) == []

    def test_brings_a_status_change_to_the_same_ones(self, town: Town) -> None:
        operator = town.operator("DE-NLD")
        site = operator.plan.sites[1]
        charger = site.chargers[0]

        sent = town.run(operator.set_status(site, charger, "OUTOFORDER", at=datetime.now(UTC).replace(microsecond=0)))

        assert sent.is_in
        town.until(
            lambda: town.shelf("DE-FWK").find("locations", ("DE", "NLD", site.id, charger.uid))["status"] == "OUTOFORDER",
            what="Fahrwerk did not hear of the fault",
        )
        assert town.shelf("NL-TLP").came("locations", site.id) == []

    def test_brings_cards_to_operators_that_may_be_charged_at(self, town: Town) -> None:
        card = town.card("DE-FWK", "ALLOWED")

        town.until(lambda: ("DE-FWK", card.uid) in town.operator("DE-NLD").cards, what="Nordlicht was not told the card")
        assert ("DE-FWK", card.uid) not in town.operator("FR-GRC").cards

    def test_serves_a_list_of_what_the_caller_may_see(self, town: Town) -> None:
        tulp = town.platform("NL-TLP")

        listed = town.run(tulp.link.call("GET", "locations/SENDER", sender=tulp.companies[0], receiver="HUB"))

        assert {location["party_id"] for location in listed.data} == {"GRC", "PSM"}
        assert listed.headers["X-Total-Count"] == str(len(listed.data)) == "4"


class TestAuthorize:
    @pytest.mark.parametrize("verdict", ["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT"])
    def test_answers_in_the_providers_own_words(self, town: Town, verdict: str) -> None:
        card = town.card("DE-FWK", verdict)
        answer = _ask(town, "DE-NLD", card)

        assert (answer.word, answer.code) == (verdict, "1000")
        assert (answer.reference is not None) == (verdict == "ALLOWED")
        assert card.uid in town.provider("DE-FWK").asked

    def test_does_not_trouble_the_provider_for_a_card_it_put_on_the_whitelist(self, town: Town) -> None:
        card = town.card("DE-FWK", "ALLOWED", whitelist="ALLOWED")
        town.until(lambda: ("DE-FWK", card.uid) in town.operator("DE-NLD").cards, what="Nordlicht was not told the card")

        answer = _ask(town, "DE-NLD", card)

        assert (answer.word, answer.reference) == ("ALLOWED", None)
        assert card.uid not in town.provider("DE-FWK").asked

    def test_does_not_invent_an_answer_for_a_card_nobody_knows(self, town: Town) -> None:
        answer = _ask(town, "DE-NLD", unknown_card(seed="journey"))

        assert (answer.word, answer.code) == ("UNKNOWN", "2004")

    def test_says_4002_when_the_provider_is_late(self, town: Town) -> None:
        provider = town.provider("DE-FWK")
        card = town.card("DE-FWK", "ALLOWED", number=1)
        provider.delays[card.uid] = 4

        answer = _ask(town, "DE-NLD", card)

        assert (answer.word, answer.code) == ("LATE", "4002")

    def test_says_4003_when_the_provider_is_absent_and_asks_it_again_when_it_is_back(self, town: Town) -> None:
        platform, card = town.platform("DE-FWK"), town.card("DE-FWK", "ALLOWED")
        town.run(platform.close())
        try:
            absent = _ask(town, "DE-NLD", card)
        finally:
            town.run(platform.open())

        assert (absent.word, absent.code) == ("ABSENT", "4003")
        town.until(lambda: _ask(town, "DE-NLD", card).is_allowed, what="Fahrwerk is back, and not asked")

    def test_carries_the_correlation_id_through_and_a_request_id_of_its_own(self, town: Town) -> None:
        operator, link = town.operator("DE-NLD"), town.platform("DE-NLD").link
        card = town.card("DE-FWK", "ALLOWED", number=2)
        address = f"{link.address('tokens/SENDER')}/{card.uid}/authorize"

        reply = town.run(link.call_address("POST", address, kind="POST tokens", sender=operator.company, correlation_id="journey-0001"))

        assert reply.is_success, reply
        asked = town.until_came("DE-FWK", "authorize", card.uid)[-1]
        assert (asked.correlation_id, reply.headers["X-Correlation-ID"]) == ("journey-0001", "journey-0001")
        assert asked.request_id not in ("", reply.headers["X-Request-ID"])
        assert (reply.headers["OCPI-to-party-id"], reply.headers["OCPI-from-party-id"]) == ("NLD", "FWK")


class TestSession:
    @pytest.mark.parametrize("operator_id", ["DE-NLD", "FR-GRC"])  # one names the provider, the other lets the hub find it
    def test_reaches_the_provider_in_order_and_whole(self, town: Town, operator_id: str) -> None:
        visit = town.visit(operator=operator_id, provider="NL-PSM")
        operator = town.operator(operator_id)

        async def charge() -> list[str]:
            sent = [await operator.report_start(visit)]
            for ticks in (3, 6, 9):
                sent.append(await operator.report_progress(visit, ticks=ticks))
            sent.append(await operator.report_end(visit))
            return [item.result for item in sent if not item.is_in]

        assert town.run(charge()) == []
        key = (*operator_id.split("-"), f"S-{visit.id}")
        shelf = town.shelf("NL-PSM")
        town.until(
            lambda: shelf.objects["sessions"].get(key, {}).get("status") == "COMPLETED", what="Polderstroom did not see the session end"
        )
        seen = [Decimal(str(arrival.body["kwh"])) for arrival in shelf.came("sessions", key[2]) if arrival.body and "kwh" in arrival.body]
        assert seen == sorted(seen)
        session = shelf.find("sessions", key)
        energies = [d["volume"] for period in session["charging_periods"] for d in period["dimensions"] if d["type"] == "ENERGY"]
        assert sum(energies) == session["kwh"] == visit.energy_kwh

    def test_stays_between_the_two(self, town: Town) -> None:
        visit = town.visit(operator="DE-NLD", provider="DE-FWK")

        town.run(town.operator("DE-NLD").report_end(visit))

        town.until_came("DE-FWK", "sessions", f"S-{visit.id}")
        assert town.shelf("NL-PSM").came("sessions", f"S-{visit.id}") == []


class TestCdr:
    def test_is_sealed_once_however_often_it_is_sent(self, house: House, town: Town) -> None:
        visit, operator = town.visit(operator="DE-NLD", provider="DE-FWK"), town.operator("DE-NLD")
        town.run(operator.report_end(visit))
        record = operator.record(visit)

        async def send() -> list[str]:
            first = await operator.bill(record)
            more = await asyncio.gather(*(operator.bill(record) for _ in range(4)))
            other = await operator.bill(record.replaced(energy_kwh=Decimal("1.00"), at=record.created_at))
            return [first.result, *(sent.result for sent in more), other.result]

        results = town.run(send())

        # The last one is another record of the same session, which still has one that was not credited.
        assert results == [ACCEPTED, REPEATED, REPEATED, REPEATED, REPEATED, REFUSED]
        town.until_came("DE-FWK", "cdrs", visit.id)
        assert house.rows(f"SELECT count(*) FROM roaming_cdr WHERE cdr_id = '{visit.id}'") == [(1,)]  # noqa: S608  (an id of ours)

    def test_can_be_read_again_where_the_hub_says_it_is(self, town: Town) -> None:
        visit, operator = town.visit(operator="DE-NLD", provider="DE-FWK"), town.operator("DE-NLD")
        town.run(operator.report_end(visit))
        record, link = operator.record(visit), town.platform("DE-NLD").link
        town.run(operator.bill(record))

        again = town.run(link.call("POST", "cdrs/RECEIVER", body=write_cdr(record), sender=operator.company))
        read = town.run(link.call_address("GET", again.headers["Location"], kind="GET cdrs", sender=operator.company))

        assert read.data["id"] == visit.id
        assert Decimal(str(read.data["total_cost"]["excl_vat"])) == record.cost.total.net

    @pytest.mark.parametrize("victim", ["dispatcher", "worker"])
    def test_reaches_the_provider_although_a_process_was_killed(self, house: House, town: Town, victim: str) -> None:
        visits = [town.visit(operator="DE-NLD", provider="NL-PSM") for _ in range(6)]
        operator, door = town.operator("DE-NLD"), town.platform("NL-PSM").door
        door.broken["cdrs"] = 503
        for visit in visits[:3]:
            _bill(town, visit)
        # Refused for now: what waits is in the database alone when the process dies.
        waiting = (
            "SELECT count(*) FROM roaming_delivery WHERE state = 'waiting' AND attempts > 0 AND lease_until IS NULL AND module = 'cdrs'"
        )
        town.until(lambda: house.rows(waiting) >= [(3,)], what="no delivery was tried")
        house.kill(victim)
        for visit in visits[3:]:
            _bill(town, visit)
        del door.broken["cdrs"]
        house.start(victim)

        for visit in visits:
            town.until_came("NL-PSM", "cdrs", visit.id)
        assert {record.id for record in operator.records.values()} >= {visit.id for visit in visits}


class TestCommand:
    def test_starts_a_session_and_brings_the_result_back(self, town: Town) -> None:
        operator, provider = town.operator("DE-NLD"), town.provider("DE-FWK")
        charger, site = operator.plan.sites[0].chargers[0], operator.plan.sites[0]
        results: list[str] = []

        async def accept(wish: object) -> str:
            address = getattr(wish, "result_address")  # noqa: B009
            asyncio.get_running_loop().create_task(operator.line.tell_result(address, result="ACCEPTED"))
            results.append(address)
            return "ACCEPTED"

        operator.on_start = accept
        sent = town.run(
            provider.start_remotely(
                town.card("DE-FWK", "ALLOWED"), operator=operator.company, location_id=site.id, evse_uid=charger.uid, key="journey"
            )
        )

        assert sent.is_in
        town.until(lambda: provider.results.get("journey") == "ACCEPTED", what="Fahrwerk did not hear the result")
        # The operator was given an address of the hub's, not the provider's own.
        assert results[0].startswith(town.house.url)

    def test_asks_the_operator_to_stop_and_passes_its_answer_on(self, town: Town) -> None:
        operator, provider = town.operator("DE-NLD"), town.provider("DE-FWK")
        visit = town.visit(operator="DE-NLD", provider="DE-FWK")
        town.run(operator.report_start(visit))
        asked: list[str] = []

        async def accept(session_id: str, _: str) -> str:
            asked.append(session_id)
            return "ACCEPTED"

        operator.on_stop = accept
        stopped = town.run(provider.stop_remotely(operator=operator.company, session_id=f"S-{visit.id}", key="stop"))
        operator.on_stop = None
        again = town.run(provider.stop_remotely(operator=operator.company, session_id=f"S-{visit.id}", key="again"))

        assert stopped.is_in
        assert asked == [f"S-{visit.id}"]
        assert (again.result, again.code) == (REFUSED, "UNKNOWN_SESSION")


class TestWithoutAgreement:
    def test_nobody_is_asked(self, town: Town) -> None:
        before = len(town.provider("NL-TLP").asked)

        answer = _ask(town, "DE-NLD", town.card("NL-TLP", "ALLOWED"))

        assert not answer.is_allowed
        assert len(town.provider("NL-TLP").asked) == before

    def test_no_session_and_no_record_is_taken(self, house: House, town: Town) -> None:
        operator = town.operator("DE-NLD")
        other = town.visit(operator="DE-NLD", provider="DE-FWK")
        tulp = next(plan for plan in town.world.providers if plan.company.id == "NL-TLP")
        visit = Visit(
            "NLD-NO-AGREEMENT", other.operator, tulp, tulp.cards[0], other.site, other.charger, other.starts_at, 20, 0, Decimal("10.00")
        )

        session, cdr = town.run(operator.report_end(visit)), town.run(operator.bill(operator.record(visit)))

        assert (session.is_in, cdr.is_in) == (False, False)
        assert town.shelf("NL-TLP").came("sessions") == []
        assert town.shelf("NL-TLP").came("cdrs") == []
        assert house.rows("SELECT count(*) FROM roaming_cdr WHERE cdr_id = 'NLD-NO-AGREEMENT'") == [(0,)]


def _bill(town: Town, visit: Visit) -> None:
    operator = town.operator(visit.company.id)
    town.run(operator.report_end(visit))
    assert town.run(operator.bill(operator.record(visit))).is_in
