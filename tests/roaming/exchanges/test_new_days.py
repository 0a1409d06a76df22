"""Exchanges that are being written while the partition of their day is made."""

import threading
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from django.db import connection, connections, transaction

from roaming.exchanges.models import Exchange
from roaming.exchanges.record import ExchangeEntry, flush, record

AT = datetime(2031, 3, 4, 12, tzinfo=UTC)

ATTACH = """
CREATE TABLE roaming_exchange_20310304 (LIKE roaming_exchange INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
LOCK TABLE roaming_exchange_default IN ACCESS EXCLUSIVE MODE;
ALTER TABLE roaming_exchange ATTACH PARTITION roaming_exchange_20310304 FOR VALUES FROM ('2031-03-04Z') TO ('2031-03-05Z');
"""
IS_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'roaming_exchange_default'::regclass"


@pytest.mark.django_db(transaction=True)
def test_rows_on_their_way_to_the_default_partition_find_the_new_one() -> None:
    flush()
    written: list[int] = []

    def write() -> None:
        written.append(flush())
        connections.close_all()

    for second in range(3):
        record(
            ExchangeEntry(
                at=AT + timedelta(seconds=second),
                direction="in",
                platform_id=7,
                method="GET",
                path="/ocpi/versions",
                headers={},
                request_body=None,
                response_body=None,
                http_status=200,
                duration_ms=1,
            )
        )
    writer = threading.Thread(target=write)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ATTACH)
            writer.start()
            for _ in range(1000):
                cursor.execute(IS_WAITING)
                if cursor.fetchone()[0]:
                    break
                sleep(0.01)
        writer.join()
        assert written == [3]
        assert Exchange.objects.filter(at__gte=AT).count() == 3
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS roaming_exchange_20310304")
