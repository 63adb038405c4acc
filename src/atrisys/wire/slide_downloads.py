"""A slide on its way out: the original for who may see its label, a clean copy for everybody else and for who asks."""

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.clean_copy import clean_copy_of, clean_name_of
from atrisys.access.events import note
from atrisys.access.slide_file import slide_file
from atrisys.access.slide_secrets import may_see_labels
from atrisys.errors import PictureMissing
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, UploadedFile
from atrisys.store.tables.files import CONVERTED
from atrisys.wire.dialect import says_yes
from atrisys.wire.downloads import download, download_uploaded
from atrisys.wire.later import Later


def image_download(request: Request, db: Session, store: Store, user: Caller, base: AbstractImage) -> Response:
    """What somebody uploaded and we show as this slide: of a pyramid that we made, the flat picture.

    Raises: as `slide_download`.
    """
    file = db.get(UploadedFile, base.uploaded_file_id) if base.uploaded_file_id is not None else None
    if file is None:
        raise PictureMissing("There is no file behind image {image}.", image=base.id)
    parent = db.get(UploadedFile, file.parent_id) if file.parent_id is not None else None
    if parent is not None and parent.status == CONVERTED:
        file = parent
    return slide_download(request, db, store, user, base, file)


def slide_download(
    request: Request, db: Session, store: Store, user: Caller, base: AbstractImage, file: UploadedFile
) -> Response:
    """A file of a slide for somebody who may download it. `?clean=true` asks for the clean copy.

    Raises:
        PictureMissing: there is none.
        SlideUnreadable: no clean copy can be made (when the answer is sent).
        CopyMissing: it is large, and made as a job first (then too).
    """
    if may_see_labels(db, user, base.id) and not says_yes(request.query_params.get("clean")):
        answer = download_uploaded(store.folder, file, base.original_filename)
        note(store, user, "downloaded", AbstractImage, base.id, what="original")
        return answer
    slide, name = slide_file(db, store.folder, base), base.original_filename

    def make() -> Response:
        copy = clean_copy_of(store, slide, name)
        note(store, user, "downloaded", AbstractImage, slide.base_id, what="clean copy")
        return download(copy, clean_name_of(slide))

    return Later(request, make)
