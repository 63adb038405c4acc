"""Tiles that are answered before the router: the same answers, the same rights, and no question to the database."""

import pytest
from sqlalchemy import select

from atrisys.access import sign_in
from atrisys.imaging import slides as open_slides
from atrisys.imaging.source import FileSource
from atrisys.store.tables import ProjectMember, SliceInstance
from atrisys.wire import stored_tiles
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
    assert {**again.headers, "x-request-id": ""} == {**first.headers, "x-request-id": ""}


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


def test_what_is_no_jpeg_goes_the_ordinary_road_each_time(given, store, alice, project, tmp_path, clock):
    path = slides.pyramid(tmp_path / "plain.tif", compression="zlib")
    image = given.slide(alice, project, path=path).image_instance_ids[0]
    for _ in range(2):
        answer, questions = asked(store, alice, tile(image))
        assert (answer.status_code, answer.headers["content-type"], questions > 0) == (200, "image/jpeg", True)


# --- how soon it ends ------------------------------------------------------------------------------------------------


def ends(store, client, image, clock, status, revoke):
    """A tile that was known, then revoked: gone within five seconds."""
    assert client.get(tile(image)).status_code == 200
    assert asked(store, client, tile(image))[1] == 0
    revoke()
    clock.now += 5
    assert client.get(tile(image)).status_code == status
    assert client.get(tile(image)).status_code == status


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
    clock.now += stored_tiles.RENEWED_S + 0.1
    assert [asked(store, alice, tile(image))[1] > 0 for _ in range(3)] == [True, False, False]
    clock.now += stored_tiles.RENEWED_S - 0.1
    assert asked(store, alice, tile(image))[1] == 0, "believed from the moment when it was judged anew"
    clock.now += stored_tiles.BELIEVED_S
    assert asked(store, alice, tile(image))[1] > 0


def test_what_is_believed_counts_from_when_it_was_asked(app, store, monkeypatch, alice, image, clock):
    """However long a request waits: the right that it was given is as old as the request."""
    keep = stored_tiles.StoredTiles._keep

    async def late(self, *given):
        clock.now += stored_tiles.BELIEVED_S
        await keep(self, *given)

    monkeypatch.setattr(stored_tiles.StoredTiles, "_keep", late)
    alice.get(tile(image))
    assert asked(store, alice, tile(image))[1] > 0


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_so_much_is_remembered_and_no_more(store, monkeypatch, alice, bob, ada, image):
    monkeypatch.setattr(stored_tiles, "MOST_KNOWN", 2)
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
        digest = stored_tiles.credential_of({"scheme": "http", "headers": list(shown.items())})
        assert len(digest) == 32
