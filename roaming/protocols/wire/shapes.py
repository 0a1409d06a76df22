"""The engine of every dialect: a shape says which wire field is which canonical attribute, and reading and writing follow from it.

Reading collects every bad field before it refuses, with its path and what was expected. Fields that a shape does not name are
kept in `extensions` and written back (OCPI 2.3.0, transport_and_format §Non-specified JSON fields). `null` is the same as absent,
but in a PATCH, where it clears an optional field.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from roaming.protocols.wire.intake import MAX_MEMBERS
from roaming.protocols.wire.kinds import Kind, Unfit, unfit

S = TypeVar("S", bound=msgspec.Struct)

# Enough for a person to mend a body by; a list of a hundred thousand would be an answer larger than the request.
_MOST_NAMED = 200
_NOTHING: Mapping[str, Any] = {}


class BadFields(Exception):
    """The body is JSON but not the object it should be (OCPI status 2001). `problems` are (path, what was expected)."""

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        named = [f"{path or 'body'}: expected {expected}" for path, expected in self.problems[:_MOST_NAMED]]
        if len(self.problems) > _MOST_NAMED:
            named.append(f"and {len(self.problems) - _MOST_NAMED} more")
        super().__init__("; ".join(named))


class Field(NamedTuple):
    """One field of a shape."""

    wire: str
    attribute: str
    kind: Kind
    is_required: bool


def required(wire: str, kind: Kind, *, as_: str | None = None) -> Field:
    """This function will declare a field with cardinality 1 (or +, with `many(…, at_least=1)`)."""
    return Field(wire, as_ or wire, kind, True)


def optional(wire: str, kind: Kind, *, as_: str | None = None) -> Field:
    """This function will declare a field with cardinality ? or *."""
    return Field(wire, as_ or wire, kind, False)


def many(kind: Kind, *, at_least: int = 0) -> Kind:
    """This function will return the kind of lists of `kind`."""
    read_item, write_item = kind.read, kind.write

    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise unfit("a list")
        if len(value) < at_least:
            raise unfit("a list that is not empty")
        try:
            return tuple([read_item(item) for item in value])
        except Unfit:
            raise Unfit(_problems_of_items(value, read_item)) from None

    def write(items: tuple[Any, ...]) -> list[Any]:
        return list(items) if write_item is None else [write_item(item) for item in items]

    return Kind(read, write)


def read_value(*, name: str, kind: Kind, value: Any) -> Any:
    """This function will read one value outside an object (a part of the path or the query); it raises BadFields that names it."""
    try:
        return kind.read(value)
    except Unfit as refusal:
        raise BadFields(_below(name, refusal.problems)) from None


class Shape(Generic[S]):
    """An object of one version of the protocol: reads it into the canonical type `kind`, and writes it.

    `build` and `take` stand in where the canonical object is not attribute for attribute the wire's (prices): `build` makes it
    from the values read, `take` returns the values to write. `ignoring` names fields of the wire that are read elsewhere.
    """

    def __init__(
        self,
        kind: type[S],
        *fields: Field,
        build: Callable[..., S] | None = None,
        take: Callable[[S], Mapping[str, Any]] | None = None,
        ignoring: Iterable[str] = (),
    ) -> None:
        self.type = kind
        self.fields = fields
        self._by_wire = {field.wire: field for field in fields}
        self._known = frozenset(self._by_wire) | frozenset(ignoring)
        self._build: Callable[..., S] = build or kind
        self._take = take
        self._writers = [(field.wire, field.kind.write, field.is_required) for field in fields]
        self._get = _getter([field.attribute for field in fields])
        self._types: dict[str, Any] | None = None
        self.kind = Kind(self._read, self.write)

    def revised(
        self,
        *fields: Field,
        without: Iterable[str] = (),
        build: Callable[..., S] | None = None,
        take: Callable[[S], Mapping[str, Any]] | None = None,
    ) -> "Shape[S]":
        """This function will return another version's shape: `fields` replace those of that wire name or are added, `without` are gone."""
        gone = {field.wire for field in fields} | set(without)
        kept = [field for field in self.fields if field.wire not in gone]
        return Shape(self.type, *kept, *fields, build=build, take=take)

    def read(self, body: Any) -> S:
        """This function will return the canonical object in `body`; it raises BadFields that names every bad field."""
        try:
            return self._read(body)
        except Unfit as refusal:
            raise BadFields(refusal.problems) from None

    def read_patch(self, body: Any, *, needs: tuple[str, ...] = ("last_updated",)) -> dict[str, Any]:
        """This function will return only the given fields, by canonical name and in stored form; None clears an optional field.

        It raises BadFields naming every bad field, and those of `needs` that are absent (OCPI 2.2.1, mod_locations §PATCH: "Any
        request to the PATCH method SHALL contain the last_updated field").
        """
        if type(body) is not dict:
            raise BadFields([("", "an object")])
        problems = [(name, "a value (required in a PATCH)") for name in needs if body.get(name) is None]
        changes: dict[str, Any] = {}
        for wire, value in body.items():
            field = self._by_wire.get(wire)
            if field is None:
                continue
            if value is not None:
                try:
                    changes[field.attribute] = _stored(field.kind.read(value))
                except Unfit as refusal:
                    problems.extend(_below(wire, refusal.problems))
            elif not field.is_required:
                changes[field.attribute] = None
            elif wire not in needs:
                problems.append((wire, "a value (it cannot be cleared)"))
        if problems:
            raise BadFields(problems)
        if unknown := self._unknown(body):
            changes["extensions"] = unknown
        return changes

    def write(self, message: S) -> dict[str, Any]:
        """This function will return the object as this version writes it: a dictionary for the JSON encoder."""
        body: dict[str, Any] = {}
        for (wire, write, keeps_empty), value in zip(self._writers, self._values(message), strict=True):
            if value is None or (value == () and not keeps_empty):
                continue
            body[wire] = value if write is None else write(value)
        if extensions := _extensions(message):
            for name, value in extensions.items():
                if name not in self._known:
                    body[name] = value
        return body

    def write_patch(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """This function will write what `read_patch` read, of whatever version, as this version's PATCH."""
        if self._types is None:
            self._types = {field.name: field.type for field in msgspec.structs.fields(self.type)}
        body: dict[str, Any] = {}
        for wire, attribute, kind, _ in self.fields:
            if attribute in changes:
                value = changes[attribute]
                if value is not None:
                    value = msgspec.convert(value, self._types[attribute])
                    value = value if kind.write is None else kind.write(value)
                body[wire] = value
        for name, value in (changes.get("extensions") or _NOTHING).items():
            if name not in self._known:
                body[name] = value
        return body

    def _values(self, message: S) -> Sequence[Any]:
        if self._take is None:
            return self._get(message)
        taken = self._take(message)
        return [taken.get(field.attribute) for field in self.fields]

    def _read(self, body: Any) -> S:
        if type(body) is not dict:
            raise unfit("an object")
        values: dict[str, Any] = {}
        problems: list[tuple[str, str]] | None = None
        get = body.get
        for wire, attribute, kind, is_required in self.fields:
            value = get(wire)
            if value is None:
                if is_required:
                    problems = problems or []
                    problems.append((wire, "a value (required)"))
                continue
            try:
                values[attribute] = kind.read(value)
            except Unfit as refusal:
                problems = problems or []
                problems.extend(_below(wire, refusal.problems))
        if problems:
            raise Unfit(problems)
        if not self._known.issuperset(body):
            values["extensions"] = self._unknown(body)
        return self._build(**values)

    def _unknown(self, body: dict[str, Any]) -> dict[str, Any]:
        if len(body) > MAX_MEMBERS:
            raise unfit(f"at most {MAX_MEMBERS} fields")
        return {name: _plain(value) for name, value in body.items() if name not in self._known}


def _getter(attributes: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    # All in one call: looking them up one by one was most of the time of writing an object.
    if len(attributes) > 1:
        return attrgetter(*attributes)
    return lambda message: [getattr(message, attribute) for attribute in attributes]


def _extensions(message: msgspec.Struct) -> Mapping[str, Any]:
    extensions: Mapping[str, Any] = getattr(message, "extensions", _NOTHING)
    return extensions


def _below(wire: str, problems: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(wire if not path else f"{wire}{path}" if path.startswith("[") else f"{wire}.{path}", expected) for path, expected in problems]


def _problems_of_items(items: list[Any], read_item: Callable[[Any], Any]) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    for index, item in enumerate(items):
        try:
            read_item(item)
        except Unfit as refusal:
            problems.extend(_below(f"[{index}]", refusal.problems))
    return problems


def _plain(value: Any) -> Any:
    # A field that nobody reads here travels as JSON; its numbers as the doubles JSON readers agree on (RFC 8259 §6).
    kind = type(value)
    if kind is Decimal:
        return float(value)
    if kind is dict:
        return {name: _plain(item) for name, item in value.items()}
    if kind is list:
        return [_plain(item) for item in value]
    return value


def _stored(value: Any) -> Any:
    # The stored form of canonical messages: decimals as texts, instants in UTC with Z, lists as lists.
    return msgspec.json.decode(_STORED.encode(value))


_STORED = msgspec.json.Encoder(decimal_format="string")

# How a version writes JSON: exact decimals as numbers.
_WIRE = msgspec.json.Encoder(decimal_format="number")


def encode(body: Any) -> bytes:
    """This function will return the JSON bytes of what a shape wrote."""
    return _WIRE.encode(body)
