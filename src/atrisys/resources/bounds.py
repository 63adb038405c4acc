"""Least and greatest values of columns, for the sliders of list filters."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.require import is_manager
from atrisys.access.visible import layers_anywhere, layers_in, visible
from atrisys.store.tables import (
    AbstractImage,
    ImageInstance,
    Project,
    ProjectMember,
    ReviewedAnnotationCount,
    UserAnnotationCount,
)
from atrisys.wire import dialect
from atrisys.wire.asking import CurrentUser, Db, Find
from atrisys.wire.dialect import Json
from atrisys.wire.routes import Routes

routes = Routes(tags=["bounds"])

NONE: dict[str, Any] = {"min": None, "max": None, "list": None}
ZERO: dict[str, Any] = {"min": 0, "max": 0, "list": None}


@routes.get("/api/bounds/project.json")
def show_bounds_of_projects(
    db: Db,
    user: CurrentUser,
    withMembersCount: str | None = None,
) -> Response:
    """What the caller's projects range over: times, numbers, names, modes."""
    mine = visible(user, select(Project.id), Project)
    here = Project.id.in_(mine)
    names = list(db.scalars(select(Project.name).where(here).order_by(Project.name)))
    projects = db.execute(select(Project.is_read_only, Project.is_restricted).where(here).distinct())
    modes = {"READ_ONLY" if row[0] else "RESTRICTED" if row[1] else "CLASSIC" for row in projects}
    seen, drawn, accepted = layers_anywhere(db, user), UserAnnotationCount, ReviewedAnnotationCount
    bounds = {
        **_spans(db, select(Project).where(here), {"created": Project.created, "updated": Project.updated}),
        "mode": {**NONE, "list": sorted(modes)},
        "name": {"min": names[0] if names else None, "max": names[-1] if names else None, "list": names},
        "numberOfAnnotations": _range_of(db, mine, drawn, drawn.total(), seen(drawn)),
        "numberOfJobAnnotations": ZERO,
        "numberOfReviewedAnnotations": _range_of(db, mine, accepted, accepted.total(), seen(accepted)),
        "numberOfImages": _range_of(db, mine, ImageInstance, func.count()),
    }
    if dialect.says_yes(withMembersCount):
        bounds["members"] = _range_of(db, mine, ProjectMember, func.count())
    return Json(bounds)


@routes.get("/api/project/{id:int}/bounds/imageinstance.json")
def show_bounds_of_images(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """What the images of a project range over: times, sizes, formats, names (not in a blinded project)."""
    project = find(Project, id)
    images = (
        select(ImageInstance)
        .join(AbstractImage, AbstractImage.id == ImageInstance.base_image_id)
        .where(ImageInstance.project_id == project.id)
    )
    own_or_base = {
        name: func.coalesce(getattr(ImageInstance, column), getattr(AbstractImage, column))
        for name, column in (
            ("magnification", "magnification"),
            ("physicalSizeX", "mpp_x"),
            ("physicalSizeY", "mpp_y"),
            ("physicalSizeZ", "mpp_z"),
            ("fps", "fps"),
        )
    }
    spans = {
        "created": ImageInstance.created,
        "updated": ImageInstance.updated,
        "reviewStart": ImageInstance.review_start,
        "reviewStop": ImageInstance.review_stop,
        "width": AbstractImage.width,
        "height": AbstractImage.height,
        **own_or_base,
    }
    bounds = _spans(db, images, spans)
    for name, column in {**own_or_base, "format": AbstractImage.format}.items():
        values = list(
            db.scalars(images.with_only_columns(column).where(column.is_not(None)).distinct().order_by(column))
        )
        bounds[name] = {**bounds.get(name, NONE), "list": values}
    bounds["mimeType"] = bounds["format"]
    names: list[str] = []
    if not project.blind_mode or is_manager(db, user, project.id):
        column = ImageInstance.instance_filename
        names = list(db.scalars(images.with_only_columns(column).order_by(column)))
    bounds["instanceFilename"] = {**NONE, "list": names}
    for kind, name in (
        (UserAnnotationCount, "countImageAnnotations"),
        (ReviewedAnnotationCount, "countImageReviewedAnnotations"),
    ):
        seen = layers_in(db, user, project, kind=kind)
        count = select(kind.total()).where(kind.image_id == ImageInstance.id, seen)
        bounds |= _spans(db, images, {name: count.scalar_subquery()})
    bounds["countImageJobAnnotations"] = ZERO
    return Json(bounds)


def _spans(db: Session, query: Select[Any], columns: dict[str, Any]) -> dict[str, dict[str, Any]]:
    inner = query.with_only_columns(*(column.label(name) for name, column in columns.items())).subquery()
    ends = [end for name in columns for end in (func.min(inner.c[name]), func.max(inner.c[name]))]
    row = db.execute(select(*ends)).one()
    return {name: {"min": row[2 * k], "max": row[2 * k + 1], "list": None} for k, name in enumerate(columns)}


def _range_of(db: Session, projects: Select[Any], kind: Any, number: Any, *rules: Any) -> dict[str, Any]:
    count = select(number).where(kind.project_id == Project.id, *rules).scalar_subquery()
    return _spans(db, select(Project).where(Project.id.in_(projects)), {"count": count})["count"]
