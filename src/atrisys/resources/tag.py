"""Tags: words that objects of any kind are marked with, the same for everybody."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.domains import require_tag_owner, require_tag_renamer
from atrisys.access.require import require_user
from atrisys.actions import delete_tag, history
from atrisys.store.by_ids import pairs_for
from atrisys.store.tables import SecUser, Tag
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.fields import Fields, Model, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["tag"])

Name = Annotated[str, Field(min_length=1, max_length=255)]
MAKER = select(SecUser.username).where(SecUser.id == Tag.user_id).scalar_subquery()


class TagIn(Fields):
    name: Name


class TagEdit(Fields):
    name: Name | None = None


class TagOut(Model):
    name: str
    user_id: int | None
    creator_name: str | None


@shows(Tag)
def show_one(db: Session, tag: Tag) -> dict[str, Any]:
    return show_all(db, [tag])[0]


def show_all(db: Session, tags: Sequence[Tag]) -> list[dict[str, Any]]:
    """Tags with the names of those who made them."""
    makers = pairs_for(db, select(SecUser.id, SecUser.username), SecUser.id, [tag.user_id for tag in tags])
    return [TagOut.of(tag, creator_name=makers.get(tag.user_id or 0)).wire() for tag in tags]


@routes.get("/api/tag.json")
def list_tags(db: Db, page: PageQuery) -> Response:
    """All tags, in alphabetical order."""
    rows, total = page.rows(db, select(Tag), func.lower(Tag.name), columns={"creatorName": MAKER})
    return page.answer(show_all(db, rows), total)


@routes.get("/api/tag/{id:int}.json")
def show_tag(id: int, db: Db, find: Find) -> Response:
    """One tag."""
    return shown(db, find(Tag, id))


@routes.post("/api/tag.json", openapi_extra=body_schema(TagIn, many=True))
def add_tag(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Make one tag, or an array of them. Its name must be new, whatever its case."""
    require_user(user)
    return add_one_or_many(
        request,
        db,
        TagIn,
        body,
        lambda fields: history.add(db, user, Tag(name=fields.name, user_id=user.id)),
        name="Tag",
    )


@routes.put("/api/tag/{id:int}.json", openapi_extra=body_schema(TagEdit))
def edit_tag(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename a tag: whoever made it may until it is used, then only an administrator."""
    tag = find(Tag, id)
    require_user(user)
    require_tag_renamer(db, user, tag)
    history.edit(db, user, tag, **read_changes(TagEdit, body))
    return saved(db, "edited", tag)


@routes.delete("/api/tag/{id:int}.json")
def remove_tag(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a tag one has made; whatever bears it loses it."""
    tag = find(Tag, id)
    require_user(user)
    require_tag_owner(user, tag)
    wire = show(db, tag)
    delete_tag.delete_tag(db, user, tag)
    return saved(db, "deleted", tag, wire)
