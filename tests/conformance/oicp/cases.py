"""Conformance cases by number; a test names those that it proves, and the table in docs is made of that."""

from collections.abc import Callable
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])


def case(*numbers: int) -> Callable[[Test], Test]:
    """This function will mark a test as the proof of these cases."""

    def mark(test: Test) -> Test:
        test.__dict__["oicp_cases"] = numbers
        return test

    return mark
