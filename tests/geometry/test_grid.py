import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from atrisys.geometry import grid

SIDE = st.floats(0, 100_000, allow_nan=False)
BOX = st.tuples(SIDE, SIDE, st.floats(0, 50_000), st.floats(0, 50_000)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.lists(BOX, min_size=1, max_size=20), BOX)
def test_every_box_that_touches_a_window_stands_in_its_cells(boxes, window):
    cells = {cells.level: cells for cells in grid.cells_of(*window)}
    for box, (level, x, y) in zip(boxes, grid.places(np.array(boxes)).tolist(), strict=True):
        if shapely.intersects(shapely.box(*box), shapely.box(*window)):
            at = cells[level]
            assert at.x0 <= x <= at.x1
            assert at.y0 <= y <= at.y1


def test_a_box_stands_on_the_first_level_whose_cells_are_as_large():
    boxes = np.array([[0, 0, 512, 10], [600, 0, 1113, 10], [0, 5000, 0, 5000]])
    assert grid.places(boxes).tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 9]]
