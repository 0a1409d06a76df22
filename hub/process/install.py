"""Makes `.venv` and installs the pinned requirements: `python3.11 -m hub.process.install [--tests]`, called by the Makefile.

Runs before anything is installed: standard library only. What is already there, by the hash of the requirement files, is left.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from hub.process.terminal import Terminal

_PROJECT = Path(__file__).resolve().parents[2]
_VENV = _PROJECT / ".venv"
_PYTHON = _VENV / "bin" / "python"
_TO_RUN = ("requirements.txt", "hub/process/requirements.txt")
_TO_TEST = (*_TO_RUN, "tests/requirements.txt")


class UnableToInstall(Exception):
    """A step of the installation failed; the message holds what its program said."""


def install(*, with_tests: bool, terminal: Terminal) -> None:
    """This function will leave a `.venv` with the requirements to run the hub, or also those to test it.

    Raises UnableToInstall.
    """
    files = [_PROJECT / name for name in (_TO_TEST if with_tests else _TO_RUN)]
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files) + sys.version.encode()).hexdigest()
    stamp = _VENV / ("installed-to-test" if with_tests else "installed-to-run")
    with (_PROJECT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may start together
        if not _PYTHON.exists() or not stamp.exists() or stamp.read_text() != wanted:
            uv = _find_uv()
            with terminal.step("Python packages (the first time takes a while)", is_long=True) as step:
                step.title = "Python packages"
                step.detail = "with uv" if uv else "with pip"
                _make_venv(uv)
                _install_files(uv, files)
                stamp.write_text(wanted)
        if with_tests:
            _install_browser(terminal)


def _find_uv() -> str | None:
    uv = shutil.which("uv")
    works = uv is not None and subprocess.run([uv, "--version"], capture_output=True, check=False).returncode == 0
    return uv if works else None


def _make_venv(uv: str | None) -> None:
    if _PYTHON.exists() and subprocess.run([_PYTHON, "-c", ""], capture_output=True, check=False).returncode == 0:
        return
    if uv:
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(_VENV)])
    else:
        _run([sys.executable, "-m", "venv", "--clear", str(_VENV)])


def _install_files(uv: str | None, files: list[Path]) -> None:
    chosen = [argument for file in files for argument in ("--requirement", str(file))]
    if uv:
        _run([uv, "pip", "install", "--quiet", "--python", str(_PYTHON), "--require-hashes", *chosen])
        return
    if subprocess.run([_PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0:
        _run([str(_PYTHON), "-m", "ensurepip"])
    _run([str(_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", *chosen])


def _install_browser(terminal: Terminal) -> None:
    # Playwright brings no browser of its own here; the distribution's is used. Its absence is told, and the tests that need
    # it are left out by name (tests/conftest.py).
    if shutil.which("chromium") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    with terminal.step("Chromium for the browser tests", is_long=True) as step:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            done = subprocess.run(
                ["apt-get", "--quiet", *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
            if done.returncode != 0:
                step.detail = "not available: browser tests are left out"
                return


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UnableToInstall(f"{' '.join(command[:4])} … failed:\n{(done.stderr or done.stdout).strip()[-3000:]}")


def main() -> int:
    """This function will install and return the exit code."""
    parser = argparse.ArgumentParser(prog="python3.11 -m hub.process.install", description="Makes .venv with the pinned requirements.")
    parser.add_argument("--tests", action="store_true", help="also what `make test` and `make check` need")
    chosen = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  (whoever calls it, may call it with an older one)
        sys.stderr.write("Roamhouse needs Python 3.11 or newer: make PYTHON=python3.11 …\n")
        return 1
    try:
        install(with_tests=chosen.tests, terminal=Terminal())
    except UnableToInstall as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
