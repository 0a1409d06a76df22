"""What a crossing from one version to another could not say: field by field, never silent.

A version's `fit` makes a canonical message expressible in that version and notes each loss here. A loss that would change a price
or show what should not be shown blocks the crossing by default; what blocks is not sent (partners §4.2).
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import msgspec


class Effect(StrEnum):
    """What happened to a field."""

    CHANGED = "changed"
    DROPPED = "dropped"
    GUESSED = "guessed"


class Touches(StrEnum):
    """What a loss endangers, where it endangers something."""

    NOTHING = ""
    PRICE = "price"
    VISIBILITY = "visibility"


class Loss(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field of one object: what it was and what became of it."""

    field: str
    effect: Effect
    was: str = ""
    now: str = ""
    touches: Touches = Touches.NOTHING


class LossReport:
    """Collects the losses of one crossing."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []

    @property
    def blocks(self) -> bool:
        """Whether the object must not cross: its price or its visibility would not survive."""
        return any(loss.touches for loss in self.losses)

    def changed(self, field: str, was: Any, now: Any) -> None:
        """This function will note that a value became another."""
        self.losses.append(Loss(field=field, effect=Effect.CHANGED, was=_short(was), now=_short(now)))

    def dropped(self, field: str, was: Any, *, touches: Touches = Touches.NOTHING) -> None:
        """This function will note that a value has no word in the other version."""
        self.losses.append(Loss(field=field, effect=Effect.DROPPED, was=_short(was), touches=touches))

    def guessed(self, field: str, now: Any) -> None:
        """This function will note that the other version demands a value that was not told."""
        self.losses.append(Loss(field=field, effect=Effect.GUESSED, now=_short(now)))

    def drop_unsaid(self, message: msgspec.Struct, names: Iterable[str], *, at: str = "") -> None:
        """This function will note every named attribute of `message` that holds something, as dropped."""
        for name in names:
            value = getattr(message, name)
            if value is not None and value != ():
                self.dropped(f"{at}{name}", value)

    def keep_known(self, values: Sequence[str], known: frozenset[str], *, field: str) -> tuple[str, ...]:
        """This function will return the values of an enumeration that the other version has, and note the others as dropped."""
        unknown = [value for value in values if value not in known]
        if unknown:
            self.dropped(field, ", ".join(unknown))
            return tuple(value for value in values if value in known)
        return tuple(values)

    def drop_newer(self, values: Sequence[str], newer: frozenset[str], *, field: str) -> tuple[str, ...]:
        """This function will return the values of an open enumeration without those that came later, and note these as dropped."""
        gone = [value for value in values if value in newer]
        if gone:
            self.dropped(field, ", ".join(gone))
        return tuple(value for value in values if value not in newer)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
