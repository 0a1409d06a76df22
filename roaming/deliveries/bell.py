"""Hearing at once that something was queued. A ring that is lost costs a second: the pump looks by itself too."""

import asyncio
import logging

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from roaming.deliveries.enqueue import BELL

_PAUSE_SECONDS = 1.0

logger = logging.getLogger(__name__)


async def listen(heard: asyncio.Event) -> None:
    """This function will set `heard` at every ring until it is cancelled, through any number of restarts of the database."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(_conninfo(), autocommit=True) as listener:
                await listener.execute(sql.SQL("LISTEN {}").format(sql.Identifier(BELL)))
                heard.set()  # what was queued while nobody listened
                async for _ in listener.notifies():
                    heard.set()
        except (psycopg.Error, OSError) as away:
            logger.warning("the bell of the outbox is out of hearing", extra={"reason": str(away)[:200]})
        await asyncio.sleep(_PAUSE_SECONDS)


def _conninfo() -> str:
    told = connection.settings_dict
    named = {
        "dbname": told["NAME"],
        "user": told["USER"],
        "password": told["PASSWORD"],
        "host": told["HOST"],
        "port": told["PORT"],
        "connect_timeout": "3",
        "application_name": "roamhouse dispatcher bell",
    }
    return make_conninfo(**{name: value for name, value in named.items() if value})
