"""Size and tidiness: what keeps the house readable, with a red light."""

import ast
import re
from pathlib import Path

from tests.house.source import CODE, list_files, list_python, list_text, parse, read

LONGEST_FILE = 400
LONGEST_FUNCTION = 70
# Assembled, so that this file does not hold the words it looks for.
UNFINISHED = re.compile("|".join([r"\bTO" + "DO\\b", r"\bFIX" + "ME\\b", r"\bNotImplemented" + r"Error\b"]))
LEFT_OUT_TESTS = re.compile("|".join([r"pytest\.mark\.(skip|xfail)" + r"\b", r"pytest\.(skip|xfail)" + r"\("]))
REGISTRIES = re.compile("|".join([r"pypi\." + "org", r"pythonhosted\." + "org", r"npmjs\." + "(org|com)", r"deb\.debian\." + "org"]))
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "stuff", "lib", "core"}
# The customer's entries, and what every Python house has (docs/architecture.md).
TOP = {
    *("manage.py", "hub", "hub_settings", "roaming", "settlement", "templates", "tests", "requirements.txt", "Dockerfile"),
    *("README.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "compose.yaml", "docs", "benchmarks", ".ci"),
    *(".gitignore", ".dockerignore"),
}


def _lines_of(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [f"{path}:{number}" for path in paths for number, line in enumerate(read(path).splitlines(), 1) if pattern.search(line)]


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    assert [str(path) for path in list_python() if len(read(path).splitlines()) > LONGEST_FILE] == []


def test_no_function_is_longer_than_one_screen() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in list_python()
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_nothing_is_left_unfinished() -> None:
    assert _lines_of(UNFINISHED, list_text()) == []


def test_no_test_is_left_out() -> None:
    assert _lines_of(LEFT_OUT_TESTS, list_python(below=("tests",))) == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert _lines_of(REGISTRIES, list_text()) == []


def test_rooms_are_named_for_things_and_none_is_a_drawer() -> None:
    assert [str(path) for path in list_python() if DRAWERS & {*path.parts[:-1], path.stem}] == []


def test_the_top_of_the_repository_holds_what_the_architecture_names() -> None:
    assert {path.parts[0] for path in list_files()} - TOP == set()


def test_every_module_says_why_it_exists() -> None:
    silent = [str(path) for path in list_python(below=CODE) if read(path).strip() and ast.get_docstring(parse(path)) is None]
    assert silent == []


def test_every_public_function_of_the_product_says_what_it_will_do() -> None:
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path in list_python(below=CODE)
        for node in parse(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []


def test_nothing_reads_the_wall_clock_but_the_doors() -> None:
    # The clock comes in through the door: inside roaming and settlement only tasks, commands, admin and the wire, in and out, ask it.
    doors = {"tasks.py", "management", "admin", "endpoints", "protocols", "egress"}
    # (`at or …`: an instant may be given, and the hot path need not.)
    clock = re.compile(r"(?<!at or )(timezone\.now\(|datetime\.now\(|date\.today\(|datetime\.utcnow\()")
    inside = [path for path in list_python(below=("roaming", "settlement")) if not doors & set(path.parts)]
    assert _lines_of(clock, inside) == []
