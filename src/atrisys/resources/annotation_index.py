"""How many annotations lie on each slice and layer: what viewers ask before they load any."""

from typing import Any

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.visible import layers_in
from atrisys.store.tables import ImageInstance, Project, ReviewedAnnotationCount, SliceInstance, UserAnnotationCount
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation"])


@routes.get("/api/imageinstance/{id:int}/annotationindex.json")
def list_of_image(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """For each slice of an image and each layer with anything on it: how many were drawn, how many accepted."""
    image = find(ImageInstance, id)
    return _answer(db, page, _counts(db, user, image.project_id, "image_id", image.id))


@routes.get("/api/sliceinstance/{id:int}/annotationindex.json")
def list_of_slice(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The same for one slice, layer by layer."""
    plane = find(SliceInstance, id)
    return _answer(db, page, _counts(db, user, plane.project_id, "slice_id", plane.id))


def _counts(db: Session, user: Caller, project_id: int, of: str, id: int) -> Select[*tuple[Any, ...]]:
    """Slice, layer and both numbers of one image or slice, as far as the caller sees the layers."""
    project, nothing = db.get_one(Project, project_id), literal(0)
    kinds = (
        (UserAnnotationCount, UserAnnotationCount.number, nothing),
        (ReviewedAnnotationCount, nothing, ReviewedAnnotationCount.number),
    )
    each = union_all(
        *(
            select(kind.slice_id, kind.user_id, drawn.label("drawn"), accepted.label("accepted")).where(
                getattr(kind, of) == id, kind.number > 0, layers_in(db, user, project, kind=kind)
            )
            for kind, drawn, accepted in kinds
        )
    ).subquery()
    place = each.c.slice_id, each.c.user_id
    return select(*place, func.sum(each.c.drawn), func.sum(each.c.accepted)).group_by(*place).order_by(*place)


def _answer(db: Session, page: PageQuery, query: Select[*tuple[Any, ...]]) -> Response:
    total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    query = query.offset(page.offset)
    rows = db.execute(query.limit(page.length) if page.length else query)
    names = "slice", "user", "countAnnotation", "countReviewedAnnotation"
    # PostgreSQL adds counts up to decimals.
    return page.answer([dict(zip(names, map(int, row), strict=True)) for row in rows], total)
