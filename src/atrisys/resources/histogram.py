"""How often each intensity occurs in images and their planes: counted on small pictures of them, anew each time."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from atrisys.access.slide_file import SlideFile
from atrisys.imaging.histograms import Histogram, channel_histogram, image_histogram, is_whole, plane_histogram
from atrisys.imaging.intensities import MEASURED_SIDE
from atrisys.imaging.reader import Plane, SlideFacts
from atrisys.imaging.slides import SharedSlide
from atrisys.store.tables import ImageInstance, SliceInstance
from atrisys.wire.asking import PageQuery, Paging
from atrisys.wire.dialect import Json
from atrisys.wire.picture_asking import slide_of
from atrisys.wire.pictures import Work, measured_answer
from atrisys.wire.routes import Routes

routes = Routes(tags=["picture"])

Image = Annotated[SlideFile, slide_of(ImageInstance, looks=False)]
ImagePlane = Annotated[SlideFile, slide_of(SliceInstance, looks=False)]
Bins = Annotated[int, Query(alias="nBins", ge=1, le=65536, description="a power of two")]
Row = dict[str, Any]

SAMPLE_COLORS = ("#ff0000", "#00ff00", "#0000ff")


@routes.get("/api/imageinstance/{id:int}/histogram.json")
def show_histogram(request: Request, slide: Image, bins: Bins = 256) -> Response:
    """All channels, focal planes and moments of the image together."""
    return _one(request, slide, image_histogram, bins)


@routes.get("/api/imageinstance/{id:int}/histogram/bounds.json")
def show_bounds(request: Request, slide: Image) -> Response:
    """The darkest and the brightest intensity of the image."""
    return _one(request, slide, image_histogram, None)


@routes.get("/api/imageinstance/{id:int}/channelhistogram.json")
def list_histograms(request: Request, slide: Image, page: PageQuery, bins: Bins = 256) -> Response:
    """One for each channel of the image; red, green and blue are three."""
    return _each(request, slide, page, None, bins)


@routes.get("/api/imageinstance/{id:int}/channelhistogram/bounds.json")
def list_bounds(request: Request, slide: Image, page: PageQuery) -> Response:
    """The darkest and the brightest intensity of each channel."""
    return _each(request, slide, page, None, None)


@routes.get("/api/sliceinstance/{id:int}/histogram.json")
def show_histogram_of_plane(request: Request, slide: ImagePlane, bins: Bins = 256) -> Response:
    """One plane of the image, all its samples together."""
    return _one(request, slide, lambda opened: plane_histogram(opened, slide.plane), bins)


@routes.get("/api/sliceinstance/{id:int}/histogram/bounds.json")
def show_bounds_of_plane(request: Request, slide: ImagePlane) -> Response:
    """The darkest and the brightest intensity of one plane."""
    return _one(request, slide, lambda opened: plane_histogram(opened, slide.plane), None)


@routes.get("/api/sliceinstance/{id:int}/channelhistogram.json")
def list_histograms_of_plane(request: Request, slide: ImagePlane, page: PageQuery, bins: Bins = 256) -> Response:
    """One for each channel at this plane's depth and time."""
    return _each(request, slide, page, slide.plane, bins)


@routes.get("/api/sliceinstance/{id:int}/channelhistogram/bounds.json")
def list_bounds_of_plane(request: Request, slide: ImagePlane, page: PageQuery) -> Response:
    """The darkest and the brightest intensity of each channel there."""
    return _each(request, slide, page, slide.plane, None)


def _one(request: Request, slide: SlideFile, measure: Callable[[SharedSlide], Histogram], bins: int | None) -> Response:
    def make() -> Response:
        with slide.reading() as opened:
            return Json(_shown(slide.facts, measure(opened), bins))

    return measured_answer(request, _work(slide, make))


def _each(request: Request, slide: SlideFile, page: Paging, plane: Plane | None, bins: int | None) -> Response:
    """One for each sample of each channel: at a plane's depth and time, or over all of them."""
    count = slide.facts.channels * slide.facts.samples
    wanted = range(count)[page.offset :][: page.length or None]

    def make() -> Response:
        with slide.reading() as opened:
            return page.answer([_row(opened, apparent, plane, bins) for apparent in wanted], count)

    return measured_answer(request, _work(slide, make))


def _work(slide: SlideFile, make: Callable[[], Response]) -> Work:
    return Work(make, (MEASURED_SIDE, MEASURED_SIDE), "json", slide.path.name)


def _row(slide: SharedSlide, apparent: int, plane: Plane | None, bins: int | None) -> Row:
    facts = slide.facts
    channel, sample = divmod(apparent, facts.samples)
    if plane is None:
        histogram = channel_histogram(slide, channel, sample)
        where = {}
    else:
        histogram = plane_histogram(slide, Plane(channel, plane.z, plane.t), sample)
        where = {"zSlice": plane.z, "timepoint": plane.t}
    named = {"channel": channel, "apparentChannel": apparent, "sample": sample, "color": _color(facts, channel, sample)}
    return {**named, **where, **_shown(facts, histogram, bins)}


def _color(facts: SlideFacts, channel: int, sample: int) -> str | None:
    if facts.samples == 3:
        return SAMPLE_COLORS[sample]
    return facts.channel_colors[channel] if channel < len(facts.channel_colors) else None


def _shown(facts: SlideFacts, histogram: Histogram, bins: int | None) -> Row:
    """The histogram, or without `bins` its bounds alone."""
    darkest, brightest = histogram.bounds
    bounds = {"type": "COMPLETE" if is_whole(facts) else "FAST", "minimum": darkest, "maximum": brightest}
    if bins is None:
        return bounds
    first, last, counts = histogram.binned(bins)
    made = min(bins, len(histogram.counts))
    return {**bounds, "firstBin": first, "lastBin": last, "nBins": made, "histogram": counts}
