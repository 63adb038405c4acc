from atrisys.actions import calibrate, history
from atrisys.actions.draw_annotations import draw
from atrisys.actions.drawing import Drawing
from atrisys.store.tables import ImageInstance, UserAnnotation


def test_more_than_a_batch_is_measured_again_as_drawing_would_have_measured_it(given, alice, db):
    image = db.get_one(ImageInstance, given.image(given.project(alice), alice, mpp_x=0.5).id)
    number = history.BATCH + 10
    widths = [1 + k % 1500 for k in range(number)]
    shapes = [Drawing(location=f"POLYGON ((0 0, {w} 0, {w} 7, 0 7, 0 0))", image_id=image.id) for w in widths]
    old = [drawn.id for drawn in draw(db, alice.caller, shapes)]
    calibrate.edit_image_instance(db, alice.caller, image, mpp_x=0.2)
    new = [drawn.id for drawn in draw(db, alice.caller, shapes)]

    def measures(id):
        row = db.get_one(UserAnnotation, id)
        return row.area, row.area_unit, row.perimeter, row.perimeter_unit

    assert [measures(id) for id in old] == [measures(id) for id in new]
    assert calibrate.remeasure(db, alice.caller, image.id, 0.2) == 0
    assert calibrate.remeasure(db, alice.caller, image.id, None) == 2 * number


def test_the_slides_own_value_and_nought_are_no_own_values(given, alice, db):
    image = db.get_one(ImageInstance, given.image(given.project(alice), alice, mpp_x=0.5, magnification=20).id)
    calibrate.edit_image_instance(db, alice.caller, image, mpp_x=0.5, magnification=0, fps=3)
    assert (image.mpp_x, image.magnification, image.fps) == (None, None, 3)
