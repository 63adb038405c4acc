from sqlalchemy import func, select

from atrisys.actions import history
from atrisys.actions.clear_annotations import clear_annotations
from atrisys.actions.draw_annotations import draw
from atrisys.actions.drawing import Drawing
from atrisys.store.tables import AnnotationTerm, Change, UserAnnotation


def count(db, kind, *rules):
    return db.scalar(select(func.count()).select_from(kind).where(*rules))


def test_more_than_a_batch_goes_with_its_terms_and_everything_else_stays(given, alice, db):
    ontology = given.ontology(alice)
    term = given.term(ontology)
    project = given.project(alice, ontology=ontology)
    image, other = given.image(project, alice), given.image(project, alice)
    number = history.BATCH + 10
    drawings = [Drawing(location=f"POINT ({k % 1000} 5)", image_id=image.id, terms=(term.id,)) for k in range(number)]
    draw(db, alice.caller, drawings)
    kept = given.annotation(other, alice, terms=[term])
    assert clear_annotations(db, alice.caller, lambda kind: kind.image_id == image.id) == number
    assert db.scalars(select(UserAnnotation.id)).all() == [kept.id]
    assert db.scalars(select(AnnotationTerm.annotation_id)).all() == [kept.id]
    assert count(db, Change, Change.class_name == "UserAnnotation", Change.after.is_(None)) == number
    assert count(db, Change, Change.class_name == "AnnotationTerm", Change.after.is_(None)) == number
    assert clear_annotations(db, alice.caller, lambda kind: kind.image_id == image.id) == 0
