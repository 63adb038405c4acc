"""Which annotations are in which annotation groups."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from pydantic import AliasChoices, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_contributor
from atrisys.access.visible import get_row, visible
from atrisys.actions import history
from atrisys.actions.link_annotation import link_annotation
from atrisys.errors import NotFound
from atrisys.store.by_ids import pairs_for
from atrisys.store.tables import AnnotationGroup, AnnotationLink, UserAnnotation
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema
from atrisys.wire.fields import Fields, Model, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation group"])


class AnnotationLinkIn(Fields):
    annotation_id: int = Field(validation_alias=AliasChoices("annotationIdent", "annotation"))
    group_id: int


class AnnotationLinkOut(Model):
    annotation_ident: int
    annotation_class_name: str = UserAnnotation.cytomine_class
    group_id: int
    image_id: int


@shows(AnnotationLink)
def show_link(db: Session, link: AnnotationLink) -> dict[str, Any]:
    return show_links(db, [link])[0]


def show_links(db: Session, links: Sequence[AnnotationLink]) -> list[dict[str, Any]]:
    """Annotations in groups, with the images that they lie on."""
    images = select(UserAnnotation.id, UserAnnotation.image_id)
    image = pairs_for(db, images, UserAnnotation.id, [link.annotation_id for link in links])
    return [
        AnnotationLinkOut.of(link, annotation_ident=link.annotation_id, image_id=image[link.annotation_id]).wire()
        for link in links
    ]


@routes.get("/api/annotationgroup/{id:int}/annotationlink.json")
def list_links_of_group(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The annotations of a group, as far as the caller sees their layers."""
    query = visible(user, select(AnnotationLink)).where(AnnotationLink.group_id == find(AnnotationGroup, id).id)
    rows, total = page.rows(db, query, AnnotationLink.id)
    return page.answer(show_links(db, rows), total)


@routes.get("/api/annotation/{id:int}/annotationlink.json")
def list_links_beside(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """All annotations of the group that an annotation is in, itself included."""
    own = select(AnnotationLink.group_id).where(AnnotationLink.annotation_id == find.annotation(id).id)
    query = visible(user, select(AnnotationLink)).where(AnnotationLink.group_id.in_(own))
    rows, total = page.rows(db, query, AnnotationLink.id)
    return page.answer(show_links(db, rows), total)


@routes.get("/api/annotationgroup/{id:int}/annotation/{annotation:int}.json")
def show_one(id: int, annotation: int, db: Db, find: Find) -> Response:
    """One annotation in one group."""
    return shown(db, _link(db, find, id, annotation))


@routes.post("/api/annotationlink.json", openapi_extra=body_schema(AnnotationLinkIn, many=True))
def add_link(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Put an annotation into a group of its project, or an array of them; each is in one at most.

    Contributors of a read-only project may not, nor guests.
    """
    return add_one_or_many(
        request, db, AnnotationLinkIn, body, lambda fields: _add(fields, db, user), name="AnnotationLink"
    )


def _add(fields: AnnotationLinkIn, db: Session, user: Caller) -> AnnotationLink:
    annotation = get_row(db, user, UserAnnotation, fields.annotation_id, lock=True)
    group = get_row(db, user, AnnotationGroup, fields.group_id, lock=True)
    require_contributor(db, user, group.project_id)
    return link_annotation(db, user, annotation, group)


@routes.delete("/api/annotationgroup/{id:int}/annotation/{annotation:int}.json")
def remove_link(id: int, annotation: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take an annotation out of its group; both stay."""
    link = _link(db, find, id, annotation)
    find.check_version(link)
    require_contributor(db, user, link.project_id)
    wire = show(db, link)
    return saved(db, "deleted", history.delete(db, user, link), wire)


def _link(db: Session, find: Finder, group_id: int, annotation_id: int) -> AnnotationLink:
    group, annotation = find.other(AnnotationGroup, group_id), find.other(UserAnnotation, annotation_id)
    link = db.scalar(
        select(AnnotationLink).where(AnnotationLink.annotation_id == annotation.id, AnnotationLink.group_id == group.id)
    )
    if link is None:
        raise NotFound("Annotation {annotation} is not in group {group}.", annotation=annotation.id, group=group.id)
    return link
