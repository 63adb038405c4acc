"""Slides as they were uploaded, or as clean copies."""

from fastapi import Request
from starlette.responses import Response

from atrisys.access.slide_secrets import require_download_of
from atrisys.store.tables import AbstractImage, ImageInstance
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find
from atrisys.wire.picture_asking import GET, picture_at
from atrisys.wire.routes import Routes
from atrisys.wire.slide_downloads import image_download

routes = Routes(tags=["picture"])

WORDS = ("clean",)


@picture_at(routes, "/api/abstractimage/{id:int}/download", WORDS, GET)
def download_slide(id: int, request: Request, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The file as it was uploaded (a slide of several files as a zip), for who may see the slide's label.

    For others who may read its storage, and for members of a project that allows downloads, a clean copy: the tiles
    as they are, without label, macro and texts. `clean=true` asks for that.
    """
    base = find(AbstractImage, id)
    require_download_of(db, user, base)
    return image_download(request, db, store, user, base)


@picture_at(routes, "/api/imageinstance/{id:int}/download", WORDS, GET)
def download_image(id: int, request: Request, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The same: the original for managers, a clean copy for members where the project allows it and is not blinded."""
    image = find(ImageInstance, id)
    require_download_of(db, user, image)
    return image_download(request, db, store, user, db.get_one(AbstractImage, image.base_image_id))
