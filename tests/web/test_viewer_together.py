"""Several people at one slide: what they say about a shape, where they look, who moves as whom; views as pictures."""

import io
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import requests
from PIL import Image

from web.desk import click, is_painted, looking_at, middle, newest, said
from web.test_viewer import alike, grey

pytestmark = pytest.mark.browser

PLACE = 2000, 1500
PASSWORD = "nine brown horses"


class Member(requests.Session):
    """Somebody else who works in the demo's project, in a browser of their own elsewhere."""

    def __init__(self, demo):
        super().__init__()
        self.address, self.image = demo.told["address"], demo.told["imageId"]
        self.headers["X-Requested-With"] = "test"

    def do(self, method, path, **body):
        answer = self.request(method, self.address + path, json=body or None, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def look(self, x, y, downsample=1, size=(800, 600)):
        """In image order."""
        right, down = size[0] * downsample / 2, size[1] * downsample / 2
        xs = {"Left": x - right, "Right": x + right}
        ys = {"top": y - down, "bottom": y + down}
        corners = {f"{a}{b}{axis}": v for a in ys for b in xs for axis, v in (("X", xs[b]), ("Y", ys[a]))}
        path = f"/api/imageinstance/{self.image}/position.json"
        return self.do("POST", path, **corners, zoom=3, rotation=0, broadcast=True, origin="left-top")


@pytest.fixture(scope="module")
def alice(demo):
    link = demo.send(f"/api/project/{demo.told['projectId']}/invitation.json", firstname="Alice", lastname="A")["link"]
    member = Member(demo)
    token = urlsplit(link).fragment
    new = {"username": "alice", "firstname": "Alice", "lastname": "A", "email": "alice@example.org"}
    member.do("POST", "/api/atrisys/invitation/accept.json", token=token, password=PASSWORD, **new)
    said = member.do("POST", "/api/atrisys/session.json", username="alice", password=PASSWORD)
    member.id = said["user"]["id"]
    return member


@pytest.fixture
def drawn(demo):
    x, y = PLACE
    square = f"POLYGON (({x} {y}, {x + 90} {y}, {x + 90} {y + 90}, {x} {y + 90}, {x} {y}))"
    demo.send("/api/annotation.json", image=demo.told["imageId"], location=square, origin="left-top")
    return newest(demo)["id"]


def thread_of(demo, id):
    return [(row["fullName"], row["comment"]) for row in demo.ask(f"/api/atrisys/annotation/{id}/comment.json")]


def view_of(page):
    asked = parse_qs(urlsplit(page.url).query)
    return [float(asked[name][0]) for name in "xyd"]


def test_people_talk_about_a_shape_and_the_list_leads_to_it_and_back(visit, demo, alice, drawn):
    page = looking_at(visit, demo, PLACE[0] + 45, PLACE[1] + 45)
    click(page, middle(page))
    thread = page.get_by_role("region", name="comment", exact=False).filter(has=page.get_by_label("Write a comment"))
    thread.get_by_role("heading", name="No comments").wait_for()
    page.keyboard.press("Shift+C")
    page.keyboard.type("Is this one cell\nor two? <b>5</b>")
    page.keyboard.press("Control+Enter")
    thread.get_by_role("heading", name="1 comment").wait_for()
    assert [words for _, words in thread_of(demo, drawn)] == ["Is this one cell\nor two? <b>5</b>"]

    theirs = alice.do("POST", f"/api/atrisys/annotation/{drawn}/comment.json", comment="Two.")["annotationcomment"]
    his = thread.get_by_role("listitem").filter(has_text="Alice A")
    his.get_by_text("Two.").wait_for()
    assert his.get_by_role("button", name="Change").count() == 0

    mine = thread.get_by_role("listitem").first
    mine.get_by_role("button", name="Change this comment").click()
    thread.get_by_label("Change this comment").fill("One cell or two?")
    mine.get_by_role("button", name="Save").click()
    mine.get_by_text("(edited)").wait_for()
    assert [words for _, words in thread_of(demo, drawn)] == ["One cell or two?", "Two."]

    page.keyboard.press("Escape")
    looking_at(visit, demo, 7000, 5000, 2)
    shelf = page.get_by_role("region", name="comments on this slide")
    shelf.get_by_role("button", name="Two.").click()
    page.get_by_role("heading", name=f"Annotation {drawn}").wait_for()
    page.wait_for_url(re.compile(rf"x={PLACE[0] + 45}&y={PLACE[1] + 45}&"))
    page.get_by_role("button", name="Back to where you looked").click()
    page.wait_for_url(re.compile("x=7000&y=5000&d=2\\b"))

    his.get_by_role("button", name="Delete this comment").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete this comment").click()
    his.wait_for(state="detached")
    assert alice.get(f"{alice.address}/api/atrisys/annotationcomment/{theirs['id']}.json").status_code == 404
    assert len(thread_of(demo, drawn)) == 1
    assert visit.complaints == []


def test_who_is_there_is_seen_gone_to_and_followed_until_one_moves(visit, demo, alice):
    alice.look(3000, 2500, 1)
    page = looking_at(visit, demo, 6000, 4000, 2)
    here = page.get_by_role("region", name="On this slide now")
    here.get_by_text("Alice A").wait_for()
    seen = alice.do("GET", f"/api/atrisys/imageinstance/{alice.image}/present.json?origin=left-top")["collection"]
    [mine] = [row for row in seen if row["user"] != alice.id]
    assert (round(mine["x"]), round(mine["y"])) == (6000, 4000)

    follow = here.get_by_role("button", name="Move as Alice A does")
    follow.click()
    page.wait_for_url(re.compile("x=3000&y=2500&"))
    assert view_of(page)[2] == pytest.approx(max(800 / middle_of(page)[0], 600 / middle_of(page)[1]), rel=0.01)
    alice.look(5000, 3000, 3)
    page.wait_for_url(re.compile("x=5000&y=3000&"))
    told = alice.do("GET", f"/api/atrisys/imageinstance/{alice.image}/present.json")["collection"]
    assert [row["followsMe"] for row in told if row["user"] != alice.id] == [True]

    page.keyboard.press("+")
    here.get_by_text("You move as Alice A does").wait_for(state="detached")
    moved = said(page)
    alice.look(1000, 1000, 1)
    # Who follows asks each second; who does not has nothing that one could wait for.
    page.wait_for_timeout(1200)
    assert said(page) == moved
    here.get_by_role("button", name="Go to where Alice A looks").click()
    page.wait_for_url(re.compile("x=1000&y=1000&"))

    here.get_by_label("Members see where I look").uncheck()
    follow_me = f"/api/imageinstance/{alice.image}/position/{mine['user']}.json"
    for _ in range(40):
        if not alice.do("GET", follow_me):
            break
        page.wait_for_timeout(250)
    assert alice.do("GET", follow_me) == {}

    alice.look(1000, 1000, 1)
    visit.open(f"{demo.told['address']}/project/{demo.told['projectId']}")
    page.get_by_role("img", name="Looking at it now: Alice A").wait_for()
    assert visit.complaints == []


def middle_of(page):
    box = page.locator(".slide > .ol-viewport").bounding_box()
    return box["width"], box["height"]


def test_the_view_is_saved_as_a_picture_and_its_link_is_copied(visit, demo):
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = looking_at(visit, demo, 6000, 2400, 4)
    is_painted(page)
    page.keyboard.press("Shift+L")
    page.get_by_text("The link is copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.get_by_label("Brightness").focus()
    with page.expect_download() as saved:
        page.keyboard.press("Shift+P")
    assert re.fullmatch(r"demo\.svs-\d{4}-\d\d-\d\d\.png", saved.value.suggested_filename)
    picture = Image.open(saved.value.path())
    box = page.locator(".slide > .ol-viewport").bounding_box()
    assert picture.size == (round(box["width"]), round(box["height"]))
    place = f"window-{6000 - 800}-{2400 - 600}-1600-1200.png"
    window = Image.open(io.BytesIO(demo.ask(f"/api/imageinstance/{demo.told['imageId']}/{place}").content))
    x, y = picture.width // 2, picture.height // 2
    seen = grey(picture.crop((x - 200, y - 150, x + 200, y + 150)))
    assert alike(seen, grey(window.resize((400, 300)))) > 0.6
    corner = np.asarray(picture.convert("RGB"))[-46:-12, -100:-12].reshape(-1, 3).astype(int)
    assert (abs(corner - (29, 34, 48)).sum(axis=1) < 40).sum() > 100
    assert visit.complaints == []
