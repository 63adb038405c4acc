"""What there is in a slide's file that may name somebody."""

from fastapi import Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.clean_copy import require_cleaned
from atrisys.access.events import note
from atrisys.access.slide_file import slide_file
from atrisys.access.slide_secrets import may_see_labels, require_download_of, require_metadata_of
from atrisys.store import queue
from atrisys.store.files import DataFolder
from atrisys.store.tables import AbstractImage, ImageInstance
from atrisys.wire.answers import done
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find
from atrisys.wire.dialect import Json
from atrisys.wire.later import Later
from atrisys.wire.routes import Routes

routes = Routes(tags=["abstract image"])


@routes.get("/api/atrisys/abstractimage/{id:int}/deidentification.json")
def report_on_slide(id: int, request: Request, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """What the slide's file holds that may name somebody: kind, place and bytes of each.

    Who may see its label is told the values as well. A clean copy (`download?clean=true`) holds none of it.
    """
    base = find(AbstractImage, id)
    require_metadata_of(db, user, base)
    return _report(request, db, store.folder, user, base)


@routes.get("/api/atrisys/imageinstance/{id:int}/deidentification.json")
def report_on_image(id: int, request: Request, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The same of an image in a project; in a blinded one for managers."""
    image = find(ImageInstance, id)
    require_metadata_of(db, user, image)
    return _report(request, db, store.folder, user, db.get_one(AbstractImage, image.base_image_id))


@routes.post("/api/atrisys/abstractimage/{id:int}/cleancopy.json")
def make_copy_of_slide(id: int, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """Make the slide's clean copy, as a job: that of a large slide is downloaded only then."""
    base = find(AbstractImage, id)
    require_download_of(db, user, base)
    return _copied(db, user, store.folder, base, {"abstract_image": base.id})


@routes.post("/api/atrisys/imageinstance/{id:int}/cleancopy.json")
def make_copy_of_image(id: int, db: Db, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The same for an image in a project, for those who may download it there."""
    image = find(ImageInstance, id)
    require_download_of(db, user, image)
    base = db.get_one(AbstractImage, image.base_image_id)
    return _copied(db, user, store.folder, base, {"image_instance": image.id})


def _copied(db: Session, user: Caller, folder: DataFolder, base: AbstractImage, arguments: dict[str, int]) -> Response:
    require_cleaned(slide_file(db, folder, base))
    return done(job=queue.submit(db, user_id=user.id, name="make_clean_copy", arguments=arguments).id)


def _report(request: Request, db: Session, folder: DataFolder, user: Caller, base: AbstractImage) -> Response:
    slide, name = slide_file(db, folder, base), base.original_filename
    tells_values = may_see_labels(db, user, base.id)

    def make() -> Response:
        found = slide.survey(name)
        note(request.app.state.store, user, "viewed", AbstractImage, slide.base_id, what="report on names")
        rows = [
            {"kind": one.kind, "where": one.where, "size": one.size, **({"value": one.value} if tells_values else {})}
            for one in found
        ]
        body = {"image": slide.base_id, "format": slide.facts.format, "tellsValues": tells_values, "findings": rows}
        return Json(body)

    return Later(request, make)
