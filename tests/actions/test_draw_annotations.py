"""Drawing: what may take long is over before the database is asked, whose other writers would wait."""

from atrisys.actions import draw_annotations, drawing
from atrisys.actions.draw_annotations import Drawn
from atrisys.actions.drawing import Drawing
from atrisys.errors import Refusal


def test_shapes_are_mended_before_a_transaction_begins(given, alice, store, monkeypatch):
    image = given.image(given.project(alice), alice, width=400, height=300)
    mend, waiting = drawing.mend_many, []
    drawings = [Drawing(f"POLYGON ((10 {y}, 60 90, 60 10, 10 60, 10 {y}))", image.id) for y in (10, 11)]
    with store.writing() as db:
        monkeypatch.setattr(
            drawing, "mend_many", lambda shapes: (waiting.append(db.info.get("asked")), mend(shapes))[1]
        )
        connection = db.connection
        monkeypatch.setattr(db, "connection", lambda *a, **k: (db.info.update(asked=True), connection(*a, **k))[1])
        answers = draw_annotations.draw(db, alice.caller, drawings)
    assert waiting == [None]
    assert not any(isinstance(answer, Refusal) for answer in answers)
    assert all(isinstance(answer, Drawn) and answer.changes == ("mended",) for answer in answers)
