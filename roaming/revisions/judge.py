"""A message about a known object: new, the same again, or too old to count?"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

# One far-future stamp would freeze the object: nothing newer could ever come (reliability §3.1, Clock).
_FURTHEST_AHEAD = timedelta(hours=24)


class StampInFuture(Exception):
    """`last_updated` lies more than 24 hours ahead of the hub's clock."""


class Verdict(StrEnum):
    """What a message does to the object it names."""

    CREATED = "created"
    REPLACED = "replaced"
    SAME = "same"
    STALE = "stale"

    @property
    def applies(self) -> bool:
        """Whether the message changes what is stored, and must be passed on."""
        return self in (Verdict.CREATED, Verdict.REPLACED)


class Stored(msgspec.Struct, frozen=True):
    """What the hub holds: the digest of the content and the owner's stamp."""

    digest: bytes
    last_updated: datetime


class Receipt(msgspec.Struct, frozen=True):
    """What every `receive` function returns: the verdict and the row of the object."""

    verdict: Verdict
    row: int

    @property
    def created(self) -> bool:
        """Whether the object is new to the hub (HTTP 201)."""
        return self.verdict is Verdict.CREATED


def judge_put(*, stored: Stored | None, digest: bytes, last_updated: datetime, at: datetime) -> Verdict:
    """This function will compare a message with what is stored (reliability §4); it raises StampInFuture.

    Stamps are compared as instants and order the versions of this object only. Other content under an equal stamp replaces: an
    owner that forgot to move its stamp still meant the later message.
    """
    if last_updated > at + _FURTHEST_AHEAD:
        raise StampInFuture(f"last_updated: {last_updated:%Y-%m-%dT%H:%M:%SZ} lies more than 24 hours ahead")
    if stored is None:
        return Verdict.CREATED
    if digest == stored.digest:
        return Verdict.SAME
    return Verdict.STALE if last_updated < stored.last_updated else Verdict.REPLACED
