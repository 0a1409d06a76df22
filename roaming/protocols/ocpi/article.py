"""One kind of object in one version: read into the canonical language, made to fit, written, with its losses told.

Doors and gateways see articles only: they need not know which versions name an owner, replace lists in a PATCH or have a word for
everything.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape
from roaming.protocols.ocpi.kinds import write_instant
from roaming.protocols.ocpi.loss import LossReport

S = TypeVar("S", bound=msgspec.Struct)

Fit = Callable[[S, LossReport], S | None]
Read = Callable[[Any, canonical.PartyId], S]
Write = Callable[[S, LossReport], dict[str, Any]]
TurnPatch = Callable[[dict[str, Any]], dict[str, Any]]


class Crossing(NamedTuple):
    """An object as the version writes it and what that lost. `body` None: it must not cross, or nothing of it is left."""

    body: dict[str, Any] | None
    report: LossReport

    @property
    def reasons(self) -> str:
        """Why nothing crosses, for people."""
        grave = [f"{loss.field} ({loss.touches})" for loss in self.report.losses if loss.touches]
        return ", ".join(grave) or "nothing of it can be said in that version"


class Article(Generic[S]):
    """One kind of object in one version.

    `fit` makes a canonical message expressible and notes what is lost. `whole` names attributes whose PATCH cannot be passed on as
    one, because they need fitting or mean something else: the object is then sent whole; None: no PATCH crosses.
    """

    def __init__(
        self,
        shape: Shape[S],
        *,
        fit: Fit[S] | None = None,
        whole: frozenset[str] | None = frozenset(),
        read: Read[S] | None = None,
        write: Write[S] | None = None,
        needs_stamp: bool = True,
        turn_patch: TurnPatch | None = None,
    ) -> None:
        self.shape = shape
        self._fit = fit
        self._whole = whole
        self._read = read
        self._write = write
        self._needs_stamp = needs_stamp
        self._turn_patch = turn_patch

    def read(self, body: Any, *, owner: canonical.PartyId) -> S:
        """This function will read the object in `body`; `owner` counts where the version's objects name none. It raises BadFields."""
        return self.shape.read(body) if self._read is None else self._read(body, owner)

    def cross(self, message: S) -> Crossing:
        """This function will write a canonical message in this version, with a report of what that lost."""
        report = LossReport()
        fitted = message if self._fit is None else self._fit(message, report)
        if fitted is None or report.blocks:
            return Crossing(None, report)
        return Crossing(self.shape.write(fitted) if self._write is None else self._write(fitted, report), report)

    def write(self, message: S) -> dict[str, Any]:
        """This function will write a message that every version can say (an answer, a decision) without looking at the report."""
        return self.cross(message).body or {}

    def read_patch(self, body: Any, *, at: datetime, needs_stamp: bool = True) -> dict[str, Any]:
        """This function will return the changed fields by canonical name; `at` stands in where no last_updated is needed.

        The version decides that, and `needs_stamp` False is a partner who never sends one. It raises BadFields.
        """
        needs_stamp = needs_stamp and self._needs_stamp
        changes = self.shape.read_patch(body) if needs_stamp else self.shape.read_patch(body, needs=())
        if not needs_stamp:
            changes.setdefault("last_updated", write_instant(at))
        return changes if self._turn_patch is None else self._turn_patch(changes)

    def write_patch(self, changes: Mapping[str, Any]) -> dict[str, Any] | None:
        """This function will write changed fields as this version's PATCH, or return None where only the whole object says them."""
        if self._whole is None or not self._whole.isdisjoint(changes):
            return None
        return self.shape.write_patch(changes)
