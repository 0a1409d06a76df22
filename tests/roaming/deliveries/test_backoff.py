"""Waiting longer after every failure, never in step with others."""

import random

from hypothesis import given
from hypothesis import strategies as st

from roaming.deliveries.backoff import next_delay


class TestNextDelay:
    def test_doubles_its_ceiling_from_a_second_to_an_hour(self) -> None:
        class Highest(random.Random):
            def uniform(self, a: float, b: float) -> float:
                return b

        waits = [next_delay(attempts=attempts, retry_after_seconds=None, chance=Highest()) for attempts in (1, 2, 3, 10, 12, 13, 500)]
        assert waits == [1, 2, 4, 512, 2048, 3600, 3600]

    def test_honours_what_the_receiver_asked_up_to_an_hour(self) -> None:
        assert next_delay(attempts=1, retry_after_seconds=120, chance=random.Random(1)) == 120
        assert next_delay(attempts=1, retry_after_seconds=86_400, chance=random.Random(1)) == 3600

    @given(st.integers(0, 10_000), st.none() | st.floats(0, 1e9), st.integers())
    def test_never_hammers_and_never_forgets(self, attempts: int, asked: float | None, seed: int) -> None:
        assert 0.5 <= next_delay(attempts=attempts, retry_after_seconds=asked, chance=random.Random(seed)) <= 3600
