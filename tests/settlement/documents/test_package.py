"""The package convinces a sceptic offline: verify.py runs in a bare Python, on good files and on tampered ones."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from roaming import canonical
from roaming.cdrs.merkle import NO_HEAD, merkle_root, next_head
from settlement.documents.checks import seals_follow
from settlement.documents.package import NotIssued, path_to_root
from settlement.documents.render import render_statement
from settlement.documents.seal_runs import public_key, seal_runs
from settlement.models import RunSeal
from tests.builders.charges import CUT_OFF, CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import charge, close, issue

LEAVES = [hashlib.sha256(b"\x00" + line).digest() for line in (b"a", b"b", b"c", b"d", b"e")]


def test_the_tree_and_the_head_are_those_of_the_test_vector() -> None:
    root = merkle_root([b"a", b"b", b"c"])
    assert root.hex() == "36642e73c2540ab121e3a6bf9545b0a24982cd830eb13d3cd19de3ce6c021ec1"
    assert next_head(previous=NO_HEAD, root=root).hex() == "81ff3f84ff77fe3f1229907c3f87c062f2bdfb48a72a2e00931e686e8bbe6e6c"


@pytest.mark.parametrize("place", range(5))
def test_every_leaf_has_a_path_to_the_root(place: int) -> None:
    found = LEAVES[place]
    for side, other in path_to_root(leaves=LEAVES, place=place):
        pair = (found, bytes.fromhex(other)) if side == "right" else (bytes.fromhex(other), found)
        found = hashlib.sha256(b"\x01" + pair[0] + pair[1]).digest()
    assert found == merkle_root([b"a", b"b", b"c", b"d", b"e"])


def verify(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-I", "-S", "verify.py", *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.django_db
class TestPackage:
    @pytest.fixture
    def content(self, settings: Any, tmp_path: Path) -> bytes:
        settings.DOCUMENTS_DIR = tmp_path / "documents"
        some_terms()
        for net in ("10.00", "0.3350", "0.3350"):
            charge("M", "P", net)
        issue(close())
        charge("M", "P", "5.00", ended_at=CUT_OFF.replace(day=9))
        statement = issue(close(NOVEMBER, at=CUT_OFF_NOVEMBER), at=CUT_OFF_NOVEMBER).statement("M")
        content = render_statement(statement=statement, format="zip").content
        assert content == render_statement(statement=statement, format="zip").content
        october = statement.party.statements.get(run__period="2026-10")
        return render_statement(statement=october, format="zip").content

    def test_is_believed_as_it_is_and_not_after_a_change(self, content: bytes, tmp_path: Path) -> None:
        folder = tmp_path / "package"
        zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
        assert "has no VAT id" in (folder / "invoices" / "MISSING.txt").read_text()
        lines = (folder / "lines.jsonl").read_bytes()
        one = json.loads(lines.splitlines()[1])
        assert (one["shown"], len(lines.splitlines())) in (("0.34", 3), ("0.33", 3))
        assert "contract_id" not in one
        # The annex of every export names the leaf of each line.
        told = json.loads(next((folder / "documents").glob("*.json")).read_bytes())["cdrs"]
        assert [cdr["line_hash"] for cdr in told] == json.loads((folder / "proof.json").read_bytes())["leaves"]
        status, said = verify(folder, one["cdr"])
        assert status == 0, said
        proof, ok = said.splitlines()
        assert json.loads(proof)["line"] == 2
        assert ok.startswith("OK: 3 lines, head ")
        assert ok.endswith(public_key().hex())
        first, second = RunSeal.objects.order_by("id")
        assert f"head {bytes(first.head).hex()}" in ok
        assert bytes(second.previous_head) == bytes(first.head)

        for name, changed, words in (
            ("lines.jsonl", lines.replace(b'"gross":"10.0000"', b'"gross":"10.0001"'), "WRONG: line 1 of lines.jsonl was changed"),
            ("lines.jsonl", b"".join(lines.splitlines(keepends=True)[:-1]), "WRONG: lines.jsonl has 2 lines"),
            ("statement.json", (folder / "statement.json").read_bytes().replace(b"10.67", b"10.66"), "WRONG: statement.json was changed"),
        ):
            before = (folder / name).read_bytes()
            assert changed != before
            (folder / name).write_bytes(changed)
            status, said = verify(folder)
            assert (status, words in said) == (1, True), said
            (folder / name).write_bytes(before)

    def test_an_old_month_that_is_changed_breaks_the_chain(self, content: bytes) -> None:
        assert seals_follow() is None
        assert seal_runs(at=CUT_OFF) == 0
        october = RunSeal.objects.earliest("id").run
        with connection.cursor() as cursor:  # somebody who owns the database
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE settlement_statement DISABLE TRIGGER ALL")
            cursor.execute("UPDATE settlement_statement SET content = replace(content, '10.67', '10.66') WHERE run_id = %s", [october.pk])
            cursor.execute("ALTER TABLE settlement_statement ENABLE TRIGGER ALL")
        assert "is not what was sealed" in str(seals_follow())

    def test_a_draft_has_none(self, content: bytes) -> None:
        charge("M", "P", "1.00", ended_at=CUT_OFF_NOVEMBER.replace(day=9))
        december = close(canonical.Period.parse("2026-12"), at=CUT_OFF_NOVEMBER.replace(year=2027, month=1))
        with pytest.raises(NotIssued, match="only an issued one"):
            render_statement(statement=december.statement("M"), format="zip")
