"""Comments on annotations: read by who wrote them and by whom they were written to."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.require import require_annotation_editor, require_user
from atrisys.access.visible import visible
from atrisys.actions.share_annotation import share_annotation
from atrisys.errors import Invalid, NotFound
from atrisys.store.by_ids import objects_for, rows_for
from atrisys.store.tables import SecUser, SharedAnnotation, SharedAnnotationReceiver, UserAnnotation
from atrisys.wire import domains
from atrisys.wire.accounts import show_to_anybody
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, shown
from atrisys.wire.bodies import MOST_AT_ONCE, JsonBody, body_schema, read_one
from atrisys.wire.domains import Domain
from atrisys.wire.fields import Fields, Model, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["comment"])

People = Annotated[list[int], BeforeValidator(lambda value: value or []), Field(max_length=MOST_AT_ONCE)]


class CommentIn(Fields):
    comment: domains.Value
    receivers: People = Field(default_factory=list)
    users: People = Field(default_factory=list)
    """The older name of `receivers`; both are heeded."""
    emails: list[str] | str | None = None
    """Refused where it names anybody: this server sends no mail."""


class CommentOut(Model):
    comment: str
    sender_id: int | None
    sender_name: str | None
    receivers: list[int]
    annotation_ident: int
    annotation_class_name: str = UserAnnotation.cytomine_class


@shows(SharedAnnotation)
def show_one(db: Session, comment: SharedAnnotation) -> dict[str, Any]:
    return show_all(db, [comment])[0]


def show_all(db: Session, comments: Sequence[SharedAnnotation]) -> list[dict[str, Any]]:
    """Comments with the sender's name and whom they were written to."""
    senders = objects_for(db, SecUser, [comment.sender_id for comment in comments if comment.sender_id])
    received = select(SharedAnnotationReceiver.comment_id, SharedAnnotationReceiver.user_id)
    receivers: dict[int, list[int]] = {comment.id: [] for comment in comments}
    for comment_id, user_id in rows_for(db, received, SharedAnnotationReceiver.comment_id, receivers):
        receivers[comment_id].append(user_id)
    return [
        CommentOut.of(
            comment,
            sender_name=show_to_anybody(db, senders[comment.sender_id])["name"] if comment.sender_id else None,
            receivers=sorted(receivers[comment.id]),
            annotation_ident=comment.annotation_id,
        ).wire()
        for comment in comments
    ]


@routes.get("/api/userannotation/{annotation:int}/comment.json")
def list_comments(annotation: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """What the caller has written about an annotation, or was written; newest first."""
    return _listed(db, user, page, find(UserAnnotation, annotation).id)


@routes.get("/api/domain/{domain_class}/{domain_id:int}/sharedannotation.json")
def list_comments_of_domain(domain: Domain, db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """The same by the object's class and id; of what is no annotation none."""
    return _listed(db, user, page, domain.id)


def _listed(db: Session, user: CurrentUser, page: PageQuery, annotation_id: int) -> Response:
    query = visible(user, select(SharedAnnotation).where(SharedAnnotation.annotation_id == annotation_id))
    rows, total = page.rows(db, query, SharedAnnotation.id.desc())
    return page.answer(show_all(db, rows), total)


@routes.get("/api/userannotation/{annotation:int}/comment/{id:int}.json")
def show_comment(annotation: int, id: int, db: Db, find: Find) -> Response:
    """One comment."""
    comment = find(SharedAnnotation, id)
    if comment.annotation_id != annotation:
        raise NotFound("{kind} {id} was not found.", kind="SharedAnnotation", id=id)
    return shown(db, comment)


@routes.post("/api/userannotation/{annotation:int}/comment.json", openapi_extra=body_schema(CommentIn))
def add_comment(annotation: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Write to members of the project about an annotation; whoever may edit it may, but no guest. No mail is sent."""
    row = find(UserAnnotation, annotation)
    require_user(user)
    require_annotation_editor(db, user, row)
    fields = read_one(CommentIn, body)
    if fields.emails:
        raise Invalid("This server sends no mail. Name people by their accounts, as receivers.")
    return saved(db, "added", share_annotation(db, user, row, fields.comment, [*fields.receivers, *fields.users]))
