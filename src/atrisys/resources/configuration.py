"""Configuration: settings that clients keep on the server, each with who may read it."""

from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_admin
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.errors import NotFound
from atrisys.store.tables import Configuration
from atrisys.wire import domains
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, body_schema, read_changes, read_one
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.fields import Fields, Model
from atrisys.wire.routes import Routes, open_to_all

routes = Routes(tags=["configuration"])

Key = Annotated[str, Field(max_length=255, pattern=r"^[^./?#%\\\s]+$")]
ReadingRole = Literal["ALL", "USER", "ADMIN"]


class SettingIn(Fields):
    value: domains.Value
    reading_role: ReadingRole


class ConfigurationIn(SettingIn):
    key: Key


class ConfigurationEdit(Fields):
    value: domains.Value | None = None
    reading_role: ReadingRole | None = None


class ConfigurationOut(Model, of=Configuration):
    key: str
    value: str
    reading_role: str


@routes.get("/configuration.json")
@open_to_all
def show_addresses(request: Request) -> Response:
    """What Cytomine's web page asks before anybody signs in: where the server is, and where files are sent."""
    address = address_of(request)
    return Json({"CYTOMINE_CORE_HOST": address, "CYTOMINE_UPLOAD_HOST": address})


@routes.get("/api/configuration.json")
def list_settings(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """The settings that the caller may read."""
    return page.of(db, visible(user, select(Configuration)), ConfigurationOut, Configuration.key)


@routes.get("/api/configuration/key/{key}.json")
def show_setting(key: str, db: Db, user: CurrentUser, find: Find) -> Response:
    """One setting."""
    return shown(db, _found(db, user, find, key))


@routes.post("/api/configuration.json", openapi_extra=body_schema(ConfigurationIn))
def add_setting(body: JsonBody, db: Db, user: CurrentUser) -> Response:
    """Keep a new setting; administrators do. Its key must be new."""
    require_admin(user)
    return _add(db, user, read_one(ConfigurationIn, body))


@routes.put("/api/configuration/key/{key}.json", openapi_extra=body_schema(SettingIn))
def set_setting(key: str, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Change a setting, or keep a new one; administrators do."""
    return _set(db, user, find, key, body)


@routes.post("/api/configuration/key/{key}.json", openapi_extra=body_schema(SettingIn))
def set_setting_too(key: str, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """The same, as the JavaScript client keeps a new setting."""
    return _set(db, user, find, key, body)


def _set(db: Session, user: Caller, find: Finder, key: str, body: Any) -> Response:
    require_admin(user)
    id = _id(db, user, key)
    if id is not None:
        row = find(Configuration, id)
        return saved(db, "edited", history.edit(db, user, row, **read_changes(ConfigurationEdit, body)))
    said = read_one(SettingIn, body)
    return _add(db, user, read_one(ConfigurationIn, {**said.model_dump(by_alias=False), "key": key}))


def _add(db: Session, user: Caller, fields: ConfigurationIn) -> Response:
    row = Configuration(key=fields.key, value=fields.value, reading_role=fields.reading_role)
    return saved(db, "added", history.add(db, user, row))


@routes.delete("/api/configuration/key/{key}.json")
def remove_setting(key: str, db: Db, user: CurrentUser, find: Find) -> Response:
    """Forget a setting; administrators do."""
    require_admin(user)
    return saved(db, "deleted", history.delete(db, user, _found(db, user, find, key)))


def _found(db: Session, user: Caller, find: Finder, key: str) -> Configuration:
    id = _id(db, user, key)
    if id is None:
        raise NotFound("There is no setting {key}.", key=key[:80])
    return find(Configuration, id)


def _id(db: Session, user: Caller, key: str) -> int | None:
    if "\0" in key:
        return None
    return db.scalar(visible(user, select(Configuration.id).where(Configuration.key == key), Configuration))
