"""Whoever asks: their own account and their API keys, which nobody else reads."""

from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from atrisys.access.keys import signature_of
from atrisys.access.names import is_named
from atrisys.actions.renew_keys import renew_keys
from atrisys.errors import NotAllowed, NotFound
from atrisys.store.tables import SecUser
from atrisys.wire.accounts import OneselfOut, flags_by_now, show_one_to
from atrisys.wire.asking import CurrentUser, Db
from atrisys.wire.credentials import is_same_origin
from atrisys.wire.described import Part, gives
from atrisys.wire.dialect import Json
from atrisys.wire.routes import Routes, counts_as_unsafe

routes = Routes(tags=["current user"])


class WhoAsks(Part):
    """What one is told of oneself alone."""

    is_switched: bool
    real_user: None
    private_key: str | None
    """Told only to who has it already, or asks from our own pages."""


class KeyPair(Part):
    """A pair of API keys."""

    primary_key: str
    """The public one."""
    secondary_key: str


@routes.get("/api/user/current.json")
@routes.get("/api/currentuser.json")
@gives(OneselfOut, WhoAsks)
def show_current_user(request: Request, db: Db, user: CurrentUser) -> Response:
    """Who the caller is, with roles and API keys.

    The private key is told only to who has it already, or asks from our own pages.
    """
    row = db.get_one(SecUser, user.id)
    shown = show_one_to(db, user, row) | flags_by_now(user) | {"isSwitched": False, "realUser": None}
    trusted = user.way in ("signature", "token") or (user.way == "session" and is_same_origin(request))
    shown["privateKey"] = _private_key(request, row) if trusted else None
    return Json(shown, headers={"ETag": f'"{row.version}"'})


@routes.post("/api/user/current.json")
@routes.delete("/api/user/current.json")
def remove_current_user(request: Request, user: CurrentUser) -> Response:
    """Nobody makes or deletes their own account this way: always 405."""
    raise HTTPException(405, headers={"Allow": "GET, PUT"})


@routes.get("/api/user/current/keys")
@counts_as_unsafe
@gives(KeyPair)
def show_own_keys(request: Request, db: Db, user: CurrentUser) -> Response:
    """The caller's API keys, as `primaryKey` (public) and `secondaryKey` (private)."""
    return Json(_pair(request, db.get_one(SecUser, user.id)))


@routes.post("/api/user/current/keys")
@counts_as_unsafe
@gives(KeyPair)
def renew_own_keys(request: Request, db: Db, user: CurrentUser) -> Response:
    """Replace the caller's API keys; the old pair is void at once."""
    row = db.get_one(SecUser, user.id)
    renew_keys(db, user, request.app.state.key_box, row)
    return Json(_pair(request, row))


def _pair(request: Request, user: SecUser) -> dict[str, Any]:
    return {"primaryKey": user.public_key, "secondaryKey": _private_key(request, user)}


@routes.get("/api/userkey/{public_key}/keys.json")
@counts_as_unsafe
def show_keys_by_public_key(public_key: str, request: Request, db: Db, user: CurrentUser) -> Response:
    """The pair of keys that a public key belongs to; of one's own alone."""
    row = db.get_one(SecUser, user.id)
    if row.public_key != public_key:
        raise NotFound("You have no such key.")
    return _keys(request, row)


@routes.get("/api/user/{name}/keys.json")
@counts_as_unsafe
def show_keys_of_user(name: str, request: Request, db: Db, user: CurrentUser) -> Response:
    """The keys of a user, by id or user name: one's own alone. An administrator may replace keys, never read them."""
    row = db.get_one(SecUser, user.id)
    if name not in (str(row.id), "current") and name.lower() != row.username.lower():
        raise _not_yours(db, name)
    return _keys(request, row)


def _not_yours(db: Session, name: str) -> NotAllowed | NotFound:
    number = int(name) if name.isdecimal() and len(name) < 19 else 0
    if db.scalar(select(SecUser.id).where((SecUser.id == number) | is_named(name))) is None:
        return NotFound("User {user} was not found.", user=name)
    return NotAllowed("Keys are read by their owner alone.")


def _keys(request: Request, user: SecUser) -> Json:
    return Json({"privateKey": _private_key(request, user), "publicKey": user.public_key})


@routes.get("/api/signature.json")
@counts_as_unsafe
def sign(
    request: Request,
    db: Db,
    user: CurrentUser,
    method: str = "",
    date: str = "",
    content_type: Annotated[str, Query(alias="content-type")] = "",
    content_type_too: Annotated[str, Query(alias="content-Type")] = "",
    content_md5: Annotated[str, Query(alias="content-MD5")] = "",
    query_string: Annotated[str, Query(alias="queryString")] = "",
    forward_uri: Annotated[str, Query(alias="forwardURI")] = "",
) -> Response:
    """Sign a described request with the caller's private key, for pages that must not hold it.

    The address is part of the signature only where `forwardURI` names it.
    """
    row = db.get_one(SecUser, user.id)
    message = f"{method}\n{content_md5}\n{content_type or content_type_too}\n{date}"
    if forward_uri:
        message += f"\n{forward_uri}" + (f"?{query_string}" if query_string else "")
    signature = signature_of(_private_key(request, row), message)
    return Json({"signature": signature, "publicKey": row.public_key})


def _private_key(request: Request, user: SecUser) -> str:
    return request.app.state.key_box.open(user.private_key, user.public_key)
