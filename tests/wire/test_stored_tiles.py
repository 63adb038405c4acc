"""Tiles that are answered before the router: the same answers, the same rights, and no question to the database."""

import shutil

import pytest
import tifffile
from sqlalchemy import select

from atrisys.access import sign_in
from atrisys.imaging import pictures
from atrisys.imaging import slides as open_slides
from atrisys.imaging.source import FileSource
from atrisys.store.tables import ProjectMember, SliceInstance
from atrisys.wire import believed, stored_tiles
from atrisys.wire import tiles as tiles_out
from atrisys.wire.pictures import SMALL_AT_ONCE
from browser import signed_in
from given import slides
from tiles import asked, file_of, tile, ways

# --- what is answered ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["signature", "token", "session", "picture cookie"])
def test_after_the_first_tile_the_database_is_asked_no_more(app, store, bob, image, way):
    client = ways(app, bob, "bob")[way]
    first, questions = asked(store, client, tile(image))
    assert (first.status_code, questions > 0) == (200, True)
    for path in (tile(image), tile(image, 0, 2, 1), tile(image, 1, 1, 0)):
        answer, questions = asked(store, client, path)
        assert (answer.status_code, questions) == (200, 0), path
    again, _ = asked(store, client, tile(image))
    assert again.content == first.content
    assert _lasting(again) == _lasting(first)


def _lasting(answer):
    """The headers, but for what is another each time: the request's number, and the moment in the cookie."""
    cookie, _, _ = answer.headers.get("set-cookie", "").partition("=")
    return {**answer.headers, "x-request-id": "", "set-cookie": cookie}


def test_the_headers_are_those_of_every_picture(store, alice, image):
    alice.get(tile(image))
    answer, questions = asked(store, alice, tile(image))
    assert questions == 0
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["etag"].startswith('"')
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-request-id"]) == 32
    assert "atrisys_pictures=" in answer.headers["set-cookie"], "as every signed request"
    other = alice.get(tile(image), headers={"origin": "https://elsewhere.example"})
    assert other.headers["access-control-allow-origin"] == "*"


def test_who_has_the_tile_is_not_sent_it_again(store, alice, image):
    etag = alice.get(tile(image)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer, questions = asked(store, alice, tile(image), headers={"if-none-match": known})
        assert (answer.status_code, answer.content, questions) == (304, b"", 0)
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == "private, no-cache"
    other, _ = asked(store, alice, tile(image, 0, 2, 2), headers={"if-none-match": etag})
    assert other.status_code == 200


def test_who_only_asks_whether_tiles_are_the_same_is_known_as_well(app, store, bob, image, clock):
    etag = bob.get(tile(image)).headers["etag"]
    clock.now += 60
    open_slides._slides.clear()
    for questions_expected in (True, False):
        answer, questions = asked(store, bob, tile(image), headers={"if-none-match": etag})
        assert (answer.status_code, questions > 0) == (304, questions_expected)
    assert asked(store, bob, tile(image))[1] == 0


def test_head_says_the_same_without_the_tile(alice, image):
    got, head = alice.get(tile(image)), alice.head(tile(image))
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "content-type", "cache-control"):
        assert head.headers[name] == got.headers[name]


def test_a_tile_that_is_not_in_memory_comes_from_the_disk(store, monkeypatch, alice, image):
    wanted = alice.get(tile(image)).content
    monkeypatch.setattr(FileSource, "read_at_once", lambda *_: None)
    answer, questions = asked(store, alice, tile(image))
    assert (answer.content, questions) == (wanted, 0)
    monkeypatch.setattr(stored_tiles, "MOST_WAITING", 0)
    answer, questions = asked(store, alice, tile(image))
    assert answer.content == wanted
    assert questions > 0, "too many wait already: the ordinary road says how long"


def test_tiles_of_planes_are_answered_as_well(given, store, db, alice, project, tmp_path, clock):
    path = slides.ome(tmp_path / "stack.ome.tif", bits=8, compression="jpeg")
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    planes = db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image).order_by(SliceInstance.id))
    first, second, *_ = planes.all()
    bodies = set()
    for plane in (first, second):
        wanted = alice.get(tile(plane, noun="sliceinstance"))
        answer, questions = asked(store, alice, tile(plane, noun="sliceinstance"))
        assert (answer.content, questions) == (wanted.content, 0)
        bodies.add((answer.content, answer.headers["etag"]))
    assert len(bodies) == 2


# --- other grids, and what must be made first ------------------------------------------------------------------------


def every_grid(image, plane):
    """An inner tile, one at the edge, and one of a level that the file lacks, under every address."""
    ours = f"/api/atrisys/imageinstance/{image}"
    return [
        tile(image, 0, 1, 1),
        tile(image, 0, 7, 5),
        *(f"{ours}/image_files/{place}.jpg" for place in ("10/1_1", "10/7_5", "9/0_0")),
        *(f"{ours}/iiif/{region}/0/default.jpg" for region in ("128,128,128,128/128,", "896,640,4,60/4,", "full/90,")),
        f"{ours}/iiif/128,128,128,128/max/0/default.png",
        *(f"/api/sliceinstance/{plane}/normalized-tile/zoom/{place}.jpg" for place in ("2/tx/1/ty/1", "0/tx/0/ty/0")),
        f"/api/sliceinstance/{plane}/normalized-tile/zoom/2/tx/3/ty/2.webp",
    ]


def made_again(*_, **__):
    raise AssertionError("it was kept")


@pytest.fixture(params=["jpeg", "zlib"])
def both(request, given, alice, project, db, tmp_path, clock):
    """An image and its plane; JPEG tiles, or such as must be decoded."""
    path = slides.pyramid(tmp_path / "a.tif", slides.tissue(900, 700), factors=(1, 4), compression=request.param)
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    return image, db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image)).one()


def test_tiles_of_every_grid_are_made_once_and_then_answered_without_the_database(store, bob, both, monkeypatch):
    client = bob.with_token()
    firsts = {path: client.get(path) for path in every_grid(*both)}
    assert {answer.status_code for answer in firsts.values()} == {200}
    monkeypatch.setattr(tiles_out, "decoded_picture", made_again)
    for path, first in firsts.items():
        again, questions = asked(store, client, path)
        assert (again.content, questions) == (first.content, 0), path
        assert _lasting(again) == _lasting(first)
        known, questions = asked(store, client, path, headers={"if-none-match": first.headers["etag"]})
        assert (known.status_code, known.content, questions) == (304, b"", 0), path
        head, _ = asked(store, client, path, method="HEAD")
        assert (head.content, head.headers["content-length"]) == (b"", first.headers["content-length"])


def test_of_a_slide_that_one_may_see_tiles_are_made_without_the_database(store, bob, both):
    client, (image, plane) = bob.with_token(), both
    for noun, id in (("imageinstance", image), ("sliceinstance", plane)):
        assert client.get(tile(id, noun=noun)).status_code == 200
    for path in every_grid(image, plane):
        answer, questions = asked(store, client, path)
        assert (answer.status_code, questions) == (200, 0), path


def test_a_tile_that_cannot_be_made_is_refused_as_on_the_ordinary_road(
    given, store, db, bob, alice, project, tmp_path, clock, monkeypatch
):
    path = slides.pyramid(tmp_path / "a.tif", compression="zlib")
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    with tifffile.TiffFile(path) as tif:
        offset, length = tif.pages[0].dataoffsets[9], tif.pages[0].databytecounts[9]
    with file_of(store, db, image).open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * length)
    client = bob.with_token()
    first, questions = asked(store, client, tile(image, 0, 1, 1), headers={"accept-language": "zh-TW"})
    assert (first.status_code >= 500, questions > 0) == (True, True)
    assert client.get(tile(image, 0, 0, 0)).status_code == 200
    again, questions = asked(store, client, tile(image, 0, 1, 1), headers={"accept-language": "zh-TW"})
    assert (again.status_code, questions) == (first.status_code, 0)
    assert again.json() | {"requestId": ""} == first.json() | {"requestId": ""}
    assert again.headers["cache-control"] == "no-store"
    monkeypatch.setattr(tiles_out, "decoded_picture", made_again)
    bug, questions = asked(store, client, tile(image, 0, 2, 2))
    assert (bug.status_code, bug.json()["code"], questions) == (500, "internal", 0)


def test_what_is_kept_is_kept_for_all_who_may_see_it_and_for_nobody_else(
    store, alice, bob, charlie, nobody, both, monkeypatch
):
    for path in every_grid(*both):
        assert alice.get(path).status_code == 200
    monkeypatch.setattr(tiles_out, "decoded_picture", made_again)
    for path in every_grid(*both):
        assert bob.get(path).status_code == 200, path
        assert charlie.get(path).status_code == 404, path
        assert nobody.get(path).status_code == 401, path


def test_the_same_tile_of_two_grids_is_one(bob, both):
    image, _ = both
    etags = {bob.get(path).headers["etag"] for path in every_grid(*both)[::2] if "png" not in path}
    own = bob.get(tile(image, 0, 1, 1)).headers["etag"]
    assert own == bob.get(f"/api/atrisys/imageinstance/{image}/image_files/10/1_1.jpg").headers["etag"]
    assert own in etags
    assert len(etags) > 3


def test_what_lies_on_the_disk_does_not_wait_until_others_were_made(app, store, bob, both, monkeypatch):
    path = f"/api/atrisys/imageinstance/{both[0]}/image_files/9/0_0.jpg"
    first = bob.get(path)
    monkeypatch.setattr(store.tiles, "read_at_once", lambda *_: None)
    monkeypatch.setattr(tiles_out, "decoded_picture", made_again)
    seats = app.state.rooms._seats["small"]
    taken = 0
    while seats.take_at_once():
        taken += 1
    try:
        again, questions = asked(store, bob, path)
    finally:
        for _ in range(taken):
            seats.give_back()
    assert (again.content, questions, taken) == (first.content, 0, SMALL_AT_ONCE)


def test_a_tile_with_wishes_is_kept_as_it_was_wished(store, bob, both, monkeypatch):
    address = f"/api/sliceinstance/{both[1]}/normalized-tile/zoom/2/tx/1/ty/1.jpg"
    wishes = ("", "?gammas=2", "?gammas=3", "?jpegQuality=30", "?colormaps=JET")
    firsts = {wish: bob.get(address + wish) for wish in wishes}
    assert len({first.content for first in firsts.values()}) == len(wishes)
    monkeypatch.setattr(pictures, "tile", made_again)
    for wish, first in firsts.items():
        assert bob.get(address + wish).content == first.content
        assert bob.get(address + wish).headers["etag"] == first.headers["etag"]
    assert bob.get(f"{address}?gammas=2&of=no%20account").headers["etag"] == firsts["?gammas=2"].headers["etag"]


def test_tiles_that_were_lost_are_made_again(store, bob, both):
    firsts = {path: bob.get(path).content for path in every_grid(*both)}
    shutil.rmtree(store.folder.tiles)
    assert {path: bob.get(path).content for path in firsts} == firsts


def test_tiles_of_another_file_are_others(given, store, db, alice, project, tmp_path, clock):
    path = slides.pyramid(tmp_path / "a.tif", compression="zlib")
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    old = alice.get(tile(image))
    other = slides.pyramid(tmp_path / "b.tif", slides.tissue(900, 700, seed=7), compression="zlib")
    file_of(store, db, image).write_bytes(other.read_bytes())
    clock.now += 5
    new = alice.get(tile(image))
    assert (new.status_code, new.content != old.content) == (200, True)
    assert alice.get(tile(image)).content == new.content


def test_a_deleted_slides_tiles_leave_the_disk(given, store, alice, project, tmp_path, clock):
    path = slides.pyramid(tmp_path / "a.tif", compression="zlib")
    taken = given.slide(alice, project, path=path)
    image = taken.image_instance_ids[0]
    alice.get(tile(image))
    before = set(store.folder.tiles.glob("*/*/*"))
    assert alice.delete(f"/api/imageinstance/{image}.json").status_code == 200
    assert alice.delete(f"/api/uploadedfile/{taken.uploaded_file_id}.json").status_code == 200
    assert len(before - set(store.folder.tiles.glob("*/*/*"))) == 1


# --- how soon it ends ------------------------------------------------------------------------------------------------


def ends(store, client, image, clock, status, revoke):
    """A tile as it lies in the file, and one that was kept: both were known, then revoked; gone within five seconds."""
    both = (tile(image), f"/api/atrisys/imageinstance/{image}/image_files/9/0_0.jpg")
    for path in both:
        assert client.get(path).status_code == 200
        assert asked(store, client, path)[1] == 0
    revoke()
    clock.now += 5
    for path in both * 2:
        assert client.get(path).status_code == status


@pytest.mark.parametrize("way", ["signature", "token", "session", "picture cookie"])
def test_a_member_who_left_sees_nothing_after_five_seconds(app, store, db, alice, bob, project, image, clock, way):
    def revoke():
        assert alice.delete(f"/api/project/{project.id}/user/{bob.id}.json").status_code == 200
        assert not db.scalars(select(ProjectMember).where(ProjectMember.user_id == bob.id)).all()

    ends(store, ways(app, bob, "bob")[way], image, clock, 404, revoke)


@pytest.mark.parametrize("way", ["signature", "token", "session", "picture cookie"])
def test_a_locked_account_sees_nothing_after_five_seconds(app, store, ada, bob, image, clock, way):
    def revoke():
        assert ada.post(f"/api/user/{bob.id}/lock.json").status_code == 200

    ends(store, ways(app, bob, "bob")[way], image, clock, 401, revoke)


@pytest.mark.parametrize("way", ["signature", "token", "picture cookie"])
def test_old_keys_open_nothing_after_five_seconds(app, store, ada, bob, image, clock, way):
    def revoke():
        assert ada.post(f"/api/atrisys/user/{bob.id}/keys.json").status_code == 200

    ends(store, ways(app, bob, "bob")[way], image, clock, 401, revoke)


def test_a_session_that_ended_opens_nothing_after_five_seconds(app, store, db, bob, image, clock):
    browser = signed_in(app, "bob")

    def revoke():
        sign_in.close_all_sessions(db, bob.id)
        db.commit()

    ends(store, browser, image, clock, 401, revoke)


def test_a_deleted_image_is_gone_after_five_seconds(store, alice, bob, image, clock):
    def revoke():
        assert alice.delete(f"/api/imageinstance/{image}.json").status_code == 200

    ends(store, bob, image, clock, 404, revoke)


def test_a_picture_cookie_ends_when_it_says(app, store, monkeypatch, bob, image, clock):
    now = sign_in.now_ms()

    def revoke():
        monkeypatch.setattr(sign_in, "now_ms", lambda: now + 3_700_000)

    ends(store, ways(app, bob, "bob")["picture cookie"], image, clock, 401, revoke)


def test_another_file_is_noticed(store, db, alice, image, clock, tmp_path):
    old = alice.get(tile(image))
    path = file_of(store, db, image)
    path.write_bytes(slides.svs(tmp_path / "other.svs", seed=7).read_bytes())
    clock.now += 5
    new = alice.get(tile(image))
    assert new.content != old.content
    assert new.headers["etag"] != old.headers["etag"]


def test_one_request_judges_anew_while_the_others_go_on(store, alice, image, clock):
    alice.get(tile(image))
    clock.now += believed.RENEWED_S + 0.1
    assert [asked(store, alice, tile(image))[1] > 0 for _ in range(3)] == [True, False, False]
    clock.now += believed.RENEWED_S - 0.1
    assert asked(store, alice, tile(image))[1] == 0, "believed from the moment when it was judged anew"
    clock.now += believed.BELIEVED_S
    assert asked(store, alice, tile(image))[1] > 0


def test_what_is_believed_counts_from_when_it_was_asked(app, store, monkeypatch, alice, image, clock):
    """However long a request waits: the right that it was given is as old as the request."""
    keep = stored_tiles.StoredTiles._learn

    async def late(self, *given):
        clock.now += believed.BELIEVED_S
        await keep(self, *given)

    monkeypatch.setattr(stored_tiles.StoredTiles, "_learn", late)
    alice.get(tile(image))
    assert asked(store, alice, tile(image))[1] > 0


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_so_much_is_remembered_and_no_more(store, monkeypatch, alice, bob, ada, image):
    monkeypatch.setattr(believed, "MOST_KNOWN", 2)
    for person in (alice, bob, ada):
        person.get(tile(image))
    assert [asked(store, person, tile(image))[1] > 0 for person in (bob, ada)] == [False, False]
    assert asked(store, alice, tile(image))[1] > 0


def test_no_slide_is_kept_open_by_what_is_remembered(store, alice, image):
    alice.get(tile(image))
    open_slides._slides.clear()
    answer, questions = asked(store, alice, tile(image))
    assert (answer.status_code, questions > 0) == (200, True)
    assert asked(store, alice, tile(image))[1] == 0


def test_no_key_and_no_session_lies_open_in_what_is_remembered(app, bob, image):
    for client in ways(app, bob, "bob").values():
        shown = {name.encode(): value.encode() for name, value in client.headers.items()}
        digest = believed.credential_of({"scheme": "http", "headers": list(shown.items())})
        assert len(digest) == 32
