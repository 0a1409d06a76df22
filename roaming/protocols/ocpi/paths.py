"""The hub's own addresses, as it publishes them and as it finds them again."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

from django.conf import settings

from roaming.protocols.ocpi.personas import Persona, interface_of
from roaming.protocols.ocpi.versions import BOTH, MODULES, Dialect
from roaming.routing.sides import Side

_JOINT = re.compile(rf"^(/ocpi/[^/]+/(?:sender|receiver)/(?:{'|'.join(MODULES)}))(?=[^/-])")


class Segment:
    """A part of a path between two slashes, decoded by itself: an id may hold an encoded slash."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """This function will decode one segment; what is no UTF-8 keeps replacement characters, which no id has."""
        return unquote(value, errors="replace")

    def to_url(self, value: str) -> str:
        """This function will encode one segment."""
        return quote(value, safe="")


class Rest:
    """The rest of a path as it was sent, to be decoded part by part."""

    regex = ".+"

    def to_python(self, value: str) -> tuple[str, ...]:
        """This function will decode each part."""
        return tuple(unquote(part, errors="replace") for part in value.split("/"))

    def to_url(self, value: tuple[str, ...]) -> str:
        """This function will encode each part."""
        return "/".join(quote(part, safe="") for part in value)


def versions_url() -> str:
    """This function will return the one address that partners are told: the versions list."""
    return f"{settings.HUB_PUBLIC_URL}/ocpi/versions"


def details_url(version: str) -> str:
    """This function will return the address of a version's details."""
    return f"{settings.HUB_PUBLIC_URL}/ocpi/{version}"


def module_url(version: str, module: str, interface: str) -> str:
    """This function will return the address of one side of a module, with a slash at its end for those who join without one."""
    side = "" if module in ("credentials", "hubclientinfo") else f"{interface.lower()}/"
    return f"{settings.HUB_PUBLIC_URL}/ocpi/{version}/{side}{module}/"


def object_url(version: str, module: str, interface: str, *segments: str) -> str:
    """This function will return the address of something below a module."""
    return module_url(version, module, interface) + "/".join(quote(segment, safe="") for segment in segments)


def list_endpoints(dialect: Dialect, persona: Persona | None, *, passed_on: Sequence[str] = ()) -> list[Mapping[str, str]]:
    """This function will return the endpoints of a version's details, one per module and side.

    A version without sides gets those of the hub's `persona`, without the word. `passed_on` are modules beside the dialect's own.
    """
    version = dialect.number
    if persona is not None:
        side = Side.OPERATOR if persona == "cpo" else Side.PROVIDER
        return [{"identifier": module, "url": module_url(version, module, interface_of(module, side))} for module in dialect.modules]
    return [
        {"identifier": module, "role": interface, "url": module_url(version, module, interface)}
        for module, interfaces in (*dialect.modules.items(), *((module, BOTH) for module in passed_on))
        for interface in interfaces
    ]


def split_joint(path: str) -> str:
    """This function will put the slash behind a module that a partner left out: `…/commandsSTART_SESSION` (ocpi §11 #2)."""
    return _JOINT.sub(r"\1/", path)
