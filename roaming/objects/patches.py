"""What every PATCH needs before it is merged: a stamp, and the memory of those already applied."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from roaming import canonical
from roaming.objects.digests import changes_digest

S = TypeVar("S", bound=msgspec.Struct)

# Retries come soon after; sixteen PATCHes of one object cover them, and the row stays small.
REMEMBERED_PATCHES = 16


class UnknownObject(Exception):
    """A PATCH, or a part, of an object that the hub does not hold: HTTP 404, upon which the sender PUTs the whole."""


class PatchWithoutStamp(Exception):
    """A PATCH names no `last_updated` (OCPI 2.2.1: required in every PATCH)."""


class PatchBreaksObject(Exception):
    """The object would no longer be one: a required field was removed, or a value does not fit."""


class Patch(msgspec.Struct, frozen=True):
    """A PATCH as plain values, its stamp and its digest."""

    changes: dict[str, Any]
    last_updated: datetime
    digest: bytes

    def was_applied(self, recent: Sequence[bytes] | None) -> bool:
        """Whether it is among the digests of an object's latest PATCHes."""
        return self.digest in (bytes(digest) for digest in recent or ())

    def remember(self, recent: Sequence[bytes] | None) -> list[bytes]:
        """This function will return the digests to keep after this PATCH."""
        return [*(bytes(digest) for digest in recent or ()), self.digest][-REMEMBERED_PATCHES:]


def read_patch(*, path: tuple[str, ...] = (), changes: dict[str, Any]) -> Patch:
    """This function will prepare a PATCH of the part at `path`; it raises PatchWithoutStamp, and PatchBreaksObject for a bad stamp."""
    plain: dict[str, Any] = msgspec.to_builtins(changes, str_keys=True)
    if plain.get("last_updated") is None:
        raise PatchWithoutStamp("last_updated is required in a PATCH")
    try:
        stamp = msgspec.convert(plain["last_updated"], datetime)
    except msgspec.ValidationError as error:
        raise PatchBreaksObject(f"last_updated: {error}") from None
    return Patch(changes=plain, last_updated=stamp, digest=changes_digest(path, plain))


def read_merged(document: dict[str, Any], kind: type[S]) -> S:
    """This function will read a merged document; it raises PatchBreaksObject naming the field that no longer fits."""
    try:
        return canonical.from_builtins(document, kind)
    except msgspec.ValidationError as error:
        raise PatchBreaksObject(str(error)) from None
