"""What the documents tell people to type exists, and what they link to is there."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from hub.process.processes import DEMO, PREPARATIONS, PROCESSES
from tests.house.source import PROJECT, list_files, list_python, read

DOCUMENTS = [path for path in list_files() if path.suffix == ".md"]
CODE = re.compile(r"```(?:sh|console|bash|text)?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# Variables of the system, not of the hub.
FOREIGN = {"PATH", "TERM", "HOME", "CI", "DJANGO_SETTINGS_MODULE"}


def _code_lines(path: Path) -> list[str]:
    return [line.strip() for block, span in CODE.findall(read(path)) for line in (block or span).replace("\\\n", " ").splitlines()]


def _words_after(pattern: str) -> list[tuple[str, list[str]]]:
    found = re.compile(pattern)
    return [
        (str(path), shlex.split(match[1], comments=True))
        for path in DOCUMENTS
        for line in _code_lines(path)
        for match in found.finditer(line)
        if "…" not in match[1].split(" ")[0]
    ]


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read(Path("Makefile")), re.MULTILINE))
    named = [(path, words[0]) for path, words in _words_after(r"(?:^|[;&] *)make +([a-z][^;&|]*)")]
    assert named
    assert [(path, target) for path, target in named if target not in targets] == []


def test_every_operator_command_in_the_documents_exists_with_its_options() -> None:
    commands = get_commands()
    wrong = []
    for path, (name, *arguments) in _words_after(r"manage\.py +([a-z_][^;&|]*)"):
        if name not in commands:
            wrong.append((path, name))
            continue
        application = commands[name]
        command = load_command_class(application, name) if isinstance(application, str) else application
        known = command.create_parser("manage.py", name)._option_string_actions
        wrong += [(path, f"{name} {each}") for each in arguments if each.startswith("--") and each.split("=")[0] not in known]
    assert wrong == []


def test_every_process_in_the_documents_exists() -> None:
    known = {process.name for process in (*PROCESSES, DEMO)} | set(PREPARATIONS) | {"run", "stop", "check", "<process>", "<name>"}
    assert [(path, words[0]) for path, words in _words_after(r"-m hub\.process +([^;&|]+)") if words[0] not in known] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", read(path))]
    local = [link for link in links if link and "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (PROJECT / path.parent / link).exists()] == []


def test_every_file_that_is_named_by_its_path_exists() -> None:
    named = re.compile(r"^(?:docs|hub|hub_settings|roaming|settlement|tests|benchmarks|templates)/[\w./-]+\.\w+$")
    missing = [(str(path), line) for path in DOCUMENTS for line in _code_lines(path) if named.match(line) and not (PROJECT / line).exists()]
    assert missing == []


def test_every_variable_that_the_hub_reads_is_explained_to_operators() -> None:
    reads = re.compile(r"""environ(?:ment)?(?:\.get\(|\.setdefault\(|\[)\s*["']([A-Z][A-Z_]+)["']""")
    code = "\n".join(read(path) for path in list_python(below=("hub", "hub_settings", "roaming", "settlement")))
    explained = set(re.findall(r"`([A-Z_]+)`", read(Path("docs/operating.md"))))
    internal = {"PROMETHEUS_MULTIPROC_DIR", "HUB_SUPERVISED_IN", "HUB_PROCESS", "DEBIAN_FRONTEND", "PYTHONUNBUFFERED"}
    assert set(reads.findall(code)) - explained - FOREIGN - internal == set()


def test_every_direct_dependency_has_its_reason() -> None:
    direct = set(re.findall(r'^    "([a-z0-9-]+)(?:\[[a-z,]+\])?==', read(Path("pyproject.toml")), re.MULTILINE)) | {
        name
        for line in re.findall(r"^embedded = \[(.*)\]", read(Path("pyproject.toml")), re.MULTILINE)
        for name in re.findall(r'"([a-z-]+)==', line)
    }
    rows = [line.split("|")[1] for line in read(Path("docs/dependencies.md")).splitlines() if line.startswith("|")]
    explained = {name.strip() for row in rows for name in row.split(",")}
    assert direct - explained == set()
