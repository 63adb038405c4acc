"""Slides as they were uploaded."""

import logging

from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.slide_secrets import require_download_of
from atrisys.errors import PictureMissing
from atrisys.store.files import DataFolder
from atrisys.store.tables import AbstractImage, ImageInstance, UploadedFile
from atrisys.store.tables.files import CONVERTED
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find
from atrisys.wire.downloads import download
from atrisys.wire.picture_asking import GET, picture_at
from atrisys.wire.routes import Routes

routes = Routes(tags=["picture"])

log = logging.getLogger(__name__)


@picture_at(routes, "/api/abstractimage/{id:int}/download", (), GET)
def download_slide(id: int, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The file as it was uploaded; a slide of several files as a zip.

    For who may read its storage, for managers of a project with it, and for members of one that allows it.
    """
    base = find(AbstractImage, id)
    require_download_of(db, user, base)
    return _file(db, store.folder, user, base)


@picture_at(routes, "/api/imageinstance/{id:int}/download", (), GET)
def download_image(id: int, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The same; for managers, and for members where the project allows it and is not blinded."""
    image = find(ImageInstance, id)
    require_download_of(db, user, image)
    return _file(db, store.folder, user, db.get_one(AbstractImage, image.base_image_id))


def _original(db: Session, file: UploadedFile) -> UploadedFile:
    """What was uploaded: of a pyramid that we made the flat picture."""
    parent = db.get(UploadedFile, file.parent_id) if file.parent_id is not None and file.filename else None
    return parent if parent is not None and parent.status == CONVERTED else file


def _file(db: Session, folder: DataFolder, user: Caller, base: AbstractImage) -> Response:
    file = db.get(UploadedFile, base.uploaded_file_id) if base.uploaded_file_id is not None else None
    if file is None:
        raise PictureMissing("There is no file behind image {image}.", image=base.id)
    path = folder.path_of(_original(db, file).filename)
    answer = download(path, base.original_filename)
    log.info("image %s downloaded by %s (request %s)", base.id, user.username, user.request_id)
    return answer
