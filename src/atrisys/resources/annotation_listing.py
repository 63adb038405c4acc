"""Lists of annotations: cut in the database, answered as a stream."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.actions import crowded_view, find_annotations
from atrisys.actions.crowded_view import Cluster
from atrisys.actions.find_annotations import Wanted
from atrisys.errors import Invalid, NotFound
from atrisys.geometry.frames import LEFT_TOP, Origin, turn_over
from atrisys.geometry.wkt import write_many
from atrisys.store import spatial
from atrisys.store.tables import TERMS_OF, AbstractImage, ImageInstance, ReviewedAnnotation, UserAnnotation
from atrisys.wire import dialect
from atrisys.wire.annotation_rows import AnnotationRow, AskedBy, Rows
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, Paging
from atrisys.wire.bodies import JsonBody
from atrisys.wire.described import Part, asks, gives, lists
from atrisys.wire.listing_words import FilterWords, ListingWords, ShownWords, words_of
from atrisys.wire.routes import Routes, only_reads
from atrisys.wire.search_shapes import read_box, read_search_shape

routes = Routes(tags=["annotation"])

BATCH = 2_000
MOST_CELLS = 1_000_000
"""Of a whole image, where annotations are counted by cell."""
GROUPS = ("Basic", "Meta", "WKT", "GIS", "Term", "Track", "User", "Image", "Slice", "ImageGroup", "Link", "Algo")
DEFAULT_GROUPS = {"Basic", "Meta", "Term"}


class Density(Part):
    """How many annotations lie where."""

    cell: int
    """A side of a square, in pixels."""
    total: int
    cells: list[tuple[int, int, int]]
    """Column, row, number; counted from the top left."""


class Place(Part):
    """Where one stands in a list."""

    place: int
    """Counted from 1."""
    total: int


class TermCount(Part):
    """Of one term."""

    term: int
    number: int


class TermCounts(Part):
    """How many bear which term."""

    total: int
    without_term: int
    terms: list[TermCount]


@routes.get("/api/annotation.json")
@routes.get("/api/annotation/search.json")
@lists(AnnotationRow)
@asks(ShownWords)
def list_annotations(request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Annotations of a project, of images or of slices, newest first (on tracks: by slices); `show…` chooses columns.

    `reviewed=true` lists what was accepted in review instead (`reviewUsers`: by whom), `notReviewedOnly=true` what was
    not. Of where: `project`, `image`, `images`, `slice`, `slices`. Which of them: `user`, `users`, `term`, `terms`,
    `usersForTerm`, `noTerm`, `multipleTerm`, `track`, `tracks`, `noTrack`, `multipleTrack`, `beforeSlice` and
    `afterSlice` (ids of slices; `sliceDimension`: compared by C, Z or T alone), `group`, `groups`, `tag`, `tags`,
    `noTag`, `bbox` (WKT, or minX,minY,maxX,maxY),
    `bboxAnnotation`, `baseAnnotation` with `maxDistanceBaseAnnotation`, `minSize` (px: the longer side of its box has
    that at least), `excludedAnnotation`, `afterThan` and `beforeThan` (epoch ms). Several ids are joined by commas.

    What each row holds: `showBasic`, `showMeta`, `showWKT`, `showGIS`, `showTerm`, `showTrack`, `showLink`, `showUser`,
    `showImage`, `showSlice` (each `=true`); without any, basic, meta and term (`showDefault` adds these); `hide…` takes
    one away. `origin=left-top` gives shapes in image order.

    `kmeans=true`, for a `bbox` of one image that holds 2,000 annotations or more: rectangles with how many lie in each
    instead (`id`, `count`, `location`, and `ratio`: percent of the fullest), all on one page.
    """
    return _list(Asked(dict(request.query_params), request, db, user, find), page)


@routes.post("/api/annotation/search.json")
@only_reads
@lists(AnnotationRow)
def search_annotations(
    body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery
) -> Response:
    """The same with the parameters in the body."""
    said = words_of(request, body)
    page.read(said)
    return _list(Asked(said, request, db, user, find), page)


@routes.get("/api/annotation/included.json")
@lists(AnnotationRow)
def list_included(request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Annotations of an image that touch a geometry (WKT) or another annotation."""
    return _list(Asked({**dict(request.query_params), **_inside(request)}, request, db, user, find), page)


@routes.get("/api/imageinstance/{image:int}/annotation/included.json")
@lists(AnnotationRow)
def list_included_of_image(
    image: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery
) -> Response:
    """The same, with the image in the address."""
    said = {**dict(request.query_params), **_inside(request), "image": str(image)}
    return _list(Asked(said, request, db, user, find), page)


@routes.get("/api/atrisys/imageinstance/{id:int}/density.json")
@gives(Density)
@asks(FilterWords)
def count_by_cell(
    id: int, request: Request, db: Db, user: CurrentUser, find: Find, cell: int | None = None
) -> Response:
    """How many annotations of an image lie in each square of `cell` px, by the middle of their boxes; filters as above.

    `cells` holds [column, row, number] of those that are not empty, counted from the image's top left. Without `cell`
    the longer side has 64 of them.
    """
    slide = db.get_one(AbstractImage, find(ImageInstance, id).base_image_id)
    width, height = slide.width or 1, slide.height or 1
    cell = math.ceil(max(width, height) / 64) if cell is None else cell
    least = math.ceil(math.sqrt(width * height / MOST_CELLS))
    if not least <= cell < 2**31:
        raise Invalid("{name} must be a number from {least} on, not {value}.", name="cell", least=least, value=cell)
    wanted = Asked({**dict(request.query_params), "image": str(id)}, request, db, user, find).wanted()
    _, chosen = find_annotations.conditions(db, user, wanted)
    kind, connection = wanted.kind, db.connection()
    column = spatial.cell(connection, (kind.min_x + kind.max_x) / 2, cell)
    row = spatial.cell(connection, (kind.min_y + kind.max_y) / 2, cell)
    places = select(column.label("x"), row.label("y")).where(*chosen).subquery()
    counted = db.execute(select(places.c.x, places.c.y, func.count()).group_by(places.c.x, places.c.y))
    cells = [list(one) for one in counted]
    return dialect.Json({"cell": cell, "total": sum(number for _, _, number in cells), "cells": cells})


@routes.get("/api/atrisys/imageinstance/{id:int}/annotation/{annotation:int}/place.json")
@gives(Place)
@asks(FilterWords)
def show_place(id: int, annotation: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Where an annotation stands in the list of an image's: `place` counted from 1, of `total`; filters as above.

    404 where it is not in that list. (Lists by `tracks` have another order: they are counted as all others here.)
    """
    wanted = Asked({**dict(request.query_params), "image": str(id)}, request, db, user, find).wanted()
    _, chosen = find_annotations.conditions(db, user, wanted)
    key = wanted.kind.id
    query = select(func.count(), func.count().filter(key >= annotation), func.count().filter(key == annotation))
    total, place, is_there = db.execute(query.select_from(wanted.kind).where(*chosen)).one()
    if not is_there:
        raise NotFound("{kind} {id} was not found.", kind=wanted.kind.__name__, id=annotation)
    return dialect.Json({"place": place, "total": total})


@routes.get("/api/atrisys/imageinstance/{id:int}/terms.json")
@gives(TermCounts)
@asks(FilterWords)
def count_by_term(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """How many annotations of an image bear each term, and how many none; filters as above.

    An annotation of several terms counts for each of them; `total` counts it once.
    """
    find(ImageInstance, id)
    wanted = Asked({**dict(request.query_params), "image": str(id)}, request, db, user, find).wanted()
    project, chosen = find_annotations.conditions(db, user, wanted)
    kind, link = wanted.kind, TERMS_OF[wanted.kind]
    number = func.count(link.annotation_id.distinct())
    borne = select(link.term_id, number).join(kind, kind.id == link.annotation_id).where(*chosen)
    terms = [{"term": term, "number": found} for term, found in db.execute(borne.group_by(link.term_id))]
    drawn = select(func.count()).select_from(kind).where(*chosen)
    bare = db.scalar(drawn.where(~select(link.id).where(link.annotation_id == kind.id).exists())) or 0
    total = find_annotations.count(db, user, wanted, project, chosen)
    return dialect.Json({"total": total, "withoutTerm": bare, "terms": terms})


def _inside(request: Request) -> dict[str, str | None]:
    query = request.query_params
    if annotation := query.get("annotation"):
        return {"bboxAnnotation": annotation, "excludedAnnotation": annotation}
    if geometry := query.get("geometry"):
        return {"bbox": geometry}
    raise Invalid("Name the geometry (WKT) or the annotation that the others must touch.")


class Asked(ListingWords):
    """What a listing is asked for, and by whom."""

    def __init__(
        self, said: Mapping[str, str | None], request: Request, db: Session, caller: Caller, find: Finder
    ) -> None:
        super().__init__(said)
        self.request, self.db, self.caller, self.find = request, db, caller, find
        self.origin: Origin = dialect.read_origin(said.get("origin"))

    def pixels(self, name: str) -> float | None:
        value = self.text(name)
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number < 1e9:
            raise Invalid("{name} must be a number, not {value}.", name=name, value=value[:80])
        return number

    def dimension(self) -> find_annotations.Dimension:
        value = (self.text("sliceDimension") or "rank").upper()
        for dimension in find_annotations.PLACES:
            if value == dimension.upper():
                return dimension
        raise Invalid("{name} must be {values}, not {value}.", name="sliceDimension", values="C, Z, T", value=value)

    def wanted(self) -> Wanted:
        box, base = self.text("bbox"), self.text("baseAnnotation") or ""
        reviewed = self.yes("reviewed")
        return Wanted(
            kind=ReviewedAnnotation if reviewed else UserAnnotation,
            reviewers=self.ids("reviewUsers") if reviewed else None,
            not_reviewed=self.yes("notReviewedOnly") and not reviewed,
            projects=self.ids("project"),
            images=self.ids("image", "images"),
            slices=self.ids("slice", "slices"),
            users=self.ids("user", "users"),
            users_for_term=self.ids("usersForTerm"),
            terms=self.ids("term", "terms"),
            no_term=self.yes("noTerm"),
            multiple_term=self.yes("multipleTerm"),
            tracks=self.ids("track", "tracks"),
            no_track=self.yes("noTrack"),
            multiple_track=self.yes("multipleTrack"),
            before_slice=self.number("beforeSlice"),
            after_slice=self.number("afterSlice"),
            slice_dimension=self.dimension(),
            groups=self.ids("group", "groups"),
            tags=self.ids("tag", "tags"),
            no_tag=self.yes("noTag"),
            origin=self.origin,
            touching=read_box(box) if box else None,
            touching_annotation=self.number("bboxAnnotation"),
            near=read_search_shape(base) if base and not base.isdecimal() else None,
            near_annotation=self.number("baseAnnotation") if base.isdecimal() else None,
            within_px=self.pixels("maxDistanceBaseAnnotation") or 0.0,
            min_size=self.pixels("minSize"),
            after=self.number("afterThan"),
            before=self.number("beforeThan"),
            excluded=self.number("excludedAnnotation"),
        )

    def groups(self) -> set[str]:
        """Which columns: those asked for, or the default ones; less those to hide."""
        shown = {group for group in GROUPS if self.yes(f"show{group}")}
        if not shown or self.yes("showDefault"):
            shown |= DEFAULT_GROUPS
        shown -= {group for group in GROUPS if self.yes(f"hide{group}")}
        if not shown:
            raise NotFound("No column is left to show. Ask for showBasic=true at least.")
        return shown


def _list(asked: Asked, page: Paging) -> Response:
    db = asked.db
    groups = asked.groups()
    wanted = asked.wanted()
    project, chosen = find_annotations.conditions(db, asked.caller, wanted)
    total = find_annotations.count(db, asked.caller, wanted, project, chosen)
    if asked.yes("kmeans") and wanted.touching is not None and total >= crowded_view.CROWD:
        slide = crowded_view.one_image(db, wanted)
        if slide is not None:
            rows = _clusters(crowded_view.clusters(db, wanted, chosen, slide), slide, wanted.origin)
            return page.answer(rows, len(rows))
    table = Rows(AskedBy(asked.request, db, asked.caller, asked.origin), groups, project, wanted.kind)
    rows = table.query.where(*chosen).order_by(*find_annotations.order(wanted)).offset(page.offset)
    if page.length:
        rows = rows.limit(page.length)
    db.info["streaming"] = True
    return page.stream(_pieces(db, table, rows), total)


def _clusters(found: list[Cluster], slide: AbstractImage, origin: Origin) -> list[dict[str, Any]]:
    """As Cytomine's viewer draws them: where, how many, and how many in percent of the fullest."""
    most = max((cluster.count for cluster in found), default=1)
    shapes = [cluster.shape if origin == LEFT_TOP else turn_over(cluster.shape, slide.height or 0) for cluster in found]
    told = {"origin": origin} if origin == LEFT_TOP else {}
    return [
        {"id": number, "count": cluster.count, "ratio": 100 * cluster.count / most, "location": location, **told}
        for number, (cluster, location) in enumerate(zip(found, write_many(shapes), strict=True), 1)
    ]


def _pieces(db: Session, table: Rows, query: Select[*tuple[Any, ...]]) -> Iterator[bytes]:
    """The rows as JSON, a batch at a time; the session is closed when the last one is sent, or nobody listens."""
    try:
        # Past the mapper: these are columns, and a hundred thousand of them.
        result = db.connection().execute(spatial.streamed(query, BATCH))
        for batch in result.partitions(BATCH):
            yield table.json(batch)
    finally:
        db.close()
