"""Pictures of annotations: what they surround, their masks."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from atrisys.access.slide_file import SlideFile, slide_file
from atrisys.wire.annotations import find_annotation
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find
from atrisys.wire.cut_outs import read_wishes
from atrisys.wire.picture_asking import CUT, LOOK, SIZE, PictureAsked, note_look, picture_at
from atrisys.wire.quick_crops import Drawn, judged_drawn, picture
from atrisys.wire.routes import Routes

routes = Routes(tags=["picture"])

WORDS = (*SIZE, *LOOK, *CUT)


async def _drawn(
    id: int, request: Request, db: Db, store: CurrentStore, caller: CurrentUser, find: Find
) -> tuple[SlideFile, Drawn]:
    """An annotation, and the slide that it lies on."""
    row = find_annotation(request, find, id)
    slide = slide_file(db, store.folder, row)
    note_look(store, caller, slide)
    return slide, judged_drawn(request, row, slide)


Annotation = Annotated[tuple[SlideFile, Drawn], Depends(_drawn)]


@picture_at(routes, "/api/annotation/{id:int}/crop.{format}", WORDS)
@picture_at(routes, "/api/userannotation/{id:int}/crop.{format}", WORDS)
@picture_at(routes, "/api/reviewedannotation/{id:int}/crop.{format}", WORDS)
@picture_at(routes, "/api/algoannotation/{id:int}/crop.{format}", WORDS)
def show_crop(drawn: Annotation, format: str, asked: PictureAsked) -> Response:
    """The rectangle around the annotation, at full resolution or as `maxSize` or `zoom` say."""
    return picture(asked.request, *drawn, read_wishes(asked, format))


@picture_at(routes, "/api/userannotation/{id:int}/mask.{format}", WORDS)
@picture_at(routes, "/api/reviewedannotation/{id:int}/mask.{format}", WORDS)
@picture_at(routes, "/api/algoannotation/{id:int}/mask.{format}", WORDS)
def show_mask(drawn: Annotation, format: str, asked: PictureAsked) -> Response:
    """The same rectangle: white inside the annotation, black outside and in its holes."""
    return picture(asked.request, *drawn, read_wishes(asked, format, "mask"))


@picture_at(routes, "/api/userannotation/{id:int}/alphamask.{format}", WORDS)
@picture_at(routes, "/api/reviewedannotation/{id:int}/alphamask.{format}", WORDS)
@picture_at(routes, "/api/algoannotation/{id:int}/alphamask.{format}", WORDS)
def show_alphamask(drawn: Annotation, format: str, asked: PictureAsked) -> Response:
    """The same rectangle, transparent outside the annotation."""
    return picture(asked.request, *drawn, read_wishes(asked, format, "alphamask"))
