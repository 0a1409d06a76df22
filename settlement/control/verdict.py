"""PURE. What the rules say about one CDR, and whether it may become money."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from settlement.control.evidence import Evidence

NORMALIZE = "normalize"
FLAG = "flag"
HOLD = "hold"


class Remark(NamedTuple):
    """What one rule says: number and code of clearing §2.3, flag or hold, and a sentence that names value and limit."""

    check: int
    code: str
    action: str
    message: str

    def reason(self) -> dict[str, int | str]:
        """This function will return the remark as a hold keeps and shows it."""
        return {"check": self.check, "code": self.code, "message": self.message}


Rule = Callable[[Evidence], Iterator[Remark]]


class Verdict(NamedTuple):
    """All remarks on one CDR. It is held where at least one of them says so."""

    remarks: Sequence[Remark]

    @property
    def holds(self) -> list[Remark]:
        """The remarks that keep the CDR out of statements."""
        return [remark for remark in self.remarks if remark.action == HOLD]
