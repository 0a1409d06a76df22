"""The clocks of a dispute, from the dispute window of the terms."""

from datetime import timedelta
from typing import NamedTuple


class Clocks(NamedTuple):
    """How long the other side may take to answer, and how long until the arbiter decides."""

    answer_within: timedelta
    resolve_within: timedelta


def clocks_of(*, dispute_days: int) -> Clocks:
    """This function will return the deadlines under terms with this dispute window, in days (clearing §3.1, steps 8 and 9).

    The end comes after one window, the answer after a third of it: 30 days give 10 and 30. However short the window, people have a day
    to answer and three to decide.
    """
    return Clocks(answer_within=timedelta(days=max(1, dispute_days // 3)), resolve_within=timedelta(days=max(3, dispute_days)))
