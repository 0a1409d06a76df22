"""The files of this house, as git knows them: what the house rules are read against."""

import ast
import subprocess
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CODE = ("hub", "hub_settings", "roaming", "settlement")


@cache
def list_files() -> tuple[Path, ...]:
    """This function will return every file that is or is about to be in the repository, relative to its top."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(path for path in map(Path, listed) if (PROJECT / path).is_file()))


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
