"""Who calls: the token of the Authorization header, raw or in Base64 (OCPI 2.2.1, transport_and_format §Authorization header)."""

import base64
from collections.abc import Mapping
from datetime import datetime

from roaming.parties.directory import Caller, Directory
from roaming.protocols.ocpi.envelope import OcpiRefusal

# A registration token opens these and nothing else (credentials §Registration).
OPEN_TO_REGISTRATION = frozenset({"versions", "credentials"})


class NotAuthenticated(OcpiRefusal):
    """No token, or none that opens this door: HTTP 401, the same words in each case."""

    def __init__(self) -> None:
        super().__init__("a valid token is needed: Authorization: Token …", http=401, headers={"WWW-Authenticate": "Token"})


class Suspended(OcpiRefusal):
    """The token is right, but the operator of the hub has locked or suspended this connection: HTTP 403."""

    def __init__(self) -> None:
        super().__init__("this connection is suspended", http=403)


def authenticate(*, headers: Mapping[str, str], directory: Directory, module: str, at: datetime) -> Caller:
    """This function will name the caller of `module`; it raises NotAuthenticated or Suspended.

    `module` is `versions`, `credentials` or a module identifier; only the first two open to a registration token (token A).
    """
    scheme, _, presented = headers.get("authorization", "").partition(" ")
    caller = directory.authenticate(presented.strip(" "), at=at) if scheme.lower() == "token" and presented else None
    if caller is None or (caller.kind == "A" and module not in OPEN_TO_REGISTRATION) or caller.platform.protocol != "ocpi":
        raise NotAuthenticated
    if not caller.platform.is_routable:
        raise Suspended
    return caller


def presented_token(*, headers: Mapping[str, str], caller: Caller) -> str:
    """This function will return the caller's own token as it stands in a credentials object: GET credentials repeats it."""
    presented = headers.get("authorization", "").partition(" ")[2].strip(" ")
    if caller.encoding == "raw":
        return presented
    text = presented.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4)).decode().rstrip("\r\n ")
