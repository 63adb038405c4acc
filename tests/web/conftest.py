"""Debian's Chromium on a demo server of its own. Skipped where no Chromium is installed."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from cli.serving import serving

QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
SIZE = {"width": 1280, "height": 800}
MAKING_S = 600
"""Two demos may be made at once, where others want the machine too; one that ends is noticed."""
PATIENCE_MS = 60_000
"""Where two tests share two cores, a page may take its time; what comes is not waited for any longer."""
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Demo:
    """The demo, as it printed itself."""

    told: dict[str, Any]

    @property
    def viewer(self) -> str:
        return f"{self.told['address']}/project/{self.told['projectId']}/image/{self.told['imageId']}"

    def ask(self, path: str, **query: Any) -> Any:
        """The API beside the page, with the demo's keys."""
        keys = {"X-Auth-Token": self.told["publicKey"], "X-Auth-Secret": self.told["privateKey"]}
        answer = requests.get(self.told["address"] + path, params=query, headers=keys, timeout=30)
        answer.raise_for_status()
        return answer if path.endswith((".png", ".jpg")) else answer.json()

    def send(self, path: str, **body: Any) -> Any:
        return self.send_many(path, body)

    def send_many(self, path: str, body: Any) -> Any:
        keys = {"X-Auth-Token": self.told["publicKey"], "X-Auth-Secret": self.told["privateKey"]}
        answer = requests.post(self.told["address"] + path, json=body, headers=keys, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def upload(self, project: int, path: Path) -> None:
        """A slide into a project."""
        keys = {"X-Auth-Token": self.told["publicKey"], "X-Auth-Secret": self.told["privateKey"]}
        query = {"idStorage": self.ask("/api/storage.json")[0]["id"], "idProject": project, "sync": "true"}
        with path.open("rb") as file:
            address = f"{self.told['address']}/upload"
            requests.post(address, params=query, files={"files[]": file}, headers=keys, timeout=60).raise_for_status()

    def shapes(self, **query: Any) -> list[dict[str, Any]]:
        asked = {"image": self.told["imageId"], "origin": "left-top", "showWKT": True, "showTerm": True, **query}
        return self.ask("/api/annotation.json", **asked)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if os.environ.get("ATRISYS_TEST_DATABASE_URL"):
        pytest.skip("the page is the same whatever the database: it is walked through on SQLite")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed (on Debian: apt-get install chromium, or as root `make test`)")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with serving(tmp_path_factory.mktemp("demo") / "data", "demo") as server:
        end = time.monotonic() + MAKING_S
        while not server.stdout.endswith("}\n") and time.monotonic() < end:
            assert server.process.poll() is None, server.stderr
            time.sleep(0.1)
        server.wait_for_ping()
        yield Demo(json.loads(server.stdout))


@dataclass
class Visit:
    """Somebody's browser, and what went wrong in it."""

    context: BrowserContext
    page: Page
    demo: Demo
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, address: str) -> Page:
        self.page.goto(address)
        self.page.locator("header nav").wait_for()
        return self.page

    def sign_in(self) -> None:
        self.page.get_by_label("User name").fill(self.demo.told["username"])
        self.page.get_by_label("Password").fill(self.demo.told["password"])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.locator("header nav").wait_for()


@contextmanager
def visiting(chromium: Browser, demo: Demo, size: Any = SIZE, **options: Any) -> Iterator[Visit]:
    context = chromium.new_context(viewport=size, **options)
    context.set_default_timeout(PATIENCE_MS)
    found = Visit(context, context.new_page(), demo)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("console", lambda said: said.type == "error" and found.complaints.append(said.text))
    found.page.on("request", lambda asked: found.hosts.add(urlsplit(asked.url).netloc))
    yield found
    context.close()


@pytest.fixture
def newcomer(chromium: Browser, demo: Demo) -> Iterator[Visit]:
    """Nobody has signed in here yet."""
    with visiting(chromium, demo, locale="en") as visit:
        yield visit


@pytest.fixture(scope="session")
def session(chromium: Browser, demo: Demo) -> Any:
    """The cookie of somebody who signed in on the page, once for all tests: often would be slowed down."""
    with visiting(chromium, demo, locale="en") as visit:
        visit.page.goto(demo.told["address"])
        visit.sign_in()
        return visit.context.storage_state()


@pytest.fixture(params=["en"])
def visit(request: pytest.FixtureRequest, chromium: Browser, demo: Demo, session: Any) -> Iterator[Visit]:
    """Somebody who is signed in; parametrized with the browser's language."""
    with visiting(chromium, demo, locale=request.param, storage_state=session) as visit:
        yield visit
