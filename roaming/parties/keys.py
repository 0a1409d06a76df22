"""The key ring of credentials: a pepper for what partners show us, keys for what we show them. It lives outside the database.

A dump of the database alone opens nothing: inbound tokens are kept as HMAC-SHA256 under the pepper, outbound ones as AES-256-GCM
with the row's own key as associated data, so that a ciphertext moved to another row does not open (reliability T8, finding 11).
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE_BYTES = 12
_PURPOSE = b"roaming_credential.sealed_token:"


class KeyRingUnusable(Exception):
    """The key ring file cannot be read, is damaged, or other people of this machine may read it."""


class SealBroken(Exception):
    """A sealed token does not open for this row: moved from another row, damaged, or sealed under a key that is gone."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The secrets of one hub. `keys` may hold retired keys too; new tokens are sealed under the active one."""

    active: str
    keys: dict[str, bytes] = field(repr=False)
    pepper: bytes = field(repr=False)

    def fingerprint(self, token: str) -> str:
        """This function will return the keyed hash under which an inbound token is stored and found, 64 hex digits."""
        # Whatever a stranger sends must have a fingerprint, also text that UTF-8 cannot write.
        return hmac.new(self.pepper, token.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()

    def derive(self, *, purpose: bytes) -> bytes:
        """This function will return 32 secret bytes for a purpose of their own; they stay the same as long as the pepper does."""
        return hmac.new(self.pepper, purpose, hashlib.sha256).digest()

    def seal(self, *, token: str, row_key: UUID) -> bytes:
        """This function will encrypt an outbound token for one row and no other."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self.keys[self.active]).encrypt(nonce, token.encode(), _PURPOSE + row_key.bytes)
        return self.active.encode() + b":" + nonce + sealed

    def open(self, *, sealed: bytes, row_key: UUID) -> str:
        """This function will decrypt an outbound token; it raises SealBroken where `sealed` was not made for this row."""
        key_id, _, rest = sealed.partition(b":")
        key = self.keys.get(key_id.decode("ascii", "replace"))
        if key is None:
            raise SealBroken("the token was sealed under a key that is not in the key ring")
        try:
            return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _PURPOSE + row_key.bytes).decode()
        except (InvalidTag, ValueError) as broken:
            raise SealBroken("the sealed token does not belong to this row") from broken


def key_ring() -> KeyRing:
    """This function will return the key ring of settings.HUB_KEYS_FILE, made on first use; it raises KeyRingUnusable."""
    return _read_once(Path(settings.HUB_KEYS_FILE))


@lru_cache(maxsize=4)
def _read_once(path: Path) -> KeyRing:
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & stat.S_IRWXO:
            raise KeyRingUnusable(f"{path} may be read by everybody on this machine: set its mode to 0600")
        document = json.loads(path.read_text())
        keys = {key_id: base64.b64decode(key) for key_id, key in document["keys"].items()}
        ring = KeyRing(active=document["active"], keys=keys, pepper=base64.b64decode(document["pepper"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise KeyRingUnusable(f"the key ring {path} cannot be used: {wrong}") from wrong
    if ring.active not in keys or len(ring.pepper) < 32 or any(len(key) != 32 for key in keys.values()):
        raise KeyRingUnusable(f"the key ring {path} needs an active key of 32 bytes and a pepper of at least 32")
    return ring


def _make(path: Path) -> None:
    """This function will make the file once, complete and readable by its owner only, however many processes start together."""
    fresh = {
        "active": "k1",
        "keys": {"k1": base64.b64encode(secrets.token_bytes(32)).decode()},
        "pepper": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(fresh, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)  # atomic: of two that start together one wins, and both read its keys
    except FileExistsError:
        pass
    finally:
        draft.unlink()
