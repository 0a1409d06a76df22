"""Commands of OCPI 2.3.0 (mod_commands): those of 2.2.1 around tokens of any type."""

from functools import partial
from typing import Any

from roaming import canonical
from roaming.protocols.ocpi.v2_2_1 import commands as older
from roaming.protocols.ocpi.v2_3_0.tokens import TOKEN

SHAPES = older.shapes_with(TOKEN)
read_command = partial(older.read_command, shapes=SHAPES)


def write_command(*, command: canonical.Command, response_url: str) -> tuple[str, dict[str, Any]]:
    """This function will return the command's name in the path and its body, which calls back at `response_url`."""
    name = older.NAMES[type(command)]
    return name, {"response_url": response_url, **SHAPES[name].write(command)}
