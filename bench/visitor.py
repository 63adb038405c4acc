"""Somebody who opens the web page in Debian's Chromium, without a graphics card."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from bench.asking import Lean
from bench.house import House, Server, Sheet

SIZE: ViewportSize = {"width": 1280, "height": 800}
NO_BROWSER = "Not measured: Chromium is not installed."


def find_chromium() -> str | None:
    return shutil.which("chromium")


@contextmanager
def browsing(path: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def new_member(house: House, sheet: Sheet, server: Server, name: str) -> str:
    """Somebody new who works in the image's project; their password."""
    person = house.command("user", "add", name)
    Lean(house.keys, server.port).post(f"/api/project/{sheet.project}/user/{person['id']}.json", b"{}")
    return person["password"]


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.locator("header nav").wait_for()
