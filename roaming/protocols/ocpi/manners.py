"""How the hub speaks to one partner: what a version writes, turned to the partner's profile. And what it notes of the partner's own.

Nothing here changes what is meant: absent fields as null, instants in another form, words that the partner does not know left out.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from django.utils import timezone

from roaming.canonical import PartyId
from roaming.exchanges.habits import note_habit
from roaming.parties.profile import PartnerProfile, profile_of
from roaming.parties.snapshot import PlatformEntry
from roaming.protocols.ocpi.client import one_object
from roaming.protocols.ocpi.crossings import note_dropped
from roaming.protocols.ocpi.dialect import Shape, encode
from roaming.protocols.ocpi.v2_1_1 import vocabulary as words_of_2_1_1
from roaming.protocols.ocpi.v2_2_1 import vocabulary as words_of_2_2_1
from roaming.protocols.ocpi.versions import Dialect

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z")
# Fields that are lists of open words, and where each version's words stand.
_OPEN_LISTS = {"capabilities": "CAPABILITIES", "facilities": "FACILITIES", "parking_restrictions": "PARKING_RESTRICTIONS"}
_VOCABULARIES = {"2.1.1": words_of_2_1_1, "2.2.1": words_of_2_2_1}


class Manner:
    """How one partner speaks: its profile, and what is done with it."""

    def __init__(self, platform: PlatformEntry) -> None:
        self.platform = platform
        self.profile = profile_of(platform.profile)

    @property
    def is_plain(self) -> bool:
        """Whether the partner wants bodies as its version writes them."""
        profile = self.profile
        return profile.optional_fields == "omit" and profile.enums == "open" and profile.times == "utc"

    def observe(self, flag: str, value: str, evidence: str, *, correlation_id: str) -> None:
        """This function will count a habit that the partner showed and that its profile does not hold yet; it never waits."""
        if str(getattr(self.profile, flag)) != value:
            note_habit(
                platform_id=self.platform.id,
                flag=flag,
                value=value,
                evidence=evidence,
                correlation_id=correlation_id,
                at=timezone.now(),
            )

    def token_encoding(self, purpose: str) -> str:
        """This function will say how the partner reads our token in a call of that purpose."""
        told = self.profile.handshake_token_encoding
        return told if purpose == "probe" and told != "by-version" else self.profile.token_encoding

    def single(self, data: Any, *, correlation_id: str) -> Any:
        """This function will take a single object out of the list in which some partners wrap it, and note that habit."""
        if isinstance(data, list):
            self.observe("objects", "listed", "an answer of one object is a list", correlation_id=correlation_id)
        return one_object(data)

    def ask_for(self, query: Mapping[str, str]) -> dict[str, str]:
        """This function will return the query of a list with no more objects at once than the partner gives."""
        asked, most = query.get("limit", ""), self.profile.page_size
        return {**query, "limit": str(min(int(asked), most) if asked.isdigit() else most)} if most else dict(query)

    def write(self, body: Any, *, dialect: Dialect, shape: Shape[Any] | None, owner: PartyId, receiver: PartyId, module: str) -> Any:
        """This function will return a body as the partner wants it, and count the words that are left out for that.

        `shape` is that of a whole object, whose absent fields may be told as null; None for a PATCH, where null would clear them.
        """
        if self.is_plain:
            return body
        nested: dict[str, Shape[Any]] = {"evses": dialect.evse.shape, "connectors": dialect.connector.shape} if shape is not None else {}
        dropped: list[str] = []
        told = _Style(self.profile, nested, dropped).apply(body, shape)
        if dropped:
            note_dropped(fields=dropped, owner=owner, receiver=receiver, module=module, version=dialect.number, at=timezone.now())
        return told

    def rewrite(self, body: bytes, *, dialect: Dialect, shape: Shape[Any] | None, owner: PartyId, receiver: PartyId, module: str) -> bytes:
        """This function will do the same with a body that is already encoded; its numbers stay exact."""
        if self.is_plain:
            return body
        value = json.loads(body, parse_float=Decimal)
        return encode(self.write(value, dialect=dialect, shape=shape, owner=owner, receiver=receiver, module=module))


def with_slash(url: str, profile: PartnerProfile) -> str:
    """This function will end the path of an address as the partner wants it."""
    if profile.slash == "as-advertised":
        return url
    path, mark, query = url.partition("?")
    return path.rstrip("/") + ("/" if profile.slash == "always" else "") + mark + query


class _Style:
    def __init__(self, profile: PartnerProfile, nested: Mapping[str, Shape[Any]], dropped: list[str]) -> None:
        self._profile = profile
        self._nested = nested
        self._dropped = dropped
        self._words = _VOCABULARIES.get(profile.enums)

    def apply(self, value: Any, shape: Shape[Any] | None = None) -> Any:
        if isinstance(value, dict):
            told = {name: self._field(name, item) for name, item in value.items()}
            return self._with_nulls(told, shape) if shape is not None and self._profile.optional_fields == "null" else told
        if isinstance(value, list | tuple):
            return [self.apply(item, shape) for item in value]
        if isinstance(value, str) and self._profile.times != "utc" and (match := _INSTANT.fullmatch(value)):
            return match[1] + "Z" if self._profile.times == "whole-seconds" else f"{match[1]}{match[2] or ''}+00:00"
        return value

    def _field(self, name: str, value: Any) -> Any:
        known = getattr(self._words, _OPEN_LISTS.get(name, ""), None)  # where a version's words are not listed, none is too new
        if known is not None and isinstance(value, list):
            if len(kept := [word for word in value if word in known]) < len(value):
                self._dropped.append(name)
            return kept
        return self.apply(value, self._nested.get(name))

    def _with_nulls(self, told: dict[str, Any], shape: Shape[Any]) -> dict[str, Any]:
        defaults = {field.name: field.default for field in msgspec.structs.fields(shape.type)}
        absent: dict[str, Any] = {
            field.wire: [] if defaults.get(field.attribute) == () else None for field in shape.fields if field.wire not in told
        }
        return {**told, **absent}
