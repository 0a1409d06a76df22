"""Connections on 2.1.1 to which every object is the hub's own (ocpi §3.7, shape A2): the hub's name in addresses, mapped ids in bodies.

The flag `owners` of a connection says so. What is renamed here are bodies as 2.1.1 writes them; EVSEs, connectors and cards keep
their ids: they are unique inside their location, and stand on the card.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from roaming import canonical
from roaming.objects.mapped import find_mapped, map_id, remember_ids
from roaming.parties import directory
from roaming.parties.profile import profile_of
from roaming.parties.snapshot import PlatformEntry
from roaming.protocols.ocpi.dialect import encode
from roaming.protocols.ocpi.versions import DIALECTS

Change = Callable[[str], str]

_OWNED_BY_OPERATORS = frozenset({"locations", "tariffs", "sessions", "cdrs"})


def renames(platform: PlatformEntry) -> bool:
    """This function will say whether a connection knows objects as the hub's own; versions with routing headers need that never."""
    dialect = DIALECTS.get(platform.version)
    return dialect is not None and not dialect.routes and profile_of(platform.profile).owners == "hub"


def rename_path(*, module: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """This function will return the path of a Receiver interface with the hub as owner; `path` is owner's country, party, id and parts."""
    if len(path) < 3:
        return path
    object_id = map_id(owner=canonical.PartyId(path[0].upper(), path[1].upper()), object_id=path[2])
    return (*directory.current().hub.key, object_id if module in _OWNED_BY_OPERATORS else path[2], *path[3:])


def rename_body(*, module: str, body: Any, owner: canonical.PartyId, is_part: bool = False) -> Any:
    """This function will return a body of 2.1.1 with the ids under which the hub shows `owner`'s objects, and keep what they stand for.

    `is_part`: it is an EVSE or a connector, whose own id stays.
    """
    named: list[str] = []

    def change(object_id: str) -> str:
        named.append(object_id)
        return map_id(owner=owner, object_id=object_id)

    told = _changed(module, body, change, is_part=is_part)
    remember_ids(owner=owner, object_ids=named)
    return told


def rename_bytes(*, module: str, body: bytes, owner: canonical.PartyId, is_part: bool) -> bytes:
    """This function will do the same with a body that is already encoded; its numbers stay exact."""
    return encode(rename_body(module=module, body=json.loads(body, parse_float=Decimal), owner=owner, is_part=is_part))


def restore_body(module: str, body: Any, *, is_part: bool) -> Any:
    """This function will return a body with the owners' own ids where they stand behind mapped ones."""
    return _changed(module, body, restore_id, is_part=is_part)


def rename_question(request: canonical.AuthorizationRequest) -> canonical.AuthorizationRequest:
    """This function will return a question about a token with the id under which the provider knows the place."""
    if request.location is None:
        return request
    told = map_id(owner=request.operator, object_id=request.location.location_id)
    return msgspec.structs.replace(request, location=msgspec.structs.replace(request.location, location_id=told))


def restore_decision(decision: canonical.AuthorizationDecision, request: canonical.AuthorizationRequest) -> canonical.AuthorizationDecision:
    """This function will return the answer with the place that was asked about: no look into the database, it runs in event loops too."""
    return decision if decision.location is None else msgspec.structs.replace(decision, location=request.location)


def restore_id(mapped_id: str) -> str:
    """This function will return the owner's own id, or the text as it is where the hub gave out no such id."""
    found = find_mapped(mapped_id=mapped_id)
    return found[1] if found else mapped_id


def _changed(module: str, body: Any, change: Change, *, is_part: bool = False) -> Any:
    if not isinstance(body, Mapping) or module not in _OWNED_BY_OPERATORS:
        return body
    told = _place(body, change) if module == "locations" else dict(body)
    if isinstance(told.get("id"), str) and not is_part:
        told["id"] = change(told["id"])
    if isinstance(told.get("location"), Mapping):
        told["location"] = _changed("locations", told["location"], change)
    if isinstance(told.get("tariffs"), list | tuple):
        told["tariffs"] = [_changed("tariffs", tariff, change) for tariff in told["tariffs"]]
    return told


def _place(body: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """This function will change the tariffs that connectors name, at whatever depth the body begins."""
    told = dict(body)
    if isinstance(told.get("tariff_id"), str):
        told["tariff_id"] = change(told["tariff_id"])
    for parts in ("evses", "connectors"):
        if isinstance(told.get(parts), list | tuple):
            told[parts] = [_place(part, change) if isinstance(part, Mapping) else part for part in told[parts]]
    return told
