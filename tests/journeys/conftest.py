"""Journeys run over real HTTP against a hub in processes of its own, one per file, with a small world of simulated partners."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.house import House
from tests.journeys.town import Town


@pytest.fixture(scope="module")
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    worker = int((os.environ.get("PYTEST_XDIST_WORKER") or "gw0").removeprefix("gw"))
    root = Path(tempfile.mkdtemp(prefix="roamhouse-journey-"))
    house = House(root=root, name=f"journey_{os.getpid()}_{request.module.__name__.rpartition('.')[2]}", redis_database=8 + worker % 8)
    try:
        house.open()
        yield house
    finally:
        house.close()


@pytest.fixture(scope="module")
def town(house: House) -> Iterator[Town]:
    """The partners, not yet invited."""
    with Town(house=house) as town:
        yield town
