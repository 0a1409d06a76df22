#!/usr/bin/env python3
"""Check this statement offline: `python3 verify.py`. `python3 verify.py CC-PID/ID` prints the Merkle proof of one CDR.

Python 3.8 and nothing else. It says OK, or names the first thing that is wrong and exits 1."""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def tree_of(leaves):  # an odd node is promoted
    tree = [leaves or [bytes(32)]]
    while len(tree[-1]) > 1:
        row = tree[-1]
        pairs = [digest(b"\x01", row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        tree.append(pairs + row[2 * len(pairs) :])
    return tree


def path_of(tree, place):
    for row in tree[:-1]:
        if place ^ 1 < len(row):
            yield ["right" if place % 2 == 0 else "left", row[place ^ 1].hex()]
        place //= 2


def climb(leaf, path):
    for side, other in path:
        pair = (leaf, bytes.fromhex(other)) if side == "right" else (bytes.fromhex(other), leaf)
        leaf = digest(b"\x01", *pair)
    return leaf


def add(a, b):  # on the curve of Ed25519, RFC 8032
    (x, y), (u, v), k = a, b, D * a[0] * b[0] * a[1] * b[1]
    return (x * v + y * u) * pow(1 + k, P - 2, P) % P, (y * v + x * u) * pow(1 - k, P - 2, P) % P


def times(n, point):
    total = (0, 1)
    while n:
        total, point, n = (add(total, point) if n & 1 else total), add(point, point), n >> 1
    return total


def point_of(data):
    y, odd = int.from_bytes(data, "little") % 2**255, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x % 2 != odd else x), y


def is_signed(key, message, signature):
    s, k = (int.from_bytes(part, "little") for part in (signature[32:], hashlib.sha512(signature[:32] + key + message).digest()))
    base = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    return s < Q and times(s, base) == add(point_of(signature[:32]), times(k % Q, point_of(key)))


def check(proof, lines, root):
    for number, (line, leaf) in enumerate(zip(lines, proof["leaves"]), 1):
        if digest(b"\x00", line).hex() != leaf:
            yield f"line {number} of lines.jsonl was changed"
    summary = json.loads(proof["summary"])
    if len(lines) != summary["lines"] or root != summary["lines_root"]:
        yield f"lines.jsonl has {len(lines)} lines that do not give the root of {summary['lines']}"
    if digest((HERE / "statement.json").read_bytes()).hex() != summary["content_sha256"]:
        yield "statement.json was changed"
    if climb(digest(b"\x00", proof["summary"].encode()), proof["path"]).hex() != proof["run_root"]:
        yield "the statement does not belong to its run"
    head = digest(b"\x02", *map(bytes.fromhex, (proof["previous_head"], proof["run_root"])))
    if head.hex() != proof["head"]:
        yield "the head does not follow from the one before"
    if not is_signed(bytes.fromhex(proof["public_key"]), head, bytes.fromhex(proof["signature"])):
        yield "the signature is not of this key"
    for name, known in json.loads((HERE / "manifest.json").read_text()).items():
        if not (HERE / name).is_file() or digest((HERE / name).read_bytes()).hex() != known:
            yield f"{name} is missing or was changed"


proof = json.loads((HERE / "proof.json").read_text())
lines = (HERE / "lines.jsonl").read_bytes().split(b"\n")[:-1]
tree = tree_of([digest(b"\x00", line) for line in lines])
for wrong in check(proof, lines, tree[-1][0].hex()):
    sys.exit(f"WRONG: {wrong}")
for place in [place for place, line in enumerate(lines) if json.loads(line)["cdr"] in sys.argv[1:]]:
    print(json.dumps({"line": place + 1, "leaf": tree[0][place].hex(), "path": list(path_of(tree, place)), "root": tree[-1][0].hex()}))
print(f"OK: {len(lines)} lines, head {proof['head']}, key {proof['public_key']}")
