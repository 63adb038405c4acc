"""Pictures of every page of the web page, from a demo server of its own: `make screens`.

python -m tools.screens            docs/screens/: every page in English, light
python -m tools.screens FOLDER     every page in both languages and both themes, to be looked at
"""

import argparse
import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from walk.running import free_port

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "screens"
SIZE = (1280, 800)
LANGUAGES = {"en": "en", "zh": "zh-TW"}
THEMES = ("light", "dark")
SCREENS = {
    "sign-in": "/",
    "projects": "/projects",
    "images": "/project/{projectId}",
    "images-table": "/project/{projectId}?view=table",
    "annotations": "/project/{projectId}/annotations",
    "ontology": "/project/{projectId}/ontology",
    "members": "/project/{projectId}/members",
    "settings": "/project/{projectId}/settings",
    "activity": "/project/{projectId}/activity",
    "export": "/project/{projectId}/export",
    "viewer": "/project/{projectId}/image/{imageId}",
    "viewer-near": "/project/{projectId}/image/{imageId}?x=6000&y=4500&d=1",
    "ontologies": "/ontologies",
    "storage": "/storage",
    "account": "/account",
    "people": "/admin",
    "jobs": "/admin/jobs",
    "change-log": "/admin/log",
}
"""Name of the picture → address, with what the demo printed."""
COLOURS = 256
"""A picture of a page needs no more, and takes a third of the room, if rare ones count as much as frequent ones."""


@contextmanager
def demo(folder: Path) -> Iterator[dict[str, Any]]:
    """The demo on a free port, as it printed itself."""
    port = free_port()
    words = [sys.executable, "-m", "atrisys", "--data", str(folder / "data"), "demo", "--port", str(port)]
    with (folder / "out").open("wb") as out, subprocess.Popen(words, stdout=out, stderr=subprocess.DEVNULL) as process:
        try:
            while not (told := (folder / "out").read_text()).endswith("}\n"):
                if process.poll() is not None:
                    sys.exit("The demo did not start: try `make demo`.")
                time.sleep(0.2)
            _wait_for(json.loads(told)["address"])
            yield json.loads(told)
        finally:
            process.terminate()


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            requests.get(f"{address}/server/ping", timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.1)


def take(browser: Browser, told: dict[str, Any], language: str, theme: str) -> Iterator[tuple[str, bytes]]:
    """Each page's name and picture, as PNG."""
    width, height = SIZE
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=LANGUAGES[language],
        color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    for name, path in SCREENS.items():
        page.goto(told["address"] + path.format(**told))
        page.wait_for_load_state("networkidle")
        yield name, page.screenshot()
        if name == "sign-in":
            _sign_in(page, told)
        if name == "account":
            page.evaluate("fetch('/api/session/admin/open.json')")
    context.close()


def _sign_in(page: Page, told: dict[str, Any]) -> None:
    page.locator("input").first.fill(told["username"])
    page.locator("input[type=password]").fill(told["password"])
    page.locator("form button[type=submit]").click()
    page.locator("header nav").wait_for()


def smaller(png: bytes) -> bytes:
    """The same picture with fewer colours."""
    into = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
        few.save(into, "PNG", optimize=True)
    return into.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="for all of them; without it docs/screens/ is made anew")
    asked = parser.parse_args()
    into = asked.folder or DOCS
    into.mkdir(parents=True, exist_ok=True)
    looks = [(a, b) for a in LANGUAGES for b in THEMES] if asked.folder else [("en", "light")]
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed (on Debian: apt-get install chromium).")
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as told, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for language, theme in looks:
            for name, picture in take(browser, told, language, theme):
                file = into / (f"{name}-{language}-{theme}.png" if asked.folder else f"{name}.png")
                file.write_bytes(smaller(picture))
                print(file, flush=True)
        browser.close()


if __name__ == "__main__":
    main()
