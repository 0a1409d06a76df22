"""Signs of life: cheap to note, and enough to know who must be asked."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from roaming.parties import directory
from roaming.parties.credentials import issue_inbound_token
from roaming.parties.liveness import is_arrival_due, list_silent, mark_seen, mark_status, note_arrival
from roaming.parties.lock import lock_platform, unlock_platform
from roaming.parties.models import Credential, Platform
from tests.builders.parties import a_platform

AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
CONNECTED, OFFLINE = Platform.Status.CONNECTED, Platform.Status.OFFLINE

pytestmark = pytest.mark.django_db


class TestNoteArrival:
    def test_writes_once_and_then_finds_nothing_to_write(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        platform = a_platform("Alfa")
        token = issue_inbound_token(platform=platform, kind=Credential.Kind.SESSION, at=AT)
        caller = directory.current().authenticate(token)
        assert caller is not None
        assert is_arrival_due(caller=caller, at=AT)
        note_arrival(caller=caller, at=AT)
        caller = directory.current().authenticate(token)
        assert caller is not None
        assert not caller.is_first_use
        assert not is_arrival_due(caller=caller, at=AT + timedelta(seconds=59))
        with django_assert_num_queries(0):
            note_arrival(caller=caller, at=AT + timedelta(seconds=59))
        assert is_arrival_due(caller=caller, at=AT + timedelta(seconds=60))

    def test_an_older_sign_of_life_does_not_turn_the_clock_back(self) -> None:
        platform = a_platform("Alfa", last_seen_at=AT)
        mark_seen(platform_id=platform.id, at=AT - timedelta(hours=1))
        platform.refresh_from_db()
        assert platform.last_seen_at == AT


class TestMarkStatus:
    def test_says_whether_it_is_news(self) -> None:
        platform = a_platform("Alfa")
        assert mark_status(platform_id=platform.id, status=OFFLINE, at=AT)
        assert not mark_status(platform_id=platform.id, status=OFFLINE, at=AT + timedelta(hours=1))
        platform.refresh_from_db()
        assert (platform.status, platform.status_changed_at) == (OFFLINE, AT)

    @pytest.mark.parametrize("status", [Platform.Status.PLANNED, Platform.Status.SUSPENDED])
    def test_does_not_move_what_an_operator_decided(self, status: Platform.Status) -> None:
        platform = a_platform("Alfa", status=status)
        assert not mark_status(platform_id=platform.id, status=CONNECTED, at=AT)


class TestListSilent:
    def test_lists_the_silent_and_the_offline_but_not_the_unregistered_or_locked(self, settings: Settings) -> None:
        settings.LIVENESS_SECONDS = 300
        heard = AT - timedelta(seconds=299)
        a_platform("heard", last_seen_at=heard)
        silent = a_platform("silent", last_seen_at=AT - timedelta(seconds=300))
        never = a_platform("never heard", last_seen_at=None)
        offline = a_platform("offline", status=OFFLINE, last_seen_at=heard)
        a_platform("planned", status=Platform.Status.PLANNED, version="")
        a_platform("locked", last_seen_at=None, is_locked=True)
        assert list_silent(at=AT) == [silent.id, never.id, offline.id]


class TestLockPlatform:
    def test_shuts_a_platform_and_gives_it_its_state_back(self) -> None:
        platform = a_platform("Alfa", status=OFFLINE)
        lock_platform(platform=platform, at=AT)
        entry = directory.current().platform(platform.id)
        assert entry is not None
        assert (entry.is_routable, entry.state, entry.status) == (False, "SUSPENDED", "OFFLINE")
        unlock_platform(platform=platform, at=AT)
        entry = directory.current().platform(platform.id)
        assert entry is not None
        assert (entry.is_routable, entry.state) == (True, "OFFLINE")
