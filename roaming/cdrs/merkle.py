"""One root for many lines: whoever holds the lines can compute it with SHA-256 alone (finance §6.6). Pure."""

import hashlib
from collections.abc import Iterable

# Before the first block of a chain.
NO_HEAD = bytes(32)


def merkle_root(lines: Iterable[bytes]) -> bytes:
    """This function will return the root of a tree: leaf = H(0x00 ‖ line), node = H(0x01 ‖ left ‖ right), an odd node is promoted.

    It raises ValueError for no lines at all: an empty block has no root.
    """
    level = [hashlib.sha256(b"\x00" + line).digest() for line in lines]
    if not level:
        raise ValueError("a tree needs at least one line")
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + level[left] + level[left + 1]).digest() for left in range(0, len(level) - 1, 2)]
        level = paired + level[2 * len(paired) :]
    return level[0]


def next_head(*, previous: bytes, root: bytes) -> bytes:
    """This function will return the head of a chain after a block: H(0x02 ‖ previous head ‖ root)."""
    return hashlib.sha256(b"\x02" + previous + root).digest()
