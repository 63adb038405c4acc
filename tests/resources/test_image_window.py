import io
import os

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from atrisys.actions import history
from atrisys.imaging import making, regions
from atrisys.store.tables import ProjectMember, SliceInstance, UploadedFile
from given import slides
from looking import opened, pixels
from windows import TRUE, row_of, true_slide, window

WIDTH, HEIGHT = 900, 700
JPEG_MEAN, JPEG_MOST = 4.0, 60
"""Grey levels by which a JPEG of quality 80 may be off: the mean, and the 99.9th percentile."""
ENDINGS = {"jpg": "jpeg", "JPEG": "jpeg", "png": "png", "webp": "webp", "tif": "tiff", "gif": "png"}
TOO_LARGE = (
    "window-0-0-900-700.png?maxSize=10001",
    "window-0-0-900-700.jpg?maxSize=20000",
    "window-0-0-10-10.webp?maxSize=10001",
    "window-0-0-900-700.png?mask=true&maxSize=10001",
)


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, alice, project, tmp_path):
    return given.slide(alice, project, path=true_slide(tmp_path)).image_instance_ids[0]


def nearly(jpeg, wanted):
    off = np.abs(jpeg.astype(int) - wanted)
    return off.mean() < JPEG_MEAN and np.quantile(off, 0.999) <= JPEG_MOST


def test_a_window_holds_the_pixels_of_the_slide(bob, image):
    answer = bob.get(window(100, 60, 300, 200, image))
    assert np.array_equal(pixels(answer), TRUE[60:260, 100:400])
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["content-length"] == str(len(answer.content))


def test_every_noun_and_camera_and_post_give_the_same_window(alice, db, image):
    base = row_of(db, image).base_image_id
    piece = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image)).one()
    for noun, id in (
        ("imageinstance", image),
        ("abstractimage", base),
        ("sliceinstance", piece.id),
        ("abstractslice", piece.base_slice_id),
    ):
        for path in (window(8, 16, 70, 50, id, noun=noun), f"/api/{noun}/{id}/camera-8-16-70-50.png"):
            assert np.array_equal(pixels(alice.get(path)), TRUE[16:66, 8:78]), path
            assert np.array_equal(pixels(alice.post(path)), TRUE[16:66, 8:78]), path


def test_the_ending_says_the_format(bob, image):
    for ending, type in ENDINGS.items():
        answer = bob.get(window(0, 0, 64, 48, image, ending))
        assert answer.headers["content-type"] == f"image/{type}"
        assert opened(answer).size == (64, 48)
        if type in ("png", "tiff"):
            assert np.array_equal(pixels(answer), TRUE[:48, :64])


def test_the_window_of_the_script_is_the_whole_picture_at_full_resolution(bob, image):
    jpeg = pixels(bob.get(f"/api/imageinstance/{image}/window-{WIDTH}-{HEIGHT}-0-0.jpg?zoom=0"))
    assert jpeg.shape == TRUE.shape
    assert nearly(jpeg, TRUE)
    lossless = bob.get(f"/api/imageinstance/{image}/window-{WIDTH}-{HEIGHT}-0-0.png?zoom=0")
    assert np.array_equal(pixels(lossless), TRUE)


def test_other_windows_without_an_area_are_refused(bob, image):
    for numbers in ("900-0-0-0", "0-700-0-0", "10-20-0-5", "10-20-5-0", "0-0-0-0", "5-5-10--3"):
        answer = bob.get(f"/api/imageinstance/{image}/window-{numbers}.png")
        assert answer.status_code == 400
        assert "no area" in answer.json()["errors"]


def test_a_large_window_is_sent_in_pieces_and_is_the_same(bob, image, monkeypatch):
    monkeypatch.setattr(making, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(regions, "BAND_BYTES", 900 * 3 * 128)
    path = f"/api/imageinstance/{image}/window-{WIDTH}-{HEIGHT}-0-0"
    with bob.stream("GET", f"{path}.png?zoom=0") as answer:
        assert "content-length" not in answer.headers
        pieces = list(answer.iter_raw())
    assert len(pieces) > 1
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(b"".join(pieces)))), TRUE)
    head = bob.head(f"{path}.jpg")
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "image/jpeg")


def test_zoom_halves_and_max_size_wins_over_it(bob, image):
    assert opened(bob.get(window(0, 0, 400, 300, image) + "?zoom=2")).size == (100, 75)
    assert opened(bob.get(window(0, 0, 400, 300, image) + "?zoom=2&maxSize=200")).size == (200, 150)
    assert opened(bob.get(window(0, 0, 40, 30, image) + "?maxSize=200")).size == (200, 150)
    shrunk = pixels(bob.get(window(0, 0, 800, 600, image) + "?zoom=1"))
    assert np.array_equal(shrunk, TRUE[:600:2, :800:2]), "the slide's own second level"
    assert bob.get(window(0, 0, 40, 30, image) + "?zoom=99").status_code == 400


def test_a_window_over_the_edge_is_cut_or_padded_with_white(bob, image):
    cut = pixels(bob.get(window(850, 650, 100, 100, image)))
    assert np.array_equal(cut, TRUE[650:, 850:])
    padded = pixels(bob.get(window(850, 650, 100, 100, image) + "?withExterior=True"))
    assert np.array_equal(padded[:50, :50], TRUE[650:, 850:])
    assert (padded[50:] == 255).all()
    assert (padded[:, 50:] == 255).all()
    before = pixels(bob.get(window(-20, -10, 100, 100, image) + "?withExterior=true"))
    assert np.array_equal(before[10:, 20:], TRUE[:90, :80])
    assert np.array_equal(pixels(bob.get(window(-20, -10, 100, 100, image))), TRUE[:90, :80])
    assert bob.get(window(900, 0, 10, 10, image)).status_code == 400
    assert bob.get(window(0, 0, 9000, 10, image) + "?withExterior=true").status_code == 400


def test_colours_are_changed_as_asked(bob, image):
    path = window(0, 0, 60, 40, image)
    part = TRUE[:40, :60]
    assert np.array_equal(pixels(bob.get(path + "?inverse=True")), 255 - part)
    grey = pixels(bob.get(path + "?colormap=GRAY&bits=8")).astype(int)
    assert (grey[..., 0] == grey[..., 1]).all()
    dark = pixels(bob.get(path + "?gamma=2"))
    assert np.abs(dark - 255 * (part / 255) ** 2).max() <= 1
    assert np.array_equal(pixels(bob.get(path + "?bits=None&gamma=null&colormap=")), part)
    for wrong in ("bits=7", "gamma=x", "gamma=11", "colormap=NOSUCH", "contrast=-1", "jpegQuality=0", "maxSize=x"):
        answer = bob.get(f"{path}?{wrong}")
        assert answer.status_code == 400, wrong
        assert answer.json()["errors"]


def test_every_picture_takes_the_words_of_tiles(bob, image):
    true = TRUE[60:260, 100:400]
    ring = "POLYGON ((100 440, 400 440, 400 640, 100 640, 100 440))"
    for path in (
        window(100, 60, 300, 200, image) + "?",
        f"/api/imageinstance/{image}/crop.png?maxSize=300&location={ring}&",
    ):
        green = pixels(bob.get(path + "channels=1"))
        assert np.array_equal(green[..., 1], true[..., 1])
        assert not green[..., [0, 2]].any()
        spread = pixels(bob.get(path + "minIntensities=100&maxIntensities=200")).astype(float)
        assert np.abs(spread - np.clip((true - 100.0) / 100 * 255, 0, 255)).max() <= 1
        bent = pixels(bob.get(path + "gammas=2")).astype(float)
        assert np.abs(bent - (true / 255.0) ** 2 * 255).max() <= 1
        assert set(np.unique(pixels(bob.get(path + "filters=OTSU")))) == {0, 255}
        assert bob.get(path + "filters=SOBEL").status_code == 404
        assert bob.get(path + "channels=3").status_code == 400
    assert pixels(bob.get(f"/api/imageinstance/{image}/thumb.png?filters=MEAN")).ndim == 2


def test_windows_of_a_stack_show_the_channels_and_the_place_that_are_asked_for(given, alice, project, tmp_path):
    image = given.slide(alice, project, path=slides.ome(tmp_path / "stack.ome.tif")).image_instance_ids[0]
    path = f"/api/imageinstance/{image}/window-10-20-200-100.png?bits=16"
    for c, z, t in ((0, 0, 0), (0, 2, 1), (1, 1, 0)):
        one = pixels(alice.get(f"{path}&channels={c}&zSlices={z}&timepoints={t}&colormap=GRAY"))
        own = slides.plane(c, z, t, 500, 300)[20:120, 10:210]
        assert one.dtype.itemsize > 1
        assert np.array_equal(one, own[..., 0] if own.ndim == 3 else own)
    both = pixels(alice.get(path.replace("bits=16", "bits=8") + "&channels=0,1&colormaps=RED,BLUE"))
    assert both.shape == (100, 200, 3)
    assert both[..., 0].any()
    assert both[..., 2].any()
    assert not both[..., 1].any()
    assert alice.get(f"{path}&zSlices=3").status_code == 400
    assert alice.get(f"{path}&zSlices=0,1").status_code == 400


def test_beyond_the_limits_the_answer_names_them_and_the_export(bob, image):
    for path in TOO_LARGE:
        answer = bob.get(f"/api/imageinstance/{image}/{path}")
        assert answer.status_code == 400
        assert answer.json()["code"] == "too_large"
        assert "10000" in answer.json()["errors"]
        assert "atrisys export" in answer.json()["errors"]


def test_safe_shrinks_to_the_limit_and_says_so(bob, image):
    answer = bob.get(window(0, 0, 9, 900, image) + "?maxSize=10500&safe=true")
    assert opened(answer).size == (129, 10000)
    said = "request_width=135, request_height=10500, safe_width=129, safe_height=10000, ratio=0.955556"
    assert answer.headers["x-image-size-limit"] == said


def test_an_unchanged_picture_is_not_made_again(bob, image, monkeypatch):
    path = window(100, 60, 300, 200, image)
    first = bob.get(path)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    monkeypatch.setattr("atrisys.resources.image_window.pictures.window", None)
    for known in (etag, f'W/{etag}, "x"', "*"):
        again = bob.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["cache-control"] == "private, no-cache"
    assert bob.head(path, headers={"If-None-Match": etag}).status_code == 304
    assert bob.get(path, headers={"If-None-Match": '"x"'}).status_code == 500
    monkeypatch.undo()
    assert bob.get(path).headers["etag"] == etag
    others = [bob.get(path + f"?{more}").headers["etag"] for more in ("bits=8", "maxSize=100", "gamma=2")]
    assert len({etag, *others, bob.get(window(100, 60, 300, 201, image)).headers["etag"]}) == 5


def test_another_file_behind_the_image_is_another_picture(bob, db, store, image, monkeypatch):
    path = window(0, 0, 30, 20, image)
    etag = bob.get(path).headers["etag"]
    file = db.scalars(select(UploadedFile).order_by(UploadedFile.id.desc())).first()
    os.utime(store.folder.path_of(file.filename), ns=(1, 1))
    again = bob.get(path, headers={"If-None-Match": etag})
    assert again.status_code == 200
    assert again.headers["etag"] != etag


def test_head_says_what_get_sends(bob, image):
    path = window(100, 60, 300, 200, image)
    get, head = bob.get(path), bob.head(path)
    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert head.headers[name] == get.headers[name]


def test_a_stranger_finds_no_window_and_nobody_is_asked_to_sign_in(charlie, nobody, image):
    path = window(0, 0, 30, 20, image)
    unknown = charlie.get(window(0, 0, 30, 20, 999_999)).json()
    refused = charlie.get(path)
    assert refused.status_code == 404
    assert refused.json()["errors"] == unknown["errors"].replace("999999", str(image))
    assert charlie.head(path).status_code == 404
    assert charlie.post(path).status_code == 404
    assert charlie.get(path, headers={"If-None-Match": "*"}).status_code == 404
    assert nobody.get(path).status_code == 401


def test_who_is_no_longer_a_member_is_stopped_at_once(given, alice, bob, project, db, image):
    path = window(0, 0, 30, 20, image)
    etag = bob.get(path).headers["etag"]
    cookies = bob.cookies
    assert alice.delete(f"/api/project/{project.id}/user/{bob.id}.json").status_code == 200
    assert bob.get(path, headers={"If-None-Match": etag}).status_code == 404
    bare = type(bob)(bob.app)
    bare.cookies = cookies
    assert bare.get(path).status_code == 404
    db.add(ProjectMember(id=history.take_ids(db)[0], project_id=project.id, user_id=bob.id))
    db.commit()
    assert bob.get(path).status_code == 200


def test_the_cookie_of_a_signed_request_opens_windows(bob, nobody, image):
    whole = f"/api/imageinstance/{image}/window-{WIDTH}-{HEIGHT}-0-0.jpg?zoom=0"
    assert nobody.get(whole).status_code == 401
    assert bob.get("/api/user/current.json").status_code in (200, 404)
    nobody.cookies = bob.cookies
    assert opened(nobody.get(whole)).size == (WIDTH, HEIGHT)
    assert nobody.head(whole).status_code == 200
    assert nobody.post(whole).status_code == 401


def test_an_image_without_a_file_has_no_window(given, alice, project):
    image = given.image(project, alice)
    answer = alice.get(window(0, 0, 10, 10, image.id))
    assert (answer.status_code, answer.json()["code"]) == (404, "picture_missing")


@slides.needs_real
@pytest.mark.parametrize("path", [slides.SVS, slides.DICOM])
def test_windows_of_real_slides_are_what_openslide_shows(given, alice, project, path):
    from openslide import OpenSlide

    image = given.slide(alice, project, path=path).image_instance_ids[0]
    file = path if path.is_file() else sorted(path.glob("*.dcm"))[0]
    wanted = np.asarray(OpenSlide(file).read_region((700, 900), 0, (420, 310)).convert("RGB"))
    found = pixels(alice.get(window(700, 900, 420, 310, image)))
    assert np.abs(found.astype(int) - wanted).max() <= 2
    assert nearly(pixels(alice.get(window(700, 900, 420, 310, image, "jpg"))), wanted)
    whole = bare_whole(alice, image)
    assert whole.size == (2220, 2967)


def bare_whole(person, image):
    """As README.md's script fetches it: only the cookie."""
    bare = type(person)(person.app)
    bare.cookies = person.cookies
    return opened(bare.get(f"/api/imageinstance/{image}/window-2220-2967-0-0.jpg?zoom=0"))
