"""A running desk with a browser and a client of its API, for whole stories."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from config.server.listening import FILE
from config.server.processes import ends_with_parent
from tests.conftest import Key, Member
from tests.factories import PASSWORD
from tests.runtime.machine import eventually, stop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 30_000  # ms; for a machine that has much else to do
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def program() -> str | None:
    """Chromium: without a window where that is installed, for which a context costs a third."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def missing() -> str:
    """Why no browser can be driven here, or nothing."""
    if program() is None:
        return "chromium is not installed"
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return ""


@pytest.fixture(scope="package")
def driver() -> Iterator[Playwright]:
    """One for the journeys that follow each other. Skips without Chromium and Playwright, unless REQUIRE_BROWSER is set.

    The driver runs an event loop in this thread for as long as it lives, in which Django would refuse to touch the
    database: hence the setting, which ends with the last of these journeys, before a test of another folder.
    """
    if reason := missing():
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as driver:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield driver


@pytest.fixture(scope="package")
def chromium(driver: Playwright) -> Iterator[Browser]:
    """The browser of the journeys."""
    with started(driver, program()) as browser:
        yield browser


@pytest.fixture(scope="package")
def chromium_with_windows(driver: Playwright) -> Iterator[Browser]:
    """For what the browser without them does in its own way: who grants notifications, and what it calls itself."""
    if not (path := shutil.which("chromium")):
        pytest.skip("chromium is not installed with its windows")
    with started(driver, path) as browser:
        yield browser


@contextmanager
def started(driver: Playwright, path: str | None) -> Iterator[Browser]:
    """The browser at that path, until the end."""
    browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def desk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the running desk keeps its files: in `files` those that came with messages."""
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="package")
def running_desk(django_db_setup: None, desk_folder: Path) -> Iterator[str]:
    """The web role on the tests' database, one for the journeys that follow each other; gives the base URL.

    It ends with them: other tests copy that database, which nobody may be in meanwhile.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        database = str(connection.settings_dict["NAME"])
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.web_process", str(desk_folder)],
            cwd=ROOT,
            env=os.environ | {"JOURNEY_DATABASE": database, FILE: str(listener.fileno()), "PUBLIC_URL": base},
            pass_fds=[listener.fileno()],
            preexec_fn=ends_with_parent(15),
        )
        try:
            _wait(base, process)
            yield base
        finally:
            stop(process)


@pytest.fixture
def desk(chromium: Browser, transactional_db: None, running_desk: str) -> Iterator[str]:
    """The desk's base URL; rows are committed, and are deleted when the desk no longer works on them."""
    yield running_desk
    # Requests of pages that were just closed may still be queued for a thread of the desk. This one is queued behind them.
    with urllib.request.urlopen(f"{running_desk}/accounts/login/", timeout=60):
        eventually(_stays_at_rest, "the end of the desk's transactions")


def _stays_at_rest() -> bool:
    """Whether the desk has no transaction open, also between the queries of one request."""
    return all(_is_at_rest() for _ in range(50))


def _is_at_rest() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL)"
        )
        return bool(cursor.fetchone()[0])


def _wait(base: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=10):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    pytest.fail("the desk did not start")


@dataclass
class Api:
    """A customer's backend: plain HTTP with a bearer key."""

    base: str
    key: Key

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
        """The answer's JSON; `more` are further headers."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", **self.key.bearer, **more}
        request = urllib.request.Request(f"{self.base}{path}", data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            result: dict[str, Any] = json.load(answer)
            return result

    def start(self, subject: str, body: str, customer: str = "cus_123", name: str = "Ada Lovelace") -> str:
        """A conversation with a first message; gives its id."""
        who = {"id": customer, "name": name, "email": f"{customer}@example.com"}
        made = self.call("POST", "/api/v1/conversations", {"subject": subject, "customer": who})["conversation"]
        self.write(made["id"], body)
        return str(made["id"])

    def write(self, conversation: str, body: str) -> None:
        """What the customer writes next."""
        self.call("POST", f"/api/v1/conversations/{conversation}/messages", {"body": body})


@pytest.fixture
def api(desk: str, acme_key: Key) -> Api:
    return Api(desk, acme_key)


@dataclass
class Window:
    """One person's browser window. `faults` collects what a page complained of: script errors, refused styles."""

    page: Page
    base: str
    faults: list[str]

    def go(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def sign_in(self, email: str) -> None:
        """As people do, through the login page."""
        self.go("/accounts/login/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/w/acme/inbox")

    def enter(self, who: Member, path: str = "/w/acme/inbox") -> None:
        """Open a page as someone who has signed in before, for stories that are not about signing in."""
        session = who.signed_in().cookies["sessionid"].value
        self.page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.base}])
        self.go(path)

    def wait_until_live(self) -> None:
        self.page.wait_for_selector("html[data-live-state=live]")


@pytest.fixture
def window(desk: str, chromium: Browser) -> Iterator[Window]:
    """A window of usual size; the test fails if its pages complained."""
    context = chromium.new_context(viewport=WIDE)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    window = Window(page, desk, [])
    page.on("pageerror", lambda error: window.faults.append(str(error)))

    def heard(line: ConsoleMessage) -> None:
        # Browsers ask for this by themselves on pages that name no picture, such as Django admin's.
        if line.type == "error" and not line.location["url"].endswith("/favicon.ico"):
            window.faults.append(f"{line.text} {line.location['url']}")

    page.on("console", heard)
    yield window
    context.close()
    assert window.faults == []
