"""Cards and contracts that OICP providers upload, and whose card a uid is. PINs are kept as hashes only, bcrypt by default."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import bcrypt
import msgspec
from django.db import connection

from roaming.objects.versions import Action, Change, Shelf, push
from roaming.parties.keys import key_ring

CARDS = Shelf(
    table="roaming_authenticationrecord",
    columns=(
        *(("provider_id", "bigint"), ("kind", "text"), ("record_key", "text"), ("contract_id", "text"), ("document", "jsonb")),
        *(("pin_function", "text"), ("pin_salt", "text"), ("pin_hash", "text"), ("expires_at", "timestamptz")),
    ),
    scope="provider_id = %s",
    keys=("kind", "record_key"),
    key_names=("kind", "record_key"),
)
_LEARN = """
INSERT INTO roaming_knownowner (uid_hash, provider_id, learned_at) VALUES (%s, %s, %s)
ON CONFLICT (uid_hash) DO UPDATE SET provider_id = excluded.provider_id, learned_at = excluded.learned_at
"""


class CardRow(msgspec.Struct, frozen=True, kw_only=True):
    """A card or contract as it is kept."""

    provider_id: int
    kind: str
    record_key: str
    contract_id: str
    document: dict[str, Any]
    pin_function: str = ""
    pin_salt: str = ""
    pin_hash: str = ""
    expires_at: datetime | None = None


class FoundCard(msgspec.Struct, frozen=True):
    """An uploaded card or contract."""

    provider: int
    kind: str
    contract_id: str
    document: dict[str, Any]
    pin_function: str
    pin_salt: str
    pin_hash: str
    expires_at: datetime | None

    def opens(self, pin: str) -> bool:
        """This function will say whether a PIN in clear is the one whose hash was uploaded, by the algorithm of the record."""
        if self.pin_function == "Bcrypt":
            try:
                return bcrypt.checkpw(pin.encode()[:72], self.pin_hash.encode())
            except ValueError:  # the provider uploaded something that is no bcrypt hash
                return False
        made = hashlib.new("md5" if self.pin_function == "MD5" else "sha1", (self.pin_salt + pin).encode(), usedforsecurity=False)
        return bool(self.pin_hash) and hmac.compare_digest(made.hexdigest().lower(), self.pin_hash.lower())


def hash_pin(pin: str) -> str:
    """This function will hash a PIN that came in clear."""
    return bcrypt.hashpw(pin.encode()[:72], bcrypt.gensalt(10)).decode()


def push_cards(*, provider: int, action: Action, rows: Sequence[CardRow], at: datetime) -> Change:
    """This function will apply a push of a provider's cards; it raises PushRefused (see `objects.versions`)."""
    # A card pushed again is a new version: its PIN may be another, which the digest of its document would not tell.
    values = [msgspec.structs.asdict(row) | {"digest": b"changed"} for row in rows]
    return push(shelf=CARDS, scope=[provider], lock=f"cards:{provider}", action=action, rows=values, at=at)


def find_cards(*, record_key: str, kinds: Sequence[str], providers: Sequence[int]) -> list[FoundCard]:
    """This function will return the uploaded cards or contracts of that key, of those providers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT provider_id, kind, contract_id, document::text, pin_function, pin_salt, pin_hash, expires_at"
            " FROM roaming_authenticationrecord"
            " WHERE record_key = %s AND kind = ANY(%s) AND provider_id = ANY(%s) AND valid_to IS NULL ORDER BY provider_id, id",
            [record_key, list(kinds), list(providers)],
        )
        rows = cursor.fetchall()
    return [FoundCard(row[0], row[1], row[2], msgspec.json.decode(row[3]), *row[4:]) for row in rows]


def list_cards(*, providers: Sequence[int]) -> list[tuple[int, dict[str, Any]]]:
    """This function will list (provider, document) of every current card, without PINs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT provider_id, document::text FROM roaming_authenticationrecord WHERE provider_id = ANY(%s) AND valid_to IS NULL"
            " ORDER BY provider_id, id",
            [list(providers)],
        )
        return [(provider, msgspec.json.decode(document)) for provider, document in cursor.fetchall()]


def learn_owner(*, uid: str, provider: int, at: datetime) -> None:
    """This function will remember by keyed hash whose card a uid is, after that provider said yes."""
    with connection.cursor() as cursor:
        cursor.execute(_LEARN, [owner_key(uid), provider, at])


def forget_owner(*, uid: str) -> None:
    """This function will forget whose card a uid is, after that provider did not know it any more."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM roaming_knownowner WHERE uid_hash = %s", [owner_key(uid)])


def find_known_owner(*, uid: str) -> int | None:
    """This function will return the provider that said yes to this uid last, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT provider_id FROM roaming_knownowner WHERE uid_hash = %s", [owner_key(uid)])
        row = cursor.fetchone()
    return row[0] if row else None


def owner_key(uid: str) -> str:
    """This function will return the keyed hash that the owner of a uid is remembered by."""
    return key_ring().fingerprint("uid:" + uid.strip().upper())
