"""Exchanges: both legs kept without secrets, cut to a bound, in partitions by day."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from roaming.exchanges import record as record_room
from roaming.exchanges.masking import LONGEST_BODY, mask_body, mask_path
from roaming.exchanges.models import Exchange
from roaming.exchanges.partitions import drop_partitions, make_partitions
from roaming.exchanges.queries import list_exchanges, trace
from roaming.exchanges.record import ExchangeEntry, _recorder, flush, record

AT = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_held_from_other_tests() -> None:
    _recorder._held.clear()


def entry(**over: Any) -> ExchangeEntry:
    told: dict[str, Any] = {
        "at": AT,
        "direction": "in",
        "platform_id": 7,
        "method": "PUT",
        "path": "/ocpi/2.2.1/receiver/sessions/DE/ALF/S-1",
        "headers": {
            "x-request-id": "r-1",
            "x-correlation-id": "c-1",
            "ocpi-from-country-code": "de",
            "ocpi-from-party-id": "alf",
            "ocpi-to-country-code": "NL",
            "ocpi-to-party-id": "BET",
            "authorization": "Token very-secret",
        },
        "request_body": b'{"id": "S-1"}',
        "response_body": b'{"status_code": 1000, "timestamp": "2026-10-05T12:00:00Z"}',
        "http_status": 200,
        "duration_ms": 4,
    }
    return ExchangeEntry(**told | over)


class TestMaskBody:
    def test_takes_out_every_secret_field_at_any_depth(self) -> None:
        body = {
            "token": "plain-secret",
            "cdr_token": {"uid": "04AABBCC", "contract_id": "NL-BET-C0001", "visual_number": "4711"},
            "Token": {"UID": 123456},
            "payee": [{"iban": "DE00 1234", "name": 'Alfa "quoted"'}],
            "kwh": 7.8,
        }
        text = mask_body(json.dumps(body).encode())
        for secret in ("plain-secret", "04AABBCC", "NL-BET-C0001", "4711", "123456", "DE00 1234"):
            assert secret not in text
        assert json.loads(text)["kwh"] == 7.8
        assert json.loads(text)["payee"][0]["name"] == 'Alfa "quoted"'

    def test_takes_out_a_secret_whose_end_is_missing(self) -> None:
        assert mask_body(b'{"uid": "04AABB') == '{"uid": "***"'

    def test_takes_out_a_secret_with_escaped_quotes(self) -> None:
        assert "tail" not in mask_body(json.dumps({"uid": 'head"tail'}).encode())

    def test_is_cut_after_it_was_masked(self) -> None:
        body = b'{"pad": "' + b"x" * (LONGEST_BODY - 30) + b'", "uid": "' + b"0" * 100 + b'"}'
        text = mask_body(body)
        assert len(text) <= LONGEST_BODY
        assert "000" not in text
        assert len(mask_body(b"y" * 10_000_000)) == LONGEST_BODY

    @pytest.mark.parametrize("body", [b"\x00\xff\xfe", b"\xed\xa0\x80", b"<html>", b""])
    def test_any_bytes_become_text(self, body: bytes) -> None:
        text = mask_body(body)
        assert "\x00" not in text
        text.encode()


class TestMaskPath:
    def test_hides_a_tokens_uid_wherever_it_stands(self) -> None:
        assert mask_path("/ocpi/2.2.1/tokens/NL/BET/04AABB?type=RFID") == "/ocpi/2.2.1/tokens/NL/BET/***?type=RFID"
        assert mask_path("/ocpi/2.2.1/tokens/04AABB/authorize") == "/ocpi/2.2.1/tokens/***/authorize"
        assert mask_path("/x?uid=04AABB&limit=5") == "/x?uid=***&limit=5"
        assert mask_path("/ocpi/2.2.1/locations/DE/ALF/L1/E1") == "/ocpi/2.2.1/locations/DE/ALF/L1/E1"


@pytest.mark.django_db
class TestRecord:
    def test_keeps_who_what_and_how_it_ended(self) -> None:
        record(entry())
        assert flush() == 1
        row = Exchange.objects.get()
        assert (row.sender, row.receiver, row.module, row.protocol_status) == ("DE-ALF", "NL-BET", "sessions", 1000)
        assert (row.request_id, row.correlation_id, row.http_status, row.duration_ms) == ("r-1", "c-1", 200, 4)
        assert (row.request_body, row.at) == ('{"id": "S-1"}', AT)

    def test_no_secret_of_the_headers_or_bodies_reaches_the_table(self) -> None:
        record(entry(path="/tokens/NL/BET/04AABB", request_body=b'{"uid":"04AABB","token":"s3cret"}'))
        flush()
        with connection.cursor() as cursor:
            cursor.execute("SELECT e::text FROM roaming_exchange e")
            stored = cursor.fetchone()[0]
        for secret in ("very-secret", "04AABB", "s3cret"):
            assert secret not in stored

    def test_takes_whatever_comes(self) -> None:
        record(
            entry(
                method="PROPPATCH-AND-MORE",
                path="/" + "\x00ü\ud800" * 1000,
                headers={"x-correlation-id": "c" * 500, "ocpi-from-country-code": "\x00\x00", "ocpi-from-party-id": "longer"},
                request_body=b"\x00\xff",
                response_body=None,
                http_status=None,
                platform_id=None,
                error="e" * 999,
            )
        )
        assert flush() == 1
        row = Exchange.objects.get()
        assert (len(row.path), len(row.correlation_id), len(row.error), row.protocol_status) == (512, 128, 255, None)

    def test_an_entry_the_database_refuses_does_not_hold_back_the_next(self) -> None:
        record(entry(duration_ms=2**40))
        with transaction.atomic():
            assert flush() == 0
            transaction.set_rollback(True)
        record(entry())
        assert flush() == 1

    def test_in_a_flood_leaves_successes_out_and_keeps_every_refusal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(record_room, "monotonic", lambda: 1_000_000.0)  # all within one second
        monkeypatch.setattr(record_room, "_SUCCESSES_A_SECOND", 2)
        for number in range(4):
            record(entry(http_status=200, error="", object_id=f"success-{number}"))
            record(entry(http_status=200, error="refused", object_id=f"refusal-{number}"))
        flush()
        kept = list(Exchange.objects.order_by("id").values_list("object_id", flat=True))
        assert kept == ["success-0", "refusal-0", "success-1", "refusal-1", "refusal-2", "refusal-3"]

    def test_lists_the_legs_of_one_message_in_order(self) -> None:
        for seconds, direction, correlation in ((0, "in", "c-1"), (2, "out", "c-2"), (1, "out", "c-1")):
            headers = {"x-correlation-id": correlation}
            record(entry(at=AT + timedelta(seconds=seconds), direction=direction, headers=headers))
        flush()
        assert [row.direction for row in trace(correlation_id="c-1")] == ["in", "out"]
        assert [row.correlation_id for row in list_exchanges(platform_id=7, since=AT)] == ["c-2", "c-1", "c-1"]


@pytest.mark.django_db
class TestPartitions:
    def partition_of(self, at: datetime) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text FROM roaming_exchange WHERE at = %s", [at])
            return [row[0] for row in cursor.fetchall()]

    def test_are_made_ahead_and_take_along_what_came_before(self) -> None:
        record(entry())
        flush()
        assert self.partition_of(AT) == ["roaming_exchange_default"]
        assert make_partitions(at=AT) == [f"roaming_exchange_2026100{day}" for day in (5, 6, 7, 8)]
        assert self.partition_of(AT) == ["roaming_exchange_20261005"]
        assert make_partitions(at=AT) == []
        record(entry(at=AT + timedelta(days=1)))
        flush()
        assert self.partition_of(AT + timedelta(days=1)) == ["roaming_exchange_20261006"]

    def test_are_dropped_after_thirty_days(self) -> None:
        make_partitions(at=AT)
        record(entry())
        record(entry(at=AT - timedelta(days=9)))
        flush()
        assert drop_partitions(at=AT + timedelta(days=30)) == []
        assert drop_partitions(at=AT + timedelta(days=32)) == ["roaming_exchange_20261005", "roaming_exchange_20261006"]
        assert not Exchange.objects.exists()


@pytest.mark.django_db
def test_a_body_nested_without_end_is_kept_like_any_other() -> None:
    flush()
    nested = b'{"id":' + b"[" * 200_000
    record(entry(method="POST", path="/ocpi/2.2.1/receiver/cdrs", request_body=nested, http_status=400, error="too deep"))
    assert flush() == 1
