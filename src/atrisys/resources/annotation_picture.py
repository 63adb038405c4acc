"""Pictures of annotations: what they surround, their masks."""

from dataclasses import dataclass
from typing import Annotated

import shapely
from fastapi import Depends, Request
from shapely.geometry.base import BaseGeometry
from starlette.responses import Response

from atrisys.access.slide_file import SlideFile, slide_file
from atrisys.wire.annotations import find_annotation
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find
from atrisys.wire.cut_outs import Way, cut_out, way_of
from atrisys.wire.picture_asking import CUT, LOOK, SIZE, Asked, PictureAsked, note_look, picture_at
from atrisys.wire.routes import Routes

routes = Routes(tags=["picture"])

WORDS = (*SIZE, *LOOK, *CUT)


@dataclass(frozen=True)
class Drawn:
    """An annotation, and the slide that it lies on."""

    slide: SlideFile
    shape: BaseGeometry
    mark: tuple[int, int]


async def _drawn(id: int, request: Request, db: Db, store: CurrentStore, caller: CurrentUser, find: Find) -> Drawn:
    row = find_annotation(request, find, id)
    slide = slide_file(db, store.folder, row)
    note_look(store, caller, slide)
    return Drawn(slide, shapely.from_wkb(row.shape), (row.id, row.version))


Annotation = Annotated[Drawn, Depends(_drawn)]


@picture_at(routes, "/api/annotation/{id:int}/crop.{format}", WORDS)
@picture_at(routes, "/api/userannotation/{id:int}/crop.{format}", WORDS)
@picture_at(routes, "/api/reviewedannotation/{id:int}/crop.{format}", WORDS)
@picture_at(routes, "/api/algoannotation/{id:int}/crop.{format}", WORDS)
def show_crop(drawn: Annotation, format: str, asked: PictureAsked) -> Response:
    """The rectangle around the annotation, at full resolution or as `maxSize` or `zoom` say."""
    return _cut_out(drawn, format, asked, way_of(asked))


@picture_at(routes, "/api/userannotation/{id:int}/mask.{format}", WORDS)
@picture_at(routes, "/api/reviewedannotation/{id:int}/mask.{format}", WORDS)
@picture_at(routes, "/api/algoannotation/{id:int}/mask.{format}", WORDS)
def show_mask(drawn: Annotation, format: str, asked: PictureAsked) -> Response:
    """The same rectangle: white inside the annotation, black outside and in its holes."""
    return _cut_out(drawn, format, asked, "mask")


@picture_at(routes, "/api/userannotation/{id:int}/alphamask.{format}", WORDS)
@picture_at(routes, "/api/reviewedannotation/{id:int}/alphamask.{format}", WORDS)
@picture_at(routes, "/api/algoannotation/{id:int}/alphamask.{format}", WORDS)
def show_alphamask(drawn: Annotation, format: str, asked: PictureAsked) -> Response:
    """The same rectangle, transparent outside the annotation."""
    return _cut_out(drawn, format, asked, "alphamask")


def _cut_out(drawn: Drawn, format: str, asked: Asked, way: Way) -> Response:
    return cut_out(asked, drawn.slide, [drawn.shape], format, way, None, drawn.mark)
