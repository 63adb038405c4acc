import pytest

from atrisys.store.tables import ImageInstance
from atrisys.store.tables.files import READ
from events import about
from given import slides
from looking import opened


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, alice, project, tmp_path):
    """An Aperio file with label, macro and thumbnail."""
    return given.slide(alice, project, folder=tmp_path).image_instance_ids[0]


@pytest.fixture
def base(db, image):
    return db.get_one(ImageInstance, image).base_image_id


def names(answer):
    return sorted(answer.json()["collection"])


def test_managers_see_label_and_macro(alice, image, base):
    for here in (f"/api/imageinstance/{image}", f"/api/abstractimage/{base}"):
        assert names(alice.get(f"{here}/associated.json")) == ["label", "macro", "thumb"]
        assert opened(alice.get(f"{here}/associated/macro.png")).size == (256, 120)
        assert opened(alice.get(f"{here}/associated/Label.jpg?maxSize=100")).size == (100, 75)
        assert opened(alice.post(f"{here}/associated/label.png")).size == (256, 192)


def test_a_contributor_sees_a_thumbnail_of_the_pixels_alone(bob, image, base):
    for here in (f"/api/imageinstance/{image}", f"/api/abstractimage/{base}"):
        assert names(bob.get(f"{here}/associated.json")) == ["thumb"]
        assert opened(bob.get(f"{here}/associated/thumb.png")).size == (256, 199)
        for name in ("label", "macro", "LABEL"):
            answer = bob.get(f"{here}/associated/{name}.png", headers={"If-None-Match": "*"})
            assert answer.status_code == 403


def test_the_owner_of_the_storage_sees_them_without_a_project_and_its_readers_do_not(given, alice, charlie, tmp_path):
    base = given.slide(alice, folder=tmp_path).abstract_image_id
    path = f"/api/abstractimage/{base}/associated/label.png"
    assert alice.get(path).status_code == 200
    assert charlie.get(path).status_code == 404
    given.storage_member(given.storage_of(alice), charlie, READ)
    assert charlie.get(path).status_code == 403
    assert charlie.get(f"/api/abstractimage/{base}/associated/thumb.png").status_code == 200


def test_a_view_of_a_label_is_logged(alice, image, store):
    path = f"/api/imageinstance/{image}/associated"
    etag = alice.get(f"{path}/label.png").headers["etag"]
    alice.get(f"{path}/label.png", headers={"If-None-Match": etag})
    alice.get(f"{path}/thumb.png")
    assert about(store, "viewed") == [(alice.id, "ImageInstance", image, "label")]


def test_what_a_slide_has_not_is_not_found(given, alice, project, image, tmp_path):
    assert alice.get(f"/api/imageinstance/{image}/associated/portrait.png").status_code == 404
    assert alice.get(f"/api/imageinstance/{image}/associated/label.png?maxSize=10001").status_code == 400
    assert alice.get(f"/api/imageinstance/{image}/associated/label.png?maxSize=0").status_code == 400
    plain = given.slide(alice, project, path=slides.pyramid(tmp_path / "plain.tif")).image_instance_ids[0]
    assert alice.get(f"/api/imageinstance/{plain}/associated/macro.png").status_code == 404
    assert names(alice.get(f"/api/imageinstance/{plain}/associated.json")) == []


def test_a_contributor_is_told_what_was_measured_and_nothing_that_was_written(alice, bob, image, base, store):
    for here in (f"/api/imageinstance/{image}", f"/api/abstractimage/{base}"):
        rows = bob.get(f"{here}/metadata.json").json()["collection"]
        assert {(row["namespace"], row["key"], row["value"]) for row in rows} >= {
            ("APERIO", "AppMag", "40"),
            ("APERIO", "MPP", "0.2500"),
        }
        assert {row["type"] for row in rows} <= {"INTEGER", "DECIMAL"}
        assert "GIVEN" not in str(rows)
        assert "GIVEN" in alice.get(f"{here}/metadata.json").text
    assert (alice.id, "AbstractImage", base, "metadata") in about(store, "viewed")


def test_a_measure_that_holds_words_is_not_told(given, alice, bob, tmp_path):
    path = slides.svs(tmp_path / "a.svs")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"AppMag = 40|", b"AppMag = Jo|"))
    image = given.slide(alice, given.project(alice, [bob]), path=path).image_instance_ids[0]
    assert "Jo" in alice.get(f"/api/imageinstance/{image}/metadata.json").text
    assert "Jo" not in bob.get(f"/api/imageinstance/{image}/metadata.json").text


def test_metadata_are_told_with_their_namespace(alice, image, base):
    for here in (f"/api/imageinstance/{image}", f"/api/abstractimage/{base}"):
        rows = alice.get(f"{here}/metadata.json").json()["collection"]
        found = {(row["namespace"], row["key"]): row for row in rows}
        assert found["APERIO", "AppMag"]["value"] == "40"
        assert found["APERIO", "AppMag"]["type"] == "INTEGER"
        assert found["APERIO", "MPP"]["type"] == "DECIMAL"
        assert found["APERIO", "ScanScope ID"]["type"] == "STRING"


def test_a_blinded_project_hides_metadata_from_contributors(given, alice, bob, ada, tmp_path):
    blinded = given.project(alice, [bob], blind_mode=True)
    taken = given.slide(alice, blinded, folder=tmp_path)
    for here in (f"/api/imageinstance/{taken.image_instance_ids[0]}", f"/api/abstractimage/{taken.abstract_image_id}"):
        assert bob.get(f"{here}/metadata.json").status_code == 403
        assert bob.get(f"{here}/associated/label.png").status_code == 403
        assert alice.get(f"{here}/metadata.json").status_code == 200
        assert ada.get(f"{here}/metadata.json").status_code == 200
        assert ada.get(f"{here}/associated/label.png").status_code == 200


def test_the_cookie_opens_pictures_and_no_lists(bob, nobody, image):
    here = f"/api/imageinstance/{image}"
    bob.get(f"{here}/associated.json")
    nobody.cookies = bob.cookies
    assert nobody.get(f"{here}/associated/thumb.png").status_code == 200
    assert nobody.get(f"{here}/associated.json").status_code == 401
    assert nobody.get(f"{here}/metadata.json").status_code == 401


def test_a_stranger_finds_nothing_beside_the_pixels(charlie, image, base):
    for here in (f"/api/imageinstance/{image}", f"/api/abstractimage/{base}"):
        for name in ("associated.json", "associated/label.png", "associated/thumb.png", "metadata.json"):
            assert charlie.get(f"{here}/{name}").status_code == 404
