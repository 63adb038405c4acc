"""What was exported comes back as it was; what others wrote comes in; nothing is lost in silence."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image
from shapely.geometry import mapping
from sqlalchemy import select

from atrisys.actions.export_training_data import Wanted, export_training_data
from atrisys.actions.import_annotations import Asked, import_annotations
from atrisys.errors import Invalid, NotFound
from atrisys.geometry.frames import LEFT_BOTTOM, LEFT_TOP, Origin
from atrisys.store.tables import AbstractSlice, AnnotationTerm, ImageInstance, Term, UserAnnotation
from given import slides

SHAPES = (
    "POLYGON ((20.1 20, 20.1 180, 180 180.7, 180 20, 20.1 20), (60 60, 60 100, 100 100, 100 60, 60 60))",
    "POLYGON ((100.5 100.25, 100.5 250, 280 250, 280 100.25, 100.5 100.25))",
    "MULTIPOLYGON (((300 10, 300 50, 340 50, 340 10, 300 10)), ((350 60, 350 90, 390 90, 350 60)))",
    "LINESTRING (1 1, 50.3 60.1, 399.99999999999994 0.1)",
    "POINT (7 9.000000000000002)",
)


@pytest.fixture
def here(given, alice, bob):
    """A project with two terms and two images of one size: one with annotations, one to import them to."""

    class Here:
        ontology = given.ontology(alice)
        tumour, stroma = given.term(ontology, "Tumour"), given.term(ontology, "Stroma")
        project = given.project(alice, [bob], ontology=ontology)
        image = given.image(project, alice, width=400, height=300)
        empty = given.image(project, alice, width=400, height=300)

    return Here


def exported(store, person, here, folder: Path, image: ImageInstance, origin: Origin = LEFT_TOP) -> Path:
    wanted = Wanted(images=(image.id,), origin=origin)
    export_training_data(store, person.caller, here.project.id, folder, wanted)
    return folder / f"{image.id}.geojson"


def annotations_of(db, image):
    """What matters of each annotation of an image, in the listing's order."""
    rows = db.scalars(
        select(UserAnnotation).where(UserAnnotation.image_id == image.id).order_by(UserAnnotation.id.desc())
    )
    found = []
    for row in rows:
        links = select(Term.name).join(AnnotationTerm, AnnotationTerm.term_id == Term.id)
        links = links.where(AnnotationTerm.annotation_id == row.id).order_by(AnnotationTerm.id)
        found.append((row.shape, row.source, tuple(db.scalars(links))))
    return found


def write(path: Path, *features, **members) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features), **members}), encoding="utf-8")
    return path


def feature(shape, **properties):
    return {"type": "Feature", "properties": properties, "geometry": mapping(shape)}


@pytest.mark.parametrize("origin", [LEFT_TOP, LEFT_BOTTOM])
def test_what_was_exported_comes_back_as_it_was(store, given, here, alice, db, tmp_path, origin):
    terms = ([here.tumour], [here.stroma, here.tumour], [], [here.stroma], [])
    for number, (wkt, named) in enumerate(zip(SHAPES, terms, strict=True)):
        source = None if number == 1 else f"model {number}"
        given.annotation(here.image, alice, wkt, named, source=source)
    file = exported(store, alice, here, tmp_path / "out", here.image, origin)
    done = import_annotations(store, alice.caller, file, Asked(here.empty.id))
    assert (done.added, done.problems, done.mended, done.clipped) == (5, [], 0, 0)
    assert annotations_of(db, here.empty) == annotations_of(db, here.image)
    exported(store, alice, here, tmp_path / "again", here.empty)
    masks = [tmp_path / "out" / f"{here.image.id}_mask.png", tmp_path / "again" / f"{here.empty.id}_mask.png"]
    first, second = (np.asarray(Image.open(path)) for path in masks)
    assert first.any()
    assert np.array_equal(first, second)


def test_a_shape_goes_on_correcting_the_one_it_corrected(store, given, here, alice, db, tmp_path):
    old = given.annotation(here.image, alice, SHAPES[0])
    given.annotation(here.image, alice, SHAPES[1], parent_id=old.id)
    file = exported(store, alice, here, tmp_path, here.image)
    import_annotations(store, alice.caller, file, Asked(here.empty.id))
    rows = select(UserAnnotation).where(UserAnnotation.image_id == here.empty.id).order_by(UserAnnotation.id)
    first, second = db.scalars(rows)
    assert (first.parent_id, second.parent_id) == (None, first.id)


def test_a_parent_of_the_project_is_kept_and_an_unknown_one_is_counted(store, given, here, alice, db, tmp_path):
    there = given.annotation(here.image, alice, SHAPES[0])
    box = shapely.box(10, 10, 50, 50)
    file = write(
        tmp_path / "f.geojson",
        feature(box, annotation_id=5, parent_id=there.id),
        feature(box, annotation_id=6, parent_id=987_654),
        origin="left-top",
    )
    done = import_annotations(store, alice.caller, file, Asked(here.empty.id))
    rows = select(UserAnnotation.parent_id).where(UserAnnotation.image_id == here.empty.id)
    assert list(db.scalars(rows.order_by(UserAnnotation.id.desc()))) == [there.id, None]
    assert done.lost_parents == 1


def test_a_shape_that_corrects_one_further_down_in_the_file_finds_it(store, here, alice, db, tmp_path, monkeypatch):
    monkeypatch.setattr("atrisys.actions.import_annotations.BATCH", 1)
    box = shapely.box(10, 10, 50, 50)
    file = write(
        tmp_path / "f.geojson",
        feature(box, annotation_id=5),
        feature(box, annotation_id=6, parent_id=5),
        origin="left-top",
    )
    import_annotations(store, alice.caller, file, Asked(here.empty.id))
    rows = select(UserAnnotation).where(UserAnnotation.image_id == here.empty.id).order_by(UserAnnotation.id.desc())
    first, second = db.scalars(rows)
    assert second.parent_id == first.id


def test_a_file_that_does_not_say_its_origin_is_refused_unless_it_is_given(store, here, alice, db, tmp_path):
    file = write(tmp_path / "f.geojson", feature(shapely.box(10, 20, 50, 60)))
    with pytest.raises(Invalid, match="where its coordinates begin"):
        import_annotations(store, alice.caller, file, Asked(here.empty.id))
    import_annotations(store, alice.caller, file, Asked(here.empty.id, "left-bottom"))
    ((shape, source, _),) = annotations_of(db, here.empty)
    assert shapely.from_wkb(shape).equals(shapely.box(10, 240, 50, 280))
    assert source == "import"


def test_unknown_terms_refuse_the_file_before_anything_is_drawn(store, here, alice, db, tmp_path):
    box = shapely.box(10, 20, 50, 60)
    file = write(
        tmp_path / "f.geojson", feature(box, terms=["Tumour"]), feature(box, terms=["Necrosis"]), origin="left-top"
    )
    with pytest.raises(Invalid, match="Necrosis"):
        import_annotations(store, alice.caller, file, Asked(here.empty.id))
    assert annotations_of(db, here.empty) == []


def test_unknown_terms_can_be_added(store, here, alice, db, tmp_path):
    box = shapely.box(10, 20, 50, 60)
    file = write(tmp_path / "f.geojson", feature(box, terms=["Necrosis", "Tumour"]), origin="left-top")
    done = import_annotations(store, alice.caller, file, Asked(here.empty.id, unknown_terms="add"))
    assert done.added_terms == ["Necrosis"]
    assert [terms for *_, terms in annotations_of(db, here.empty)] == [("Necrosis", "Tumour")]


def test_unknown_terms_can_be_left_out(store, here, alice, db, tmp_path):
    box = shapely.box(10, 20, 50, 60)
    file = write(tmp_path / "f.geojson", feature(box, terms=["Necrosis", "Tumour"]), origin="left-top")
    done = import_annotations(store, alice.caller, file, Asked(here.empty.id, unknown_terms="leave-out"))
    assert done.left_out_terms == ["Necrosis"]
    assert [terms for *_, terms in annotations_of(db, here.empty)] == [("Tumour",)]


def test_terms_are_not_added_by_who_may_not_change_the_ontology(store, here, bob, db, tmp_path):
    file = write(tmp_path / "f.geojson", feature(shapely.box(1, 2, 5, 6), terms=["Necrosis"]), origin="left-top")
    with pytest.raises(PermissionError):
        import_annotations(store, bob.caller, file, Asked(here.empty.id, unknown_terms="add"))
    assert db.scalar(select(Term.id).where(Term.name == "Necrosis")) is None


def test_a_bad_shape_is_named_by_its_place_and_the_rest_is_drawn(store, here, alice, db, tmp_path):
    box = shapely.box(10, 20, 50, 60)
    odd = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}
    outside = feature(shapely.box(1000, 1000, 1100, 1100))
    file = write(tmp_path / "f.geojson", feature(box), odd, outside, feature(box), origin="left-top")
    done = import_annotations(store, alice.caller, file, Asked(here.empty.id))
    assert done.added == 2
    assert [problem.number for problem in done.problems] == [2, 3]


def test_shapes_that_cross_themselves_or_the_edge_are_mended_and_counted(store, here, alice, db, tmp_path):
    bow = shapely.Polygon([(10, 10), (50, 50), (50, 10), (10, 50)])
    beyond = shapely.box(350, 250, 450, 350)
    file = write(tmp_path / "f.geojson", feature(bow), feature(beyond), origin="left-top")
    done = import_annotations(store, alice.caller, file, Asked(here.empty.id))
    assert (done.added, done.mended, done.clipped) == (2, 1, 1)


def test_a_stranger_finds_no_image_to_import_to(store, here, charlie, tmp_path):
    file = write(tmp_path / "f.geojson", feature(shapely.box(10, 20, 50, 60)), origin="left-top")
    with pytest.raises(NotFound):
        import_annotations(store, charlie.caller, file, Asked(here.empty.id))


def test_qupaths_bare_list_comes_in(store, here, alice, db, tmp_path):
    one = feature(
        shapely.box(10, 20, 50, 60), objectType="annotation", classification={"name": "Tumour", "color": [1, 2, 3]}
    )
    (tmp_path / "q.geojson").write_text(json.dumps([one]), encoding="utf-8")
    done = import_annotations(store, alice.caller, tmp_path / "q.geojson", Asked(here.empty.id, "left-top"))
    assert done.added == 1
    assert [terms for *_, terms in annotations_of(db, here.empty)] == [("Tumour",)]


def test_shapes_go_to_the_plane_that_they_were_drawn_on(store, given, alice, db, tmp_path):
    project = given.project(alice)
    path = slides.ome(tmp_path / "planes.ome.tif", channels=1, depth=3, duration=1)
    image_id = given.slide(alice, project, path=path).image_instance_ids[0]
    box = shapely.box(10, 20, 50, 60)
    file = write(
        tmp_path / "f.geojson",
        feature(box, plane={"c": 0, "z": 2, "t": 0}),
        feature(box, plane={"c": 0, "z": 7, "t": 0}),
        origin="left-top",
    )
    done = import_annotations(store, alice.caller, file, Asked(image_id))
    assert [problem.number for problem in done.problems] == [2]
    query = select(AbstractSlice.z_stack).join_from(
        UserAnnotation, AbstractSlice, AbstractSlice.id == base_slice_of(UserAnnotation.slice_id)
    )
    assert list(db.scalars(query)) == [2]


def base_slice_of(slice_id):
    from atrisys.store.tables import SliceInstance

    return select(SliceInstance.base_slice_id).where(SliceInstance.id == slice_id).scalar_subquery()
