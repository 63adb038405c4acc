"""What lies beside a slide's pixels in its file: label, macro, metadata; and a thumbnail, made of the pixels."""

import re
from typing import Annotated, Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.access.slide_file import SlideFile
from atrisys.access.slide_secrets import (
    SECRET,
    may_see_labels,
    require_label_viewer,
    require_metadata_of,
    told_metadata,
)
from atrisys.errors import NotFound
from atrisys.imaging import pictures
from atrisys.imaging.crops import allowed_size
from atrisys.imaging.encode import format_of
from atrisys.imaging.pictures import Picture
from atrisys.imaging.reader import Box
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, ImageInstance
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, PageQuery, Paging
from atrisys.wire.described import lists
from atrisys.wire.picture_asking import SIZE, Asked, PictureAsked, note_look, picture_at, slide_of
from atrisys.wire.pictures import Work, picture_answer
from atrisys.wire.routes import Routes

routes = Routes(tags=["picture"])


USUAL = 256
WORDS = SIZE
THUMB = "thumb"
"""What the wire calls the scanner's thumbnail. It may show what the macro shows: ours is sent instead."""


@routes.get("/api/abstractimage/{id:int}/associated.json")
@lists(str)
def list_associated_of_slide(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Which of label, macro and thumb the slide has, and the caller may see."""
    return page.answer(_names(db, user, find(AbstractImage, id)))


@routes.get("/api/imageinstance/{id:int}/associated.json")
@lists(str)
def list_associated(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Which of label, macro and thumb the image has, and the caller may see."""
    base = db.get_one(AbstractImage, find(ImageInstance, id).base_image_id)
    return page.answer(_names(db, user, base))


@picture_at(routes, "/api/abstractimage/{id:int}/associated/{label}.{format}", WORDS)
def show_associated_of_slide(
    slide: Annotated[SlideFile, slide_of(AbstractImage, looks=False)],
    label: str,
    format: str,
    asked: PictureAsked,
    db: Db,
    user: CurrentUser,
) -> Response:
    """Label and macro, for managers of a project with the image and the owner of its storage; thumb for all."""
    return _associated(slide, label, format, asked, db, user)


@picture_at(routes, "/api/imageinstance/{id:int}/associated/{label}.{format}", WORDS)
def show_associated(
    slide: Annotated[SlideFile, slide_of(ImageInstance, looks=False)],
    label: str,
    format: str,
    asked: PictureAsked,
    db: Db,
    user: CurrentUser,
) -> Response:
    """Label and macro, for managers of a project with the image and the owner of its storage; thumb for all."""
    return _associated(slide, label, format, asked, db, user)


@routes.get("/api/abstractimage/{id:int}/metadata.json")
def list_metadata_of_slide(
    id: int, db: Db, store: CurrentStore, user: CurrentUser, find: Find, page: PageQuery
) -> Response:
    """What the slide's file says of itself, for who may see its label; for others sizes and magnifications alone."""
    image = find(AbstractImage, id)
    require_metadata_of(db, user, image)
    return _metadata(db, store, user, image, page)


@routes.get("/api/imageinstance/{id:int}/metadata.json")
def list_metadata(id: int, db: Db, store: CurrentStore, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """What the image's file says of itself, for managers; for others sizes and magnifications, unless blinded."""
    image = find(ImageInstance, id)
    require_metadata_of(db, user, image)
    return _metadata(db, store, user, db.get_one(AbstractImage, image.base_image_id), page)


def _names(db: Session, user: Caller, base: AbstractImage) -> list[str]:
    names = (base.facts or {}).get("associated", ())
    labels = may_see_labels(db, user, base.id)
    return [THUMB if name == "thumbnail" else name for name in names if labels or name not in SECRET]


def _associated(slide: SlideFile, label: str, format: str, asked: Asked, db: Session, user: Caller) -> Response:
    name = label.lower()
    name = "thumbnail" if name == THUMB else name
    if name in SECRET:
        require_label_viewer(db, user, slide.base_id)
    if name not in slide.facts.associated:
        raise NotFound("Image {image} has no {name}.", image=slide.base_id, name=name)
    if name in SECRET:
        note_look(asked.request.app.state.store, user, slide, what=name)
    kind, quality = format_of(format, "jpg"), asked.quality
    max_size = USUAL if asked.max_size is None else asked.max_size

    def make() -> Picture:
        with slide.reading() as opened:
            if name not in SECRET:
                return pictures.thumb(opened, slide.plane, max_size, kind, quality=quality)
            return pictures.associated(opened, name, max_size, kind, quality)

    size = allowed_size((max_size, max_size), Box(0, 0, 1, 1), kind)
    work = Work(make, size, kind, slide.path.name)
    return picture_answer(asked.request, work, name, kind, slide.mark, sorted(asked.said.items()))


def _metadata(db: Session, store: Store, user: Caller, base: AbstractImage, page: Paging) -> Response:
    pairs = told_metadata(db, user, base)
    note(store, user, "viewed", AbstractImage, base.id, what="metadata")
    return page.answer([_row(key, value) for key, value in sorted(pairs.items())])


def _row(key: str, value: Any) -> dict[str, Any]:
    namespace, _, name = key.partition(".") if "." in key else ("", "", key)
    text = "" if value is None else str(value)
    return {"key": name, "value": text, "type": _type(text), "namespace": namespace.upper()}


def _type(text: str) -> str:
    """Cytomine's names."""
    if re.fullmatch(r"[+-]?\d+", text):
        return "INTEGER"
    return "DECIMAL" if re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?", text) else "STRING"
