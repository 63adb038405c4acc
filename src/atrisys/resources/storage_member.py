"""Who may use a storage, how much of it is whose, and which storages one may use."""

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_storage, require_user
from atrisys.access.visible import visible
from atrisys.actions.share_storage import give_access, take_access
from atrisys.store.tables import SecUser, Storage, StorageMember, UploadedFile
from atrisys.store.tables.files import ADMINISTRATION, READ, WRITE
from atrisys.wire.accounts import named, show_to
from atrisys.wire.answers import done
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery
from atrisys.wire.routes import Routes
from atrisys.wire.several_users import Ids, for_each_user

routes = Routes(tags=["storage"])

MASKS = {"READ": READ, "WRITE": WRITE, "ADMINISTRATION": ADMINISTRATION}
Permission = Annotated[Literal["READ", "WRITE", "ADMINISTRATION"], Query()]


def _word(mask: Any) -> Any:
    """The highest right that a mask holds."""
    return case((mask >= ADMINISTRATION, "ADMINISTRATION"), (mask >= WRITE, "WRITE"), else_="READ")


def _people(storage: Storage) -> Select[SecUser]:
    members = select(StorageMember.user_id).where(StorageMember.storage_id == storage.id)
    return select(SecUser).where(or_(SecUser.id == storage.user_id, SecUser.id.in_(members)))


def _role(storage: Storage) -> Any:
    """What somebody may do there; the owner everything."""
    held = select(_word(StorageMember.permission)).where(
        StorageMember.storage_id == storage.id, StorageMember.user_id == SecUser.id
    )
    return case((SecUser.id == storage.user_id, "ADMINISTRATION"), else_=held.correlate(SecUser).scalar_subquery())


@routes.get("/api/storage/{id:int}/user.json")
def list_people(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Who may use a storage: its owner, and whom it is shared with."""
    query = _people(find(Storage, id))
    rows, total = page.rows(db, query, func.lower(SecUser.username), columns=named(user))
    return page.answer([show_to(db, user, row) for row in rows], total)


@routes.get("/api/storage/{id:int}/usersstats.json")
def list_use(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """How many files and bytes of a storage are whose, and what each may do there (`role`)."""
    storage = find(Storage, id)
    mine = (UploadedFile.storage_id == storage.id, UploadedFile.user_id == SecUser.id)

    def of(value: Any) -> Any:
        return select(value).where(*mine).correlate(SecUser).scalar_subquery()

    files, size, role = (
        of(func.count(UploadedFile.id)),
        of(func.coalesce(func.sum(UploadedFile.size), 0)),
        _role(storage),
    )
    columns = {**named(user), "numberOfFiles": files, "totalSize": size, "role": role}
    query = _people(storage).add_columns(files, size, role)
    rows, total = page.rows(db, query, func.lower(SecUser.username), columns=columns)
    found = [
        {
            **{name: show_to(db, user, person)[name] for name in PERSON},
            "numberOfFiles": number,
            "totalSize": int(bytes_there),
            "role": may,
        }
        for person, number, bytes_there, may in rows
    ]
    return page.answer(found, total)


PERSON = ("id", "username", "firstname", "lastname", "name", "fullName", "created")


@routes.get("/api/storage/access.json")
def list_own_access(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """What the caller may do in each storage that they see."""
    held = select(_word(StorageMember.permission)).where(
        StorageMember.storage_id == Storage.id, StorageMember.user_id == user.id
    )
    shared = held.correlate(Storage).scalar_subquery()
    everything = Storage.id.is_not(None) if user.is_admin else Storage.user_id == user.id
    permission = case((everything, "ADMINISTRATION"), else_=shared)
    rows, total = page.rows(db, visible(user, select(Storage, permission)), Storage.id)
    return page.answer([{"id": storage.id, "permission": word} for storage, word in rows], total)


@routes.post("/api/storage/{id:int}/user/{user_id:int}.json")
def add_person(
    id: int, user_id: int, db: Db, user: CurrentUser, find: Find, permission: Permission = "WRITE"
) -> Response:
    """Share a storage with somebody; whoever may administer it does."""
    give_access(db, user, _administered(db, user, find, id), user_id, MASKS[permission])
    return done()


@routes.put("/api/storage/{id:int}/user/{user_id:int}.json")
def edit_person(
    id: int, user_id: int, db: Db, user: CurrentUser, find: Find, permission: Permission = "WRITE"
) -> Response:
    """Give somebody another right on a storage."""
    give_access(db, user, _administered(db, user, find, id), user_id, MASKS[permission])
    return done()


@routes.delete("/api/storage/{id:int}/user/{user_id:int}.json")
def remove_person(id: int, user_id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Share a storage with somebody no longer, or leave it; their files there become the owner's."""
    _remove(db, user, find.other(Storage, id), user_id)
    return done()


@routes.post("/api/storage/{id:int}/user.json")
def add_people(
    id: int, users: Ids, request: Request, db: Db, user: CurrentUser, find: Find, permission: Permission = "WRITE"
) -> Response:
    """Share a storage with several people, as far as possible (206 with the reasons where it is not)."""
    storage = _administered(db, user, find, id)
    return for_each_user(users, request, db, lambda one: give_access(db, user, storage, one, MASKS[permission]))


@routes.delete("/api/storage/{id:int}/user.json")
def remove_people(id: int, users: Ids, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Share a storage with several people no longer, as far as possible."""
    storage = find.other(Storage, id)
    return for_each_user(users, request, db, lambda one: _remove(db, user, storage, one))


def _remove(db: Session, user: Caller, storage: Storage, user_id: int) -> None:
    if user_id != user.id:
        require_user(user)
        require_storage(db, user, storage, ADMINISTRATION)
    take_access(db, user, storage, user_id)


def _administered(db: Session, user: Caller, find: Finder, id: int) -> Storage:
    storage = find.other(Storage, id)
    require_user(user)
    require_storage(db, user, storage, ADMINISTRATION)
    return storage
