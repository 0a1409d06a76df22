"""A hub with a history, served over HTTP on a database of its own, and Debian's Chromium to look at it.

The rows must be committed to be seen by the server's threads, and most tables refuse to be emptied again. So these tests get a copy
of the test database that is dropped as a whole.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from psycopg import sql
from pytest_django import DjangoDbBlocker

from hub.users.keep import keep_user
from hub.users.models import User
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from tests.builders.network import ALFA, BETA, Network, build_network
from tests.builders.portal import furnish

PASSWORD = "four-walls-and-a-roof"
MAKER, CHECKER, ADMIN = "maker@hub.example", "checker@hub.example", "admin@hub.example"
ALFA_FINANCE, BETA_FINANCE, BETA_ENGINEER, BOTH = "ana@alfa.example", "bo@beta.example", "eve@beta.example", "group@holding.example"


@dataclass(frozen=True)
class House:
    """The served hub."""

    url: str
    network: Network
    sessions: dict[str, str]  # e-mail → value of the session cookie


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A hub that answers over HTTP: last month issued, this month running."""
    kept = connections["default"].settings_dict["NAME"]
    copy = f"{kept}_doors"
    documents, settings.DOCUMENTS_DIR = settings.DOCUMENTS_DIR, tmp_path_factory.mktemp("documents")
    with django_db_blocker.unblock():
        connections.close_all()
        _administer("CREATE DATABASE {} TEMPLATE {}", copy, kept)
        _use_database(copy)
        try:
            network = build_network(now=datetime.now(UTC))
            sessions = _make_people()
            approve_run(run=network.run, by=CHECKER, by_role="checker", at=network.now)
            issue_run(run=network.run, by=CHECKER, by_role="checker", at=network.now)
            furnish(network, accountant=BETA_FINANCE)
            server = LiveServerThread("127.0.0.1", StaticFilesHandler)
            server.daemon = True
            server.start()
            server.is_ready.wait()
            if server.error:
                raise server.error
            yield House(url=f"http://127.0.0.1:{server.port}", network=network, sessions=sessions)
            server.terminate()
        finally:
            connections.close_all()
            _use_database(kept)
            _administer("DROP DATABASE {} WITH (FORCE)", copy)
            settings.DOCUMENTS_DIR = documents


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; Playwright's own download is not used."""
    binary = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        pytest.fail("The browser tests need Debian's Chromium: `apt-get install chromium`, or name another one in CHROMIUM.")
    # Playwright's synchronous face runs an event loop in this thread, which Django takes for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        # Chromium's own sandbox cannot be set up by root.
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()
        # Django keeps connections apart for code beside an event loop: this one would be found again, dead, by the next module.
        connections.close_all()


OpenPage = Callable[..., Page]


@pytest.fixture
def visit(house: House, chromium: Browser) -> Iterator[OpenPage]:
    """Opens a page of the hub as a person; errors of scripts and refusals of the content policy fail the test at its end."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "404 (Not Found)" not in message.text and "403 (Forbidden)" not in message.text:
            problems.append(f"{message.page.url if message.page else ''}: {message.text} at {message.location}")

    def visit(path: str, *, as_user: str | None = None, **options: Any) -> Page:
        context = chromium.new_context(base_url=house.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.on("console", listen)
        if as_user is not None:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": house.sessions[as_user], "url": house.url}])
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert problems == []


def _make_people() -> dict[str, str]:
    for email, role in ((MAKER, "maker"), (CHECKER, "checker"), (ADMIN, "operations")):
        keep_user(email=email, password=PASSWORD, role=role)
    User.objects.filter(email=ADMIN).update(is_superuser=True)
    keep_user(email=ALFA_FINANCE, password=PASSWORD, party=ALFA)
    keep_user(email=BETA_FINANCE, password=PASSWORD, party=BETA)
    keep_user(email=BETA_ENGINEER, password=PASSWORD, party=BETA, role="partner-technical")
    for party in (ALFA, BETA):
        keep_user(email=BOTH, password=PASSWORD, party=party)
    sessions = {}
    for user in User.objects.all():
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        sessions[user.email] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return sessions


def _use_database(name: str) -> None:
    connections.settings["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name


def _administer(statement: str, *names: str) -> None:
    told = {
        key: value for key, value in connections["default"].get_connection_params().items() if key in ("host", "port", "user", "password")
    }
    with psycopg.connect(**told, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def screens_directory() -> Path | None:
    """This function will tell where pictures go (`make screens` names it), or None where nobody wants any."""
    told = os.environ.get("SCREENS_DIR")
    return Path(told) if told else None
