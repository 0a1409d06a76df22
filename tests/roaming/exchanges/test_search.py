"""The trace is searched by exact keys, and a partner finds its own traffic only."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from roaming.canonical import PartyId
from roaming.exchanges.models import Exchange
from roaming.exchanges.partitions import make_partitions
from roaming.exchanges.queries import BadCursor, search_exchanges
from roaming.exchanges.record import ExchangeEntry, _recorder, flush, record
from tests.builders.parties import a_platform, a_provider, an_operator, platform_of

AT = datetime(2026, 10, 5, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_held_from_other_tests() -> None:
    _recorder._held.clear()


def a_leg(
    path: str = "/x", *, ends: str = "", platform: int = 1, seconds: float = 0, correlation: str = "c-1", body: bytes | None = None
) -> None:
    headers = {"x-correlation-id": correlation}
    if ends:
        (
            (headers["ocpi-from-country-code"], headers["ocpi-from-party-id"]),
            (
                headers["ocpi-to-country-code"],
                headers["ocpi-to-party-id"],
            ),
        ) = (end.split("-") for end in ends.split(" "))
    record(
        ExchangeEntry(
            at=AT + timedelta(seconds=seconds),
            direction="out",
            platform_id=platform,
            method="POST" if body else "PUT",
            path=path,
            headers=headers,
            request_body=body,
            response_body=None,
            http_status=200,
            duration_ms=1,
        )
    )


def found(text: str = "", *, viewer: str | None = None, **over: object) -> list[str]:
    key = PartyId.parse(viewer) if viewer else None
    return [leg.path for leg in search_exchanges(viewer=key, text=text, **over).items]  # type: ignore[arg-type]


class TestKeys:
    def test_are_a_conversation_an_object_a_party_a_second_or_a_minute(self) -> None:
        a_leg("/a/locations/DE/ALF/L%2F1/E1", seconds=0, ends="DE-ALF NL-BET", correlation="c-1")
        a_leg("/b/sessions/S-1", seconds=7.5, ends="NL-BET DE-ALF", correlation="c-1")
        a_leg("/c/cdrs", seconds=61, ends="DE-HUB NL-GAM", correlation="c-2", body=b'{"cdr_location": {"id": "L9"}, "id": "CDR-1"}')
        flush()
        assert found("c-1") == ["/b/sessions/S-1", "/a/locations/DE/ALF/L%2F1/E1"]
        assert found("L/1") == ["/a/locations/DE/ALF/L%2F1/E1"]
        assert found("CDR-1") == ["/c/cdrs"]
        assert found("nl*gam") == ["/c/cdrs"]
        assert found("NL-BET") == ["/b/sessions/S-1", "/a/locations/DE/ALF/L%2F1/E1"]
        assert found("2026-10-05T12:00:07Z") == ["/b/sessions/S-1"]
        assert found("2026-10-05 12:00") == ["/b/sessions/S-1", "/a/locations/DE/ALF/L%2F1/E1"]
        assert found("2026-99-05 12:00") == []
        assert found(module="cdrs") == ["/c/cdrs"]
        assert found(since=AT + timedelta(seconds=1), until=AT + timedelta(seconds=61)) == ["/b/sessions/S-1"]

    def test_a_tokens_uid_is_none(self) -> None:
        a_leg("/tokens/NL/BET/04AABB")
        flush()
        assert found("04AABB") == []

    def test_pages_go_on_where_the_last_one_ended(self) -> None:
        for number in range(5):
            a_leg(f"/{number}", seconds=number // 2)  # two legs share an instant
        flush()
        seen, place = [], None
        for _ in range(3):
            page = search_exchanges(viewer=None, limit=2, after=place)
            seen += [leg.path for leg in page.items]
            place = page.next
        assert (seen, place) == (["/4", "/3", "/2", "/1", "/0"], None)
        with pytest.raises(BadCursor):
            search_exchanges(viewer=None, after="tomorrow")


class TestViewer:
    def test_sees_the_legs_of_its_own_platform_that_name_it(self) -> None:
        shared = a_platform("Shared")
        an_operator("DE-ALF", platform=shared)
        an_operator("DE-ALT", platform=shared)
        other = platform_of(a_provider("NL-BET"))
        a_leg("/mine", ends="DE-ALF NL-BET", platform=shared.pk)
        a_leg("/siblings", ends="DE-ALT NL-BET", platform=shared.pk)
        a_leg("/of-both-companies", platform=shared.pk)
        a_leg("/other-side-of-mine", ends="DE-ALF NL-BET", platform=other.pk)
        a_leg("/handshake", platform=other.pk)
        flush()
        assert found(viewer="DE-ALF") == ["/mine"]
        assert found("NL-BET", viewer="DE-ALF") == ["/mine"]
        assert found(viewer="NL-BET") == ["/handshake", "/other-side-of-mine"]
        assert found(viewer="NL-XXX") == []


class TestIndexes:
    def test_stand_on_every_day_and_are_complete(self) -> None:
        make_partitions(at=AT)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE indisvalid), count(*) FROM pg_index WHERE indexrelid::regclass::text LIKE 'exchange_by_%'"
            )
            assert cursor.fetchone() == (6, 6)
            cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'exchange_by_object'::regclass")
            indexed = cursor.fetchone()[0]
            cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'roaming_exchange'::regclass")
            assert cursor.fetchone()[0] == indexed
        assert Exchange.objects.count() == 0
