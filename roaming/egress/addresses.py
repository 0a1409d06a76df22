"""The address guard: the hub calls the hosts an operator approved for a platform, at addresses that are nobody's inner network.

One parser reads the URL (urllib3's, which also opens the connection), the name is resolved once, every address it has must be
good, and the connection goes to the address that was checked (reliability T1, T2, findings 9 and §7 cases 1 to 5).
"""

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, replace
from functools import lru_cache

from django.conf import settings
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from roaming.egress.calls import AddressRefused, TimedOut, Unreachable

_LONGEST_URL = 2048
_DEFAULT_PORTS = {"https": 443, "http": 80}
_PRINTABLE = re.compile(r"^[\x21-\x7e]+$")
_NAME = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$")
# Read as a number by some resolvers and as a name by others: 0x7f.1, 2130706433, 127.1.
_NUMERIC_END = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)$")

# `is_global` is true for these on Python 3.11 (measured): they lead to other addresses, to nobody or to everybody.
_NEVER = [
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",
        "2002::/16",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]
_LOOPBACK = [ipaddress.ip_network(net) for net in ("127.0.0.0/8", "::1/128")]
# What HUB_ALLOW_PRIVATE_TARGETS opens, for approved hosts only.
_PRIVATE = [
    *_LOOPBACK,
    *(ipaddress.ip_network(net) for net in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")),
]
# A name may not wander about the loopback network; an address that was approved as such is what it says.
_LOOPBACK_OF_NAMES = {"127.0.0.1", "::1"}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called. `url` is what is sent; `literal` is the address where the host is one."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    literal: Address | None


def check_url(*, url: str, allowed_hosts: Sequence[str]) -> Target:
    """This function will read a URL and raise AddressRefused where it does not lead to one of `allowed_hosts` (HOST or HOST:PORT).

    HOST without a port means the default port only. No name is resolved: that happens when the connection opens.
    """
    _refuse_odd_characters(url)
    # What stands before the third slash names the host, whatever follows: it is read and checked once, and then remembered.
    parts = url.split("/", 3)
    is_plain = len(parts) == 4 and not parts[1] and not set("?#@") & set(parts[2])
    origin = f"{parts[0]}//{parts[2]}/" if is_plain else url
    target = _check_origin(origin, tuple(allowed_hosts), settings.HUB_ALLOW_PRIVATE_TARGETS)
    if not is_plain:
        return target
    path = "/" + parts[3].partition("#")[0]
    return replace(target, url=target.url.rstrip("/") + path, path=path)


@lru_cache(maxsize=4096)
def _check_origin(url: str, allowed_hosts: tuple[str, ...], allow_private: bool) -> Target:
    target = read_url(url)
    if _written(target) not in {_normal(host, target.scheme) for host in allowed_hosts}:
        raise AddressRefused("the address is not one of the hosts approved for this platform")
    if target.scheme != "https" and not allow_private:
        raise AddressRefused("the address does not begin with https://")
    if target.literal is not None:
        refuse_bad_address(target.literal, is_name=False)
    return target


def read_url(url: str) -> Target:
    """This function will take a URL apart; it raises AddressRefused for what two parsers might read as two hosts."""
    _refuse_odd_characters(url)
    try:
        parts = parse_url(url)
    except LocationParseError as wrong:
        raise AddressRefused("the address is no URL") from wrong
    if parts.scheme not in _DEFAULT_PORTS or not parts.host:
        raise AddressRefused("the address is no http or https URL")
    if parts.auth is not None or "@" in url.split("?")[0].split("#")[0].split("/", 3)[2]:
        raise AddressRefused("the address holds a user name")
    host = parts.host.lower()
    literal = _literal(host)
    if literal is None and (_NUMERIC_END.search(host) or len(host) > 253 or not _NAME.match(host)):
        raise AddressRefused("the host of the address is neither a name nor an address")
    if parts.port == 0:
        raise AddressRefused("the address names port 0")
    return Target(
        url=parts._replace(fragment=None).url,
        scheme=parts.scheme,
        host=host,
        port=parts.port or _DEFAULT_PORTS[parts.scheme],
        path=parts.request_uri,
        literal=literal,
    )


def resolve(*, host: str, port: int, seconds: float) -> list[str]:
    """This function will return the addresses of a host, all of them checked, in the resolver's order.

    It raises AddressRefused where any is bad, Unreachable where there is none, TimedOut after `seconds`.
    """
    literal = _literal(host)
    if literal is not None:
        refuse_bad_address(literal, is_name=False)
        return [str(literal)]
    question = _resolvers.submit(look_up, host, port)
    try:
        answers = question.result(timeout=max(seconds, 0.001))
    except TooLate as late:
        question.cancel()
        raise TimedOut("the name of the host was not resolved in time") from late
    return checked(answers)


def look_up(host: str, port: int) -> list[str]:
    """This function will ask the system's resolver; it raises Unreachable where the name has no address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("the name of the host has no address") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked(answers: Iterable[str]) -> list[str]:
    """This function will return the addresses of a name if every one is good; it raises AddressRefused otherwise."""
    addresses = [ipaddress.ip_address(answer.partition("%")[0]) for answer in answers]
    for address in addresses:
        refuse_bad_address(address, is_name=True)
    if not addresses:
        raise Unreachable("the name of the host has no address")
    return [str(address) for address in addresses]


def refuse_bad_address(address: Address, *, is_name: bool) -> None:
    """This function will raise AddressRefused for an address that is not public, nor private where settings allow that."""
    if _in(address, _PRIVATE) and settings.HUB_ALLOW_PRIVATE_TARGETS:
        if not (is_name and _in(address, _LOOPBACK) and str(address) not in _LOOPBACK_OF_NAMES):
            return
    elif address.is_global and not _in(address, _NEVER):
        return
    raise AddressRefused("the address lies in a network that the hub does not call")


_resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")


def _refuse_odd_characters(url: str) -> None:
    if len(url) > _LONGEST_URL or not _PRINTABLE.match(url) or "\\" in url:
        raise AddressRefused("the address holds characters that no URL has, or is too long")


def _in(address: Address, nets: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(address in net for net in nets if net.version == address.version)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _written(target: Target) -> str:
    host = str(target.literal) if target.literal is not None else target.host
    return f"[{host}]:{target.port}" if ":" in host else f"{host}:{target.port}"


def _normal(allowed: str, scheme: str) -> str:
    """This function will write an approved host with its port, so that equal places are equal texts."""
    host, port = allowed.lower(), ""
    if host.startswith("["):
        host, _, port = host.partition("]:")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    literal = _literal(host)
    host = str(literal) if literal is not None else host
    return f"[{host}]:{port or _DEFAULT_PORTS[scheme]}" if ":" in host else f"{host}:{port or _DEFAULT_PORTS[scheme]}"
