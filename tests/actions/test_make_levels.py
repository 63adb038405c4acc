"""From the import of a huge slide to grids that tell of levels that its file lacks."""

import shutil

import numpy as np
import pytest
from sqlalchemy import select

from atrisys.actions.make_levels import make_levels
from atrisys.imaging import lacking as rule
from atrisys.store.tables import AbstractImage, Change, Job
from given import slides
from looking import opened, pixels


@pytest.fixture(autouse=True)
def huge(monkeypatch, store):
    """All tests have one data folder, and the same numbers come again."""
    monkeypatch.setattr(rule, "MOST_PIXELS", 300 * 300)
    yield
    for folder in store.folder.levels.iterdir():
        shutil.rmtree(folder)


@pytest.fixture
def slide(given, alice, bob, tmp_path):
    path = slides.pyramid(tmp_path / "huge.tif", slides.tissue(1500, 1200), factors=(1,), tile=256)
    return given.slide(alice, given.project(alice, [bob]), path=path)


@pytest.fixture
def make(store, given, slide):
    """Does what the job does."""

    def make():
        fractions = []
        return make_levels(store, given.maker, slide.abstract_image_id, fractions.append), fractions

    return make


@pytest.fixture
def ask(alice, slide):
    def ask(what, person=alice):
        return person.get(f"/api/atrisys/imageinstance/{slide.image_instance_ids[0]}/{what}")

    return ask


def folders(store, slide):
    return [made.name for made in (store.folder.levels / str(slide.uploaded_file_id)).iterdir()]


def test_the_import_asks_for_them_and_until_they_are_there_an_overview_is_refused_at_once(alice, slide, ask, db):
    job = db.scalars(select(Job).where(Job.name == "make_levels")).one()
    assert (job.user_id, job.arguments) == (alice.id, {"abstract_image": slide.abstract_image_id})
    grid = ask("tiles.json").json()
    assert (grid["isComplete"], len(grid["levels"])) == (False, 1)
    refused = ask("image_files/4/0_0.jpg")
    assert (refused.status_code, refused.json()["code"]) == (503, "levels_missing")
    assert int(refused.headers["retry-after"]) > 0
    assert alice.get(f"/api/imageinstance/{slide.image_instance_ids[0]}/thumb.png?maxSize=60").status_code == 503
    assert ask("image_files/9/0_0.jpg").status_code == 200
    assert ask("tile/0/2/2.jpg").status_code == 200


def test_all_grids_serve_them_as_they_lie_on_the_disk(alice, bob, slide, ask, make, store):
    seen_before = ask("image_files/9/0_0.jpg").headers["etag"]
    result, fractions = make()
    assert (result["levels"], fractions[-1]) == (2, 1)
    [folder] = folders(store, slide)
    grid = ask("tiles.json", bob).json()
    assert grid["isComplete"]
    assert [(level["width"], level["downsample"]) for level in grid["levels"]] == [(1500, 1), (375, 4), (188, 8)]
    assert folder not in str(grid)
    tile = ask("tile/1/0/0.jpg", bob)
    assert np.abs(pixels(tile).astype(int) - slides.tissue(1500, 1200)[2::4, 2::4][:256, :256]).mean() < 12
    assert ask("image_files/9/0_0.jpg", bob).content == tile.content
    assert ask("image_files/9/0_0.jpg", bob).headers["etag"] != seen_before
    assert opened(ask("image_files/4/0_0.jpg", bob)).size == (12, 10)
    assert ask("iiif/full/60,/0/default.jpg", bob).status_code == 200
    assert alice.get(f"/api/imageinstance/{slide.image_instance_ids[0]}/thumb.png?maxSize=60").status_code == 200


def test_they_are_made_once_and_anew_only_when_they_were_lost(slide, ask, make, store):
    make()
    [before] = folders(store, slide)
    assert make() == ({"abstractImage": slide.abstract_image_id, "levels": 0, "bytes": 0}, [])
    assert folders(store, slide) == [before]
    shutil.rmtree(store.folder.levels / str(slide.uploaded_file_id) / before)
    assert make()[0]["levels"] == 2
    [after] = folders(store, slide)
    assert before != after
    assert ask("tile/1/0/0.jpg").status_code == 200


def test_what_goes_wrong_leaves_nothing(slide, ask, store, given):
    def stop(fraction):
        if fraction > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_levels(store, given.maker, slide.abstract_image_id, stop)
    assert folders(store, slide) == []
    assert not ask("tiles.json").json()["isComplete"]


def test_they_go_with_the_slide(alice, slide, make, store):
    make()
    assert alice.delete(f"/api/imageinstance/{slide.image_instance_ids[0]}.json").status_code == 200
    assert alice.delete(f"/api/uploadedfile/{slide.uploaded_file_id}.json").status_code == 200
    assert list(store.folder.levels.iterdir()) == []


def test_that_they_are_there_is_not_undone(alice, slide, make, db):
    make()
    query = select(Change.transaction_id).where(Change.object_id == slide.abstract_image_id)
    command = db.scalars(query.order_by(Change.seq.desc())).first()
    answer = alice.get(f"/api/command/{command}/undo.json")
    assert answer.status_code in (400, 403)
    assert len(db.get_one(AbstractImage, slide.abstract_image_id).facts["levels"]) == 3


def test_they_are_asked_for_by_who_may_write_to_the_storage(alice, bob, charlie, nobody, slide, given, tmp_path):
    address = f"/api/atrisys/abstractimage/{slide.abstract_image_id}/levels.json"
    assert nobody.post(address).status_code == 401
    assert charlie.post(address).status_code == 404
    assert bob.post(address).status_code == 403
    job = alice.post(address).json()["job"]
    assert alice.get(f"/api/atrisys/job/{job}.json").json()["name"] == "make_levels"
    small = slides.pyramid(tmp_path / "small.tif", slides.tissue(250, 250), factors=(1,))
    other = given.slide(alice, given.project(alice), path=small).abstract_image_id
    assert alice.post(f"/api/atrisys/abstractimage/{other}/levels.json").status_code == 400
