"""Storages: where uploaded files lie, each with an owner."""

from typing import Annotated

from fastapi import Query, Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_admin, require_self_or_admin, require_storage, require_user
from atrisys.access.visible import visible
from atrisys.actions import delete_storage, history
from atrisys.store.tables import SecUser, Storage
from atrisys.store.tables.files import ADMINISTRATION
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.described import gives, lists
from atrisys.wire.fields import Fields, Model, show
from atrisys.wire.routes import Routes

routes = Routes(tags=["storage"])

Name = Annotated[str, Field(min_length=1, max_length=255)]


class StorageIn(Fields):
    name: Name
    user_id: int | None = None


class StorageEdit(Fields):
    name: Name | None = None
    user_id: int | None = None


class StorageOut(Model, of=Storage):
    name: str
    user_id: int


@routes.get("/api/storage.json")
@lists(StorageOut, sought="name")
def list_storages(
    db: Db, user: CurrentUser, page: PageQuery, search: Annotated[str | None, Query(alias="searchString")] = None
) -> Response:
    """The storages that the caller may read, their own first. `searchString`: a part of the name."""
    query = visible(user, select(Storage))
    if search:
        query = query.where(Storage.name.icontains(search, autoescape=True))
    return page.of(db, query, StorageOut, Storage.user_id != user.id, Storage.id)


@routes.get("/api/storage/{id:int}.json")
@gives(StorageOut)
def show_storage(id: int, db: Db, find: Find) -> Response:
    """One storage."""
    return shown(db, find(Storage, id))


@routes.post("/api/storage.json", openapi_extra=body_schema(StorageIn, many=True))
def add_storage(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Add one storage, or an array of them; for others than oneself only as administrator."""
    require_user(user)
    return add_one_or_many(request, db, StorageIn, body, lambda fields: _add(fields, db, user, find), name="Storage")


def _add(fields: StorageIn, db: Session, user: Caller, find: Finder) -> Storage:
    owner_id = user.id if fields.user_id is None else fields.user_id
    require_self_or_admin(user, owner_id)
    return history.add(db, user, Storage(name=fields.name, user_id=find.other(SecUser, owner_id).id))


@routes.put("/api/storage/{id:int}.json", openapi_extra=body_schema(StorageEdit))
def edit_storage(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename a storage. Only an administrator gives it to another owner."""
    storage = find(Storage, id)
    require_user(user)
    require_storage(db, user, storage, ADMINISTRATION)
    changes = read_changes(StorageEdit, body, storage)
    if changes.get("user_id", storage.user_id) != storage.user_id:
        require_admin(user)
        find.other(SecUser, changes["user_id"])
    history.edit(db, user, storage, **changes)
    return saved(db, "edited", storage)


@routes.delete("/api/storage/{id:int}.json")
def remove_storage(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a storage; refused while files lie in it."""
    storage = find(Storage, id)
    require_user(user)
    require_storage(db, user, storage, ADMINISTRATION)
    wire = show(db, storage)
    delete_storage.delete_storage(db, user, storage)
    return saved(db, "deleted", storage, wire)
