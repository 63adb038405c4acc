"""Threads on annotations: what members of the project say about them, for all who see the annotation.

Cytomine's own comments (resources/comment.py) are letters between a sender and receivers; these are open.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_comment_author, require_comment_remover, require_contributor
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.store.by_ids import objects_for
from atrisys.store.table import now_ms
from atrisys.store.tables import AnnotationComment, ImageInstance, SecUser, UserAnnotation
from atrisys.wire.accounts import show_to_anybody
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, Paging, shown
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.described import gives, lists, saves
from atrisys.wire.fields import Fields, Model, Moment, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["comment"])

LONGEST = 10_000


class CommentIn(Fields):
    comment: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class AnnotationCommentOut(Model):
    annotation_id: int
    user_id: int | None
    """None when that account is gone."""
    full_name: str | None
    comment: str
    edited: Moment
    """When its author last changed the words."""


@shows(AnnotationComment)
def show_one(db: Session, comment: AnnotationComment) -> dict[str, Any]:
    return show_all(db, [comment])[0]


def show_all(db: Session, comments: Sequence[AnnotationComment]) -> list[dict[str, Any]]:
    """Comments with their authors' names."""
    authors = objects_for(db, SecUser, [comment.user_id for comment in comments if comment.user_id])
    names = {id: show_to_anybody(db, author)["name"] for id, author in authors.items()}
    return [AnnotationCommentOut.of(one, full_name=names.get(one.user_id or 0)).wire() for one in comments]


@routes.get("/api/atrisys/annotation/{id:int}/comment.json")
@lists(AnnotationCommentOut)
def list_thread(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """What was said about an annotation, oldest first."""
    annotation = find(UserAnnotation, id)
    of_it = AnnotationComment.annotation_id == annotation.id
    return _listed(db, user, page, of_it, AnnotationComment.id.asc())


@routes.get("/api/atrisys/imageinstance/{id:int}/comment.json")
@lists(AnnotationCommentOut)
def list_comments_on_image(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """What was said about the annotations of an image, as far as the caller sees these; newest first."""
    drawn = select(UserAnnotation.id).where(UserAnnotation.image_id == find(ImageInstance, id).id)
    return _listed(db, user, page, AnnotationComment.annotation_id.in_(drawn), AnnotationComment.id.desc())


def _listed(db: Session, user: Caller, page: Paging, rule: ColumnElement[bool], order: ColumnElement[Any]) -> Response:
    rows, total = page.rows(db, visible(user, select(AnnotationComment).where(rule)), order)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/atrisys/annotationcomment/{id:int}.json")
@gives(AnnotationCommentOut)
def show_comment(id: int, db: Db, find: Find) -> Response:
    """One of them."""
    return shown(db, find(AnnotationComment, id))


@routes.post("/api/atrisys/annotation/{id:int}/comment.json", openapi_extra=body_schema(CommentIn))
@saves(AnnotationCommentOut)
def add_comment(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say something about an annotation: all members but guests; in a read-only project its managers."""
    annotation = find(UserAnnotation, id)
    require_contributor(db, user, annotation.project_id)
    home = {"project_id": annotation.project_id, "layer_id": annotation.user_id, "annotation_id": annotation.id}
    comment = AnnotationComment(**home, user_id=user.id, comment=read_one(CommentIn, body).comment)
    return saved(db, "added", history.add(db, user, comment))


@routes.put("/api/atrisys/annotationcomment/{id:int}.json", openapi_extra=body_schema(CommentIn))
@saves(AnnotationCommentOut)
def edit_comment(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Change one's own words."""
    comment = find(AnnotationComment, id)
    require_comment_author(db, user, comment)
    words = read_one(CommentIn, body).comment
    if words != comment.comment:
        history.edit(db, user, comment, comment=words, edited=now_ms())
    return saved(db, "edited", comment)


@routes.delete("/api/atrisys/annotationcomment/{id:int}.json")
@saves(AnnotationCommentOut)
def remove_comment(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take back one's own words; a manager of the project takes away anybody's."""
    comment = find(AnnotationComment, id)
    require_comment_remover(db, user, comment)
    wire = show(db, comment)
    return saved(db, "deleted", history.delete(db, user, comment), wire)
