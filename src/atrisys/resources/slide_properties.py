"""What a slide's file says of it: read anew into its record, as Cytomine's Java client asks."""

from starlette.responses import Response

from atrisys.access.slides import require_slide_writer
from atrisys.actions import calibrate
from atrisys.store.tables import AbstractImage
from atrisys.wire.asking import CurrentUser, Db, Find
from atrisys.wire.dialect import Json
from atrisys.wire.routes import Routes

routes = Routes(tags=["abstract image"])

EXTRACTED = (*calibrate.OWN_VALUES, "colorspace")
"""What may have been edited by hand since; sizes cannot be."""


@routes.post("/api/abstractimage/{id:int}/properties/clear.json")
@routes.post("/api/abstractimage/{id:int}/properties/populate.json")
def keep_texts_in_file(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Changes nothing: a file's texts may name patients and are never copied into properties."""
    require_slide_writer(db, user, find(AbstractImage, id))
    return Json({})


@routes.post("/api/abstractimage/{id:int}/properties/extract.json")
@routes.post("/api/abstractimage/{id:int}/properties/regenerate.json")
def read_file_anew(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Give a slide the pixel size, magnification and frame rate that its file says; shapes are measured again."""
    image = find(AbstractImage, id)
    require_slide_writer(db, user, image)
    if image.facts is not None:
        calibrate.edit_abstract_image(db, user, image, **{name: image.facts.get(name) for name in EXTRACTED})
    return Json({})
