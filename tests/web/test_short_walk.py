"""The short walk, a part of `make test`: somebody signs in, opens a slide and draws, and the server has it."""

import shapely

from web.desk import drag, is_shown, middle, newest, said, saving, shape_of


def test_somebody_signs_in_opens_a_slide_and_draws_on_it(newcomer, demo):
    page = newcomer.page
    page.goto(demo.told["address"])
    newcomer.sign_in()
    page.get_by_role("link", name="Demo", exact=True).click()
    page.get_by_role("link", name="demo.svs").click()
    is_shown(page)
    at = said(page)
    x, y = middle(page)
    page.keyboard.press("r")
    with saving(page):
        drag(page, (x - 50, y - 40), (x + 50, y + 40))
    meant = shapely.box(
        *(at[axis] + side * at["d"] * half for side in (-1, 1) for axis, half in (("x", 50), ("y", 40)))
    )
    assert shape_of(newest(demo)).symmetric_difference(meant).area < 0.1 * meant.area
    # At the door the page asks whether somebody is signed in.
    assert [one for one in newcomer.complaints if "401" not in one] == []
