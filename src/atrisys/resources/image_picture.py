"""Small pictures of whole slides: thumbnails and previews."""

from typing import Annotated

from starlette.responses import Response

from atrisys.access.slide_file import SlideFile
from atrisys.imaging import pictures
from atrisys.imaging.crops import allowed_size, output_size
from atrisys.imaging.encode import format_of
from atrisys.imaging.pictures import Picture
from atrisys.imaging.reader import Box
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, SliceInstance
from atrisys.wire.picture_asking import LOOK, SIZE, Asked, PictureAsked, note_look, picture_at, slide_of
from atrisys.wire.pictures import Work, picture_answer
from atrisys.wire.routes import Routes

routes = Routes(tags=["picture"])

Slide = Annotated[SlideFile, slide_of(AbstractImage, looks=False)]
SlidePlane = Annotated[SlideFile, slide_of(AbstractSlice, looks=False)]
Image = Annotated[SlideFile, slide_of(ImageInstance, looks=False)]
ImagePlane = Annotated[SlideFile, slide_of(SliceInstance, looks=False)]

THUMB, PREVIEW = 512, 1024
WORDS = (*SIZE, *LOOK)


@picture_at(routes, "/api/abstractimage/{id:int}/thumb.{format}", WORDS)
def show_thumb_of_slide(slide: Slide, format: str, asked: PictureAsked) -> Response:
    """The whole slide, 512 px on its longest side or `maxSize`."""
    return _small(slide, format, asked, THUMB)


@picture_at(routes, "/api/abstractslice/{id:int}/thumb.{format}", WORDS)
def show_thumb_of_slide_plane(slide: SlidePlane, format: str, asked: PictureAsked) -> Response:
    """One plane of the whole slide, 512 px on its longest side or `maxSize`."""
    return _small(slide, format, asked, THUMB)


@picture_at(routes, "/api/imageinstance/{id:int}/thumb.{format}", WORDS)
def show_thumb(slide: Image, format: str, asked: PictureAsked) -> Response:
    """The whole image, 512 px on its longest side or `maxSize`."""
    return _small(slide, format, asked, THUMB)


@picture_at(routes, "/api/sliceinstance/{id:int}/thumb.{format}", WORDS)
def show_thumb_of_plane(slide: ImagePlane, format: str, asked: PictureAsked) -> Response:
    """One plane of the whole image, 512 px on its longest side or `maxSize`."""
    return _small(slide, format, asked, THUMB)


@picture_at(routes, "/api/abstractimage/{id:int}/preview.{format}", WORDS)
def show_preview_of_slide(slide: Slide, format: str, asked: PictureAsked) -> Response:
    """The whole slide, 1024 px on its longest side or `maxSize`."""
    return _small(slide, format, asked, PREVIEW)


@picture_at(routes, "/api/imageinstance/{id:int}/preview.{format}", WORDS)
def show_preview(slide: Image, format: str, asked: PictureAsked) -> Response:
    """The whole image, 1024 px on its longest side or `maxSize`."""
    return _small(slide, format, asked, PREVIEW)


def _small(slide: SlideFile, format: str, asked: Asked, usual: int) -> Response:
    facts, kind = slide.facts, format_of(format, "jpg")
    max_size = usual if asked.max_size is None else asked.max_size
    display, plane, quality, safe = asked.display, asked.plane(slide.plane), asked.quality, asked.safe

    def make() -> Picture:
        with slide.reading() as opened:
            return pictures.thumb(opened, plane, max_size, kind, display, quality, safe)

    box = Box(0, 0, facts.width, facts.height)
    size = allowed_size(output_size(box, facts, max_size), box, kind, safe)
    if max(size) > PREVIEW:
        # Smaller ones stand in lists, where nobody looks at each.
        note_look(asked.request.app.state.store, asked.request.state.caller, slide)
    work = Work(make, size, kind, slide.path.name)
    return picture_answer(asked.request, work, "thumb", kind, slide.mark, usual, sorted(asked.said.items()))
