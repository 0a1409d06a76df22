"""Roots and heads as anybody computes them with SHA-256 alone."""

import hashlib

import pytest

from roaming.cdrs.merkle import NO_HEAD, merkle_root, next_head


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class TestMerkleRoot:
    def test_of_three_lines_promotes_the_odd_one(self) -> None:
        a, b, c = (sha(b"\x00" + line) for line in (b"a", b"b", b"c"))
        root = merkle_root([b"a", b"b", b"c"])
        assert root == sha(b"\x01" + sha(b"\x01" + a + b) + c)
        assert root.hex() == "36642e73c2540ab121e3a6bf9545b0a24982cd830eb13d3cd19de3ce6c021ec1"

    def test_of_one_line_is_its_leaf(self) -> None:
        assert merkle_root([b"a"]) == sha(b"\x00a")

    def test_tells_a_leaf_from_a_node(self) -> None:
        a, b = sha(b"\x00a"), sha(b"\x00b")
        assert merkle_root([b"a", b"b"]) != merkle_root([a + b])

    def test_of_nothing_does_not_exist(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            merkle_root([])


class TestNextHead:
    def test_covers_the_head_before(self) -> None:
        head = next_head(previous=NO_HEAD, root=merkle_root([b"a", b"b", b"c"]))
        assert head.hex() == "81ff3f84ff77fe3f1229907c3f87c062f2bdfb48a72a2e00931e686e8bbe6e6c"
        assert next_head(previous=head, root=NO_HEAD) == sha(b"\x02" + head + NO_HEAD)
