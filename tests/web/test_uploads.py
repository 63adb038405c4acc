"""Slides come in through the page: cut off, they go on where they were."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from given.slides import svs
from web.line import Line

pytestmark = pytest.mark.browser

SLOWLY = 1_000_000
PADDING = b"what a scanner leaves behind the picture " * 100_000


@pytest.fixture(scope="module")
def slide(tmp_path_factory) -> Path:
    """Four seconds' worth of upload."""
    path = svs(tmp_path_factory.mktemp("slides") / "colon 組織.svs")
    with path.open("ab") as file:
        file.write(PADDING)
    return path


@pytest.fixture
def line(demo) -> Iterator[Line]:
    line = Line(urlsplit(demo.told["address"]).port)
    yield line
    line.close()


def in_the_middle(page, line):
    """A good part of it is through, and not all. (What the page tells is what it gave to the system.)"""
    enough = line.bytes_sent + len(PADDING) / 4
    end = time.monotonic() + 60
    while line.bytes_sent < enough:
        assert time.monotonic() < end, "nothing is sent any more"
        page.wait_for_timeout(50)


def files(demo, name):
    return [one for one in demo.ask("/api/uploadedfile.json") if one["originalFilename"] == name]


def test_an_upload_is_cut_off_goes_on_and_goes_on_after_a_reload(visit, demo, slide, line):
    offsets: list[int] = []
    visit.page.on("request", lambda one: one.method == "PATCH" and offsets.append(int(one.headers["upload-offset"])))
    page = visit.open(f"{line.address}/project/{demo.told['projectId']}")
    line.bytes_a_second = SLOWLY
    page.locator("input[data-kind=files]").set_input_files(slide)
    in_the_middle(page, line)
    line.cut()
    line.mend()
    with page.expect_request(lambda one: one.method == "PATCH" and one.headers["upload-offset"] != "0"):
        pass
    in_the_middle(page, line)
    page.get_by_role("button", name=f"Pause {slide.name}").click()
    page.locator("[data-upload=paused]").wait_for()
    # What the system still had to send is lost with the line.
    line.cut()
    line.mend()
    paused_at = offsets[-1]

    page.reload()
    page.get_by_text("Cut off:").wait_for()
    line.bytes_a_second = None
    page.locator("input[data-kind=files]").set_input_files(slide)
    page.locator("[data-upload=done]").wait_for()
    assert offsets[-1] > paused_at
    kept = files(demo, slide.name)
    assert [one["sha256"] for one in kept] == [hashlib.sha256(slide.read_bytes()).hexdigest()]
    page.locator("[data-upload=done]").get_by_role("button", name="Open").click()
    page.locator(".slide > .ol-viewport").wait_for()
    assert all("Failed to load resource" in one for one in visit.complaints)


def test_a_folder_is_sent_a_file_that_is_no_slide_is_refused_with_its_reason(visit, demo, tmp_path):
    folder = tmp_path / "Tuesday"
    folder.mkdir()
    (folder / "notes.txt").write_text("not sent")
    svs(folder / "one.svs")
    (folder / "broken.svs").write_bytes(b"II*\0 and then nothing that a slide has")
    page = visit.open(f"{demo.told['address']}/storage")
    page.locator("input[data-kind=folder]").set_input_files(folder)
    page.locator("[data-upload=done]", has_text="one.svs").wait_for()
    refused = page.locator("[data-upload=refused]", has_text="broken.svs")
    assert refused.locator(".text-error").inner_text().strip()
    assert files(demo, "notes.txt") == []
    row = page.get_by_role("row").filter(has_text="broken.svs")
    row.get_by_text("Refused").wait_for()
    assert row.locator(".reason").inner_text().strip()
    page.get_by_role("button", name="Clear what is done").click()
    page.locator("[data-upload]").first.wait_for(state="detached")

    page.get_by_role("button", name="Details of one.svs").click()
    page.get_by_text("No project uses it yet.").wait_for()
    page.get_by_role("button", name="Close").click()
    page.goto(f"{demo.told['address']}/project/{demo.told['projectId']}")
    page.get_by_role("button", name="Add from a storage").click()
    page.get_by_role("button", name="Add one.svs").click()
    page.get_by_role("listitem").filter(has_text="one.svs").get_by_text("In the project").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("link", name="one.svs").wait_for()
    assert visit.complaints == []
