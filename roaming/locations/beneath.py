"""A PUT of a location or a part that came late: it is laid beneath what newer messages have set, part by part. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import msgspec

from roaming import canonical
from roaming.locations.parts import KINDS, Part, name_of
from roaming.revisions import Stamps, is_older_than_all, newer_names, note_put_beneath, put_beneath

_CHILDREN = {canonical.Location: "evses", canonical.Evse: "connectors"}


def lay_beneath(
    *, put: Part, stored: Part, path: tuple[str, ...], stamps: Mapping[str, Stamps], at: datetime
) -> tuple[Part, dict[str, Stamps]]:
    """This function will return the part as it would be had its PUT, stamped `at`, come in time, and the stamps of it and its parts.

    `stamps` are those of the whole location. A part of the stored one that the PUT does not name stays where it is newer.
    """
    own = stamps.get(name_of(path))
    if is_older_than_all(at=at, stamps=own, rest=stored.last_updated):
        return stored, _of(path, stamps)
    if not _is_newer(stored, path, stamps, at):
        return put, {}
    kind = KINDS[len(path)]
    merged = canonical.from_builtins(put_beneath(stored=_plain(stored), put=_plain(put), at=at, stamps=own), kind)
    changes: dict[str, Any] = {"last_updated": max(stored.last_updated, put.last_updated)}
    noted = {name_of(path): note_put_beneath(at=at, stamps=own)}
    children = _CHILDREN.get(kind)
    if children is not None and children not in newer_names(at=at, stamps=own):
        changes[children], below = _lay_children(put, stored, path, stamps, at)
        noted |= below
    return msgspec.structs.replace(merged, **changes), noted


def _lay_children(
    put: Part, stored: Part, path: tuple[str, ...], stamps: Mapping[str, Stamps], at: datetime
) -> tuple[tuple[Part, ...], dict[str, Stamps]]:
    told, held = _children(put), _children(stored)
    laid: list[Part] = []
    noted: dict[str, Stamps] = {}
    for key, child in told.items():
        if key in held:
            child, below = lay_beneath(put=child, stored=held[key], path=(*path, key), stamps=stamps, at=at)
            noted |= below
        laid.append(child)
    for key, child in held.items():
        if key not in told and _is_newer(child, (*path, key), stamps, at):
            laid.append(child)
            noted |= _of((*path, key), stamps)
    return tuple(laid), noted


def _is_newer(part: Part, path: tuple[str, ...], stamps: Mapping[str, Stamps], at: datetime) -> bool:
    own = stamps.get(name_of(path))
    if is_older_than_all(at=at, stamps=own, rest=part.last_updated) or newer_names(at=at, stamps=own):
        return True
    return any(_is_newer(child, (*path, key), stamps, at) for key, child in _children(part).items())


def _children(part: Part) -> dict[str, Part]:
    if isinstance(part, canonical.Location):
        return {evse.uid.upper(): evse for evse in part.evses}
    return {connector.id.upper(): connector for connector in part.connectors} if isinstance(part, canonical.Evse) else {}


def _of(path: tuple[str, ...], stamps: Mapping[str, Stamps]) -> dict[str, Stamps]:
    own = name_of(path)
    return {name: known for name, known in stamps.items() if not own or name == own or name.startswith(f"{own}/")}


def _plain(part: Part) -> dict[str, Any]:
    return canonical.to_builtins(cast(msgspec.Struct, part))
