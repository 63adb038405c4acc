import pytest

from atrisys.store.tables import AbstractImage, Property, UserAnnotation
from given import slides


@pytest.fixture
def slide(given, alice, bob, tmp_path):
    project = given.project(alice, [bob])
    return given.slide(alice, project, path=slides.svs(tmp_path / "a.svs", width=300, height=200))


@pytest.fixture
def path(slide):
    return f"/api/abstractimage/{slide.abstract_image_id}"


@pytest.mark.parametrize("verb", ["extract", "regenerate"])
def test_what_the_file_says_takes_the_place_of_what_was_said_by_hand(given, alice, slide, path, db, verb):
    before = alice.get(f"{path}.json").json()
    assert before["physicalSizeX"]
    drawn = alice.post(
        "/api/annotation.json",
        json={"image": slide.image_instance_ids[0], "location": "POLYGON ((1 1, 1 9, 9 9, 9 1, 1 1))"},
    ).json()["annotation"]
    alice.put(f"{path}.json", json={"physicalSizeX": 8.0, "magnification": 5})
    assert db.get_one(UserAnnotation, drawn["id"]).area != drawn["area"]
    assert alice.post(f"{path}/properties/{verb}.json").status_code == 200
    after = alice.get(f"{path}.json").json()
    assert [after[name] for name in ("physicalSizeX", "magnification")] == [
        before[name] for name in ("physicalSizeX", "magnification")
    ]
    db.expire_all()
    assert db.get_one(UserAnnotation, drawn["id"]).area == drawn["area"]


@pytest.mark.parametrize("verb", ["clear", "populate"])
def test_texts_of_the_file_stay_in_the_file(given, alice, slide, path, db, verb):
    given.property(db.get_one(AbstractImage, slide.abstract_image_id), value="by hand")
    assert alice.post(f"{path}/properties/{verb}.json").json() == {}
    assert [row.value for row in db.query(Property)] == ["by hand"]


@pytest.mark.parametrize("verb", ["clear", "populate", "extract", "regenerate"])
def test_whoever_may_not_write_to_the_storage_may_not(bob, charlie, path, verb):
    assert bob.post(f"{path}/properties/{verb}.json").status_code == 403
    assert charlie.post(f"{path}/properties/{verb}.json").status_code == 404
