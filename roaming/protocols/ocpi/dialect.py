"""The engine of every OCPI dialect: the shapes that both protocols share."""

from roaming.protocols.wire.shapes import (
    BadFields,
    Field,
    Shape,
    encode,
    many,
    optional,
    read_value,
    required,
)

__all__ = [
    "BadFields",
    "Field",
    "Shape",
    "encode",
    "many",
    "optional",
    "read_value",
    "required",
]
