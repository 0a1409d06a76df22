"""A PATCH meets the object it changes."""

from typing import Any


def merge_patch(*, document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """This function will return `document` with the fields of `changes` in place of its own; neither argument is changed.

    A field is replaced whole, also where its value is an object or a list (OCPI 2.2.1, transport_and_format §PATCH: fields left
    out remain unchanged). null takes a field away. Unknown fields live in `extensions`, whose members count as fields.
    """
    merged = _replace(document, {name: value for name, value in changes.items() if name != "extensions"})
    if isinstance(changes.get("extensions"), dict):
        extensions = _replace(document.get("extensions", {}), changes["extensions"])
        merged = _replace(merged, {"extensions": extensions or None})
    return merged


def _replace(fields: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**fields, **changes}.items() if name not in changes or value is not None}
