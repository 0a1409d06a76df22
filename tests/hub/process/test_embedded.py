"""The servers that stand in for installed ones."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest
import redis

from hub.process.embedded import make_socket_directory


def test_postgres_orders_text_by_code_point_on_every_machine() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT word FROM unnest(ARRAY['b', 'B', 'ä', 'a']) AS word ORDER BY word").fetchall()
    assert [word for (word,) in rows] == ["B", "a", "b", "ä"]


def test_postgres_opens_no_tcp_port() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


@pytest.mark.django_db
def test_the_suite_uses_the_throw_away_cluster() -> None:
    from django.db import connection

    assert connection.settings_dict["HOST"] in os.environ["DATABASE_URL"]
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        assert cursor.fetchone() == ("off",)


def test_redis_answers_on_its_socket() -> None:
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()


def test_a_place_too_deep_for_sockets_gets_one_short_directory_and_keeps_it(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60) / "run"
    short = make_socket_directory(preferred=deep)
    try:
        assert len(f"{short}/pg/.s.PGSQL.5432") < 108
        assert make_socket_directory(preferred=deep) == short
    finally:
        shutil.rmtree(short)
