"""The files of this house, as git knows them: what the house rules are read against."""

import ast
import os
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CODE = ("hub", "hub_settings", "roaming", "settlement")


@cache
def list_files() -> tuple[Path, ...]:
    """This function will return every file that is or is about to be in the repository, relative to its top."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    paths = map(Path, listed.stdout.splitlines()) if listed.returncode == 0 else _walk()
    return tuple(sorted(path for path in paths if (PROJECT / path).is_file()))


def _walk() -> Iterator[Path]:
    # Unpacked from an archive, without git: what .gitignore names is left out by the same patterns.
    ignored = [line.strip("/") for line in (PROJECT / ".gitignore").read_text().splitlines()]
    for directory, folders, files in os.walk(PROJECT):
        for names in (folders, files):
            names[:] = [name for name in names if name != ".git" and not any(fnmatch(name, pattern) for pattern in ignored)]
        yield from (Path(directory, name).relative_to(PROJECT) for name in files)


def list_python(*, below: tuple[str, ...] = (*CODE, "tests", "benchmarks")) -> list[Path]:
    """This function will return the Python files below some top-level folders, without what Django generates."""
    return [path for path in list_files() if path.suffix == ".py" and path.parts[0] in below and "migrations" not in path.parts]


def list_text() -> list[Path]:
    """This function will return every file that people write."""
    return [path for path in list_files() if path.suffix in {".py", ".md", ".toml", ".yaml", ".html", ".txt", ".json", ""}]


@cache
def read(path: Path) -> str:
    """This function will return the text of a file of the repository."""
    return (PROJECT / path).read_text()


@cache
def parse(path: Path) -> ast.Module:
    """This function will return the syntax tree of a Python file of the repository."""
    return ast.parse(read(path))
