"""The parts of a location: where a connector hangs in its EVSE and an EVSE in its location. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from roaming import canonical
from roaming.objects.patches import UnknownObject

Part = canonical.Location | canonical.Evse | canonical.Connector
P = TypeVar("P", canonical.Evse, canonical.Connector)
Parent = TypeVar("Parent", canonical.Location, canonical.Evse)

KINDS: tuple[type[Part], ...] = (canonical.Location, canonical.Evse, canonical.Connector)
OBJECT_TYPES = ("location", "evse", "connector")


def name_of(path: tuple[str, ...]) -> str:
    """This function will return the name under which the stamps of a part are kept; "" is the location itself."""
    return "/".join(path).upper()


def find_part(location: canonical.Location, path: tuple[str, ...]) -> Part | None:
    """This function will return the location itself, the EVSE or the connector that `path` names, or None; ids compare without case."""
    if not path:
        return location
    evse = next((evse for evse in location.evses if evse.uid.upper() == path[0].upper()), None)
    if evse is None or len(path) == 1:
        return evse
    return next((connector for connector in evse.connectors if connector.id.upper() == path[1].upper()), None)


def put_part(location: canonical.Location, path: tuple[str, ...], part: Part) -> canonical.Location:
    """This function will return the location with that part set, and with its parents' `last_updated` not older than the part's.

    OCPI 2.2.1, mod_locations §PUT: the receiver sets the parents' stamps. A stamp never goes back. Raises UnknownObject where the
    part's EVSE is not known.
    """
    if not path:
        assert isinstance(part, canonical.Location)
        return part
    if len(path) == 1:
        assert isinstance(part, canonical.Evse)
        return _moved(location, part.last_updated, evses=_with(location.evses, part, key=lambda evse: evse.uid))
    assert isinstance(part, canonical.Connector)
    evse = find_part(location, path[:1])
    if not isinstance(evse, canonical.Evse):
        raise UnknownObject("the EVSE of the connector is not known")
    changed = _moved(evse, part.last_updated, connectors=_with(evse.connectors, part, key=lambda connector: connector.id))
    return put_part(location, path[:1], changed)


def _with(parts: tuple[P, ...], part: P, *, key: Callable[[P], str]) -> tuple[P, ...]:
    if any(key(other).upper() == key(part).upper() for other in parts):
        return tuple(part if key(other).upper() == key(part).upper() else other for other in parts)
    return parts + (part,)  # noqa: RUF005  (the type checker follows the sum)


def _moved(parent: Parent, stamp: datetime, **changes: Any) -> Parent:
    return msgspec.structs.replace(parent, last_updated=max(parent.last_updated, stamp), **changes)
