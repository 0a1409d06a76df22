"""The routing table: who is who, who may roam with whom, and how soon a change counts."""

import asyncio
import base64
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.credentials import issue_inbound_token, store_outbound_token
from roaming.parties.models import Credential, Platform
from tests.builders.parties import a_platform, a_provider, an_agreement, an_operator, platform_of, roaming_partners

ALF, BET, HUB = PartyId("DE", "ALF"), PartyId("NL", "BET"), PartyId("DE", "HUB")
AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
TODAY = AT.date()

pytestmark = pytest.mark.django_db


class TestDirectory:
    def test_knows_parties_platforms_roles_and_endpoints(self) -> None:
        operator, _ = roaming_partners()
        seen = directory.current()
        platform = platform_of(operator)
        assert [str(party.key) for party in seen.parties] == ["DE-ALF", "DE-HUB", "NL-BET"]
        entry = seen.platform_of(ALF, Role.CPO)
        assert entry is not None
        assert (entry.id, entry.roles, entry.version) == (platform.id, ((Role.CPO, ALF),), "2.2.1")
        assert entry.endpoints["tokens", "RECEIVER"].endswith("/tokens")
        assert seen.platform_of(ALF, Role.EMSP) is None
        found = seen.party_by_row(operator.id)
        assert found is not None
        assert found.key == ALF

    def test_the_hub_is_a_party_without_a_platform(self) -> None:
        hub = directory.current().hub
        assert (hub.key, hub.roles) == (HUB, {Role.HUB: 0})
        assert directory.current().platform(0) is None

    def test_reads_nothing_but_the_stamp_while_nothing_changes(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        roaming_partners()
        first = directory.current()
        with django_assert_num_queries(1):
            assert directory.current() is first

    def test_asks_no_database_within_the_second(self, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        settings.DIRECTORY_CHECK_SECONDS = 60.0
        first = directory.current()
        with django_assert_num_queries(0):
            assert directory.current() is first
        directory._keeper.expire()

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE roaming_platform SET is_locked = true",
            "UPDATE roaming_party SET name = 'renamed'",
            "DELETE FROM roaming_endpoint",
            "DELETE FROM roaming_roamingagreement",
            "UPDATE roaming_partyrole SET role = 'NSP' WHERE role = 'EMSP'",
        ],
    )
    def test_sees_a_change_made_by_sql(self, change: str) -> None:
        roaming_partners()
        before = directory.current()
        with connection.cursor() as cursor:
            cursor.execute(change)
        assert directory.current() is not before

    def test_a_sign_of_life_is_no_change(self) -> None:
        roaming_partners()
        before = directory.current()
        Platform.objects.update(last_seen_at=AT)
        assert directory.current() is before

    def test_threads_share_one_snapshot(self) -> None:
        held = directory.current()
        seen: list[directory.Directory] = []
        threads = [threading.Thread(target=lambda: seen.append(directory.latest())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [held] * 4


class TestMayRoam:
    def test_only_with_an_agreement_in_force(self) -> None:
        an_agreement(operator=an_operator(), provider=a_provider(), starts=date(2026, 10, 1), ends=date(2026, 11, 1))
        seen = directory.current()
        may = {
            on: seen.may_roam(operator=ALF, provider=BET, module="cdrs", on=on)
            for on in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1))
        }
        assert list(may.values()) == [False, True, True, False]
        assert not seen.may_roam(operator=BET, provider=ALF, module="cdrs", on=TODAY)

    def test_only_in_the_modules_named(self) -> None:
        an_agreement(operator=an_operator(), provider=a_provider(), modules=["tokens"])
        seen = directory.current()
        assert seen.may_roam(operator=ALF, provider=BET, module="tokens", on=TODAY)
        assert not seen.may_roam(operator=ALF, provider=BET, module="cdrs", on=TODAY)

    def test_an_offer_to_everyone_counts_where_a_pair_has_no_agreement_of_its_own(self) -> None:
        an_agreement()
        an_agreement(operator=an_operator(), provider=a_provider(), modules=["tokens"])
        a_provider("FR-CLE")
        seen = directory.current()
        assert not seen.may_roam(operator=ALF, provider=BET, module="cdrs", on=TODAY)
        assert seen.may_roam(operator=ALF, provider=PartyId("FR", "CLE"), module="cdrs", on=TODAY)

    @pytest.mark.parametrize("shut", [{"is_locked": True}, {"status": "SUSPENDED"}])
    def test_not_with_a_platform_that_is_shut(self, shut: dict[str, object]) -> None:
        _, provider = roaming_partners()
        Platform.objects.filter(id=platform_of(provider).id).update(**shut)
        seen = directory.current()
        assert not seen.may_roam(operator=ALF, provider=BET, module="tokens", on=TODAY)
        assert seen.partners_of(ALF, Role.CPO, module="tokens", on=TODAY) == []

    def test_not_with_an_unknown_party(self) -> None:
        an_agreement()
        a_provider()
        assert not directory.current().may_roam(operator=PartyId("XX", "XXX"), provider=BET, module="tokens", on=TODAY)


class TestPartnersOf:
    def test_lists_the_other_side_in_name_order(self) -> None:
        an_operator()
        for key in ("NL-BET", "FR-CLE", "AT-DOR"):
            a_provider(key)
        an_agreement()
        seen = directory.current()
        assert [str(party.key) for party in seen.partners_of(ALF, Role.CPO, module="locations", on=TODAY)] == ["AT-DOR", "FR-CLE", "NL-BET"]
        assert [str(party.key) for party in seen.partners_of(BET, Role.EMSP, module="tokens", on=TODAY)] == ["DE-ALF"]
        assert seen.partners_of(HUB, Role.HUB, module="tokens", on=TODAY) == []


class TestAuthenticate:
    def test_takes_the_token_raw_and_in_base64(self) -> None:
        platform = a_platform("Alfa")
        token = issue_inbound_token(platform=platform, kind=Credential.Kind.SESSION, at=AT)
        seen = directory.current()
        spelled = {
            "raw": token,
            "padded": base64.b64encode(token.encode()).decode(),
            "unpadded": base64.b64encode(token.encode()).decode().rstrip("="),
            "urlsafe": base64.urlsafe_b64encode(token.encode()).decode(),
            "with a copied line end": base64.b64encode(token.encode() + b"\r\n").decode(),
        }
        callers = {name: seen.authenticate(text) for name, text in spelled.items()}
        assert all(caller is not None and caller.platform.id == platform.id for caller in callers.values()), callers
        assert {name: caller.encoding for name, caller in callers.items() if caller}["raw"] == "raw"
        assert {name: caller.encoding for name, caller in callers.items() if caller}["padded"] == "base64"

    @pytest.mark.parametrize("presented", ["", " ", "wrong", "d3Jvbmc=", "x" * 100_000, "\ud800", "é", "a\x00b"])
    def test_knows_nobody_by_a_wrong_token(self, presented: str) -> None:
        a_platform("Alfa")
        assert directory.current().authenticate(presented) is None

    def test_lets_nobody_in_where_the_two_readings_are_two_platforms(self, monkeypatch: pytest.MonkeyPatch) -> None:
        short = "plain-token-of-alfa"
        issued = iter([short, base64.b64encode(short.encode()).decode()])
        monkeypatch.setattr("roaming.parties.credentials.secrets.token_urlsafe", lambda _: next(issued))
        issue_inbound_token(platform=a_platform("Alfa"), kind=Credential.Kind.SESSION, at=AT)
        issue_inbound_token(platform=a_platform("Beta"), kind=Credential.Kind.SESSION, at=AT)
        assert directory.current().authenticate(base64.b64encode(short.encode()).decode()) is None
        assert directory.current().authenticate(short) is not None

    def test_tells_a_registration_token_from_a_session_token(self) -> None:
        platform = a_platform("Alfa")
        token = issue_inbound_token(platform=platform, kind=Credential.Kind.REGISTRATION, at=AT)
        caller = directory.current().authenticate(token)
        assert caller is not None
        assert (caller.kind, caller.is_first_use) == ("A", True)

    def test_a_token_ends_at_its_hour(self) -> None:
        now = datetime.now(UTC)
        token = issue_inbound_token(platform=a_platform("Alfa"), kind=Credential.Kind.SESSION, at=now, expires_at=now + timedelta(hours=1))
        seen = directory.current()
        assert seen.authenticate(token, at=now + timedelta(minutes=59)) is not None
        assert seen.authenticate(token, at=now + timedelta(hours=1)) is None


class TestOutboundToken:
    def test_is_decrypted_in_memory_and_hidden_in_its_repr(self) -> None:
        platform = a_platform("Alfa")
        store_outbound_token(platform=platform, token="shown-to-alfa", at=AT)
        entry = directory.current().platform(platform.id)
        assert entry is not None
        assert entry.outbound_token == "shown-to-alfa"
        assert "shown-to-alfa" not in repr(entry)

    def test_swapped_between_rows_opens_for_neither(self) -> None:
        # reliability §7 case 20: the database's owner swaps two partners' cells.
        alfa, beta = a_platform("Alfa"), a_platform("Beta")
        store_outbound_token(platform=alfa, token="shown-to-alfa", at=AT)
        store_outbound_token(platform=beta, token="shown-to-beta", at=AT)
        first, second = Credential.objects.filter(direction="out").order_by("id")
        Credential.objects.filter(id=first.id).update(sealed_token=second.sealed_token)
        Credential.objects.filter(id=second.id).update(sealed_token=first.sealed_token)
        assert [platform.outbound_token for platform in directory.current().platforms] == ["", ""]


class TestKeepCurrent:
    @pytest.mark.django_db(transaction=False)
    def test_latest_needs_one_reading_first(self) -> None:
        with pytest.raises(directory.NotYetRead):
            directory._Keeper().latest()

    def test_ends_when_told(self) -> None:
        directory.current()

        async def start_and_stop() -> None:
            stop = asyncio.Event()
            stop.set()
            await directory.keep_current(stop)

        asyncio.run(start_and_stop())
        assert directory.latest().hub.key == HUB
