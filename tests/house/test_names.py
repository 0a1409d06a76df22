"""The words of this house have one meaning each: docs/glossary.md is their source, and this test reads it."""

import ast
import re
from pathlib import Path

from tests.house.source import CODE, list_python, parse, read


def _glossary() -> list[tuple[str, str, str]]:
    rows = [line.strip("|").split("|") for line in read(Path("docs/glossary.md")).splitlines() if line.startswith("|")]
    return [(row[0].strip(), row[1].strip(), row[2].strip()) for row in rows[2:]]


def _words_never_used() -> set[str]:
    return {word for _, _, never in _glossary() for word in re.findall(r"`([A-Za-z]+)`", never)}


def _names() -> list[tuple[str, str]]:
    classes = [
        (f"{path}:{node.lineno}", node.name)
        for path in list_python(below=CODE)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ClassDef)
    ]
    modules = [(str(path), path.stem.title().replace("_", "")) for path in list_python(below=CODE)]
    return classes + modules


def test_the_glossary_explains_every_word_it_lists() -> None:
    assert len(_glossary()) > 10
    assert [word for word, meaning, _ in _glossary() if not meaning] == []


def test_no_class_or_module_is_named_with_a_word_the_glossary_refuses() -> None:
    refused = _words_never_used()
    assert refused, "the glossary's last column names words in `backticks`"
    found = [(place, name) for place, name in _names() if any(name.endswith(word) for word in refused) and name[0] != "_"]
    assert found == []
