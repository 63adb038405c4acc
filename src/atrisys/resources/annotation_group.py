"""Annotation groups: annotations on the images of a group that mark the same thing."""

from typing import Annotated

from fastapi import Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_contributor
from atrisys.access.visible import get_row
from atrisys.actions import delete_group, history, link_annotation
from atrisys.errors import Invalid
from atrisys.store.tables import AnnotationGroup, ImageGroup, Project
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.fields import Fields, Model, show
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation group"])

Kind = Annotated[str, Field(min_length=1, max_length=255)]


class AnnotationGroupIn(Fields):
    project_id: int
    image_group_id: int
    type: Kind = "SAME_OBJECT"


class AnnotationGroupEdit(Fields):
    type: Kind | None = None


class AnnotationGroupOut(Model, of=AnnotationGroup):
    project_id: int
    image_group_id: int
    type: str


@routes.get("/api/project/{id:int}/annotationgroup.json")
def list_groups_of_project(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The annotation groups of a project."""
    query = select(AnnotationGroup).where(AnnotationGroup.project_id == find(Project, id).id)
    return page.of(db, query, AnnotationGroupOut, AnnotationGroup.id)


@routes.get("/api/imagegroup/{id:int}/annotationgroup.json")
def list_groups_of_image_group(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The annotation groups on the images of a group."""
    query = select(AnnotationGroup).where(AnnotationGroup.image_group_id == find(ImageGroup, id).id)
    return page.of(db, query, AnnotationGroupOut, AnnotationGroup.id)


@routes.get("/api/annotationgroup/{id:int}.json")
def show_group(id: int, db: Db, find: Find) -> Response:
    """One annotation group."""
    return shown(db, find(AnnotationGroup, id))


@routes.post("/api/annotationgroup.json", openapi_extra=body_schema(AnnotationGroupIn, many=True))
def add_group(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Add one annotation group to an image group, or an array of them.

    Contributors of a read-only project may not, nor guests.
    """
    return add_one_or_many(
        request, db, AnnotationGroupIn, body, lambda fields: _add(fields, db, user, find), name="AnnotationGroup"
    )


def _add(fields: AnnotationGroupIn, db: Session, user: Caller, find: Finder) -> AnnotationGroup:
    project, image_group = find.other(Project, fields.project_id), find.other(ImageGroup, fields.image_group_id)
    require_contributor(db, user, project.id)
    if image_group.project_id != project.id:
        raise Invalid("Group {group} is not of project {project}.", group=image_group.id, project=project.id)
    group = AnnotationGroup(project_id=project.id, image_group_id=image_group.id, type=fields.type)
    return history.add(db, user, group)


@routes.put("/api/annotationgroup/{id:int}.json", openapi_extra=body_schema(AnnotationGroupEdit))
def edit_group(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say otherwise what the annotations of a group have in common."""
    group = find(AnnotationGroup, id)
    require_contributor(db, user, group.project_id)
    return saved(db, "edited", history.edit(db, user, group, **read_changes(AnnotationGroupEdit, body)))


@routes.delete("/api/annotationgroup/{id:int}.json")
def remove_group(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete an annotation group; its annotations stay."""
    group = find(AnnotationGroup, id)
    require_contributor(db, user, group.project_id)
    wire = show(db, group)
    delete_group.delete_annotation_group(db, user, group)
    return saved(db, "deleted", group, wire)


@routes.post("/api/annotationgroup/{id:int}/annotationgroup/{merged:int}/merge.json")
def merge_groups(id: int, merged: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take all annotations of the second group into the first, and delete that. Both must be alike, else 400."""
    group, other = find(AnnotationGroup, id), get_row(db, user, AnnotationGroup, merged, lock=True)
    require_contributor(db, user, group.project_id)
    link_annotation.merge_groups(db, user, group, other)
    return saved(db, "edited", group)
