"""A real server on a free port of loopback for each test that needs one."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import uvicorn
from django.db import connection

Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(application)` starts uvicorn as the hub does and returns its port."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(application: Any, *, lifespan: Literal["on", "off"] = "off") -> int:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            application,
            loop="uvloop",
            http="hub.lane.wire:Protocol",
            lifespan=lifespan,
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
        running.append((server, thread))
        return int(listener.getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def alone(transactional_db: None) -> Iterator[None]:
    """Asked for before `serve`: threads of a stopped entry keep their connections, and the next test wants the tables to itself."""
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
