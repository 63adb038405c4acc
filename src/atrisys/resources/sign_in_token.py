"""Tokens that sign somebody in once: for portals that know their people already."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from starlette.responses import Response

from atrisys.access.events import record
from atrisys.access.names import is_named
from atrisys.access.require import require_self_or_admin
from atrisys.access.sign_in import make_sign_in_token
from atrisys.errors import NotFound
from atrisys.store.tables import SecUser
from atrisys.wire.asking import CurrentUser, Db
from atrisys.wire.bodies import LooseJson, body_schema, read_one
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Fields
from atrisys.wire.routes import Routes, counts_as_unsafe

routes = Routes(tags=["session"])

LONGEST_MIN = 24 * 60


class TokenIn(Fields):
    username: Annotated[str, Field(min_length=1, max_length=255)]
    validity: Annotated[int, Field(ge=1, le=LONGEST_MIN)] = 60
    """Minutes."""


@routes.post("/api/token.json", openapi_extra=body_schema(TokenIn))
@counts_as_unsafe
def make_token(body: LooseJson, db: Db, user: CurrentUser) -> Response:
    """A token that opens one browser session (`POST /api/atrisys/session.json`); one's own, for administrators any.

    It is told once, ends after `validity` minutes, and with a new password or a lock.
    """
    fields = read_one(TokenIn, body)
    account = db.scalar(select(SecUser).where(is_named(fields.username), SecUser.enabled))
    require_self_or_admin(user, account.id if account else 0)
    if account is None:
        raise NotFound("User {user} was not found.", user=fields.username)
    token, expires = make_sign_in_token(db, account.id, fields.validity)
    record(db, user, "token made", SecUser, account.id)
    told = {"tokenKey": token, "user": account.id, "username": account.username, "expiryDate": expires}
    return Json({"success": True, "token": told})
