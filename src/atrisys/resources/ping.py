"""Is anybody there? Always answered with 200: the official client asks for two minutes otherwise."""

from typing import Annotated

import orjson
from fastapi import Depends, Request

from atrisys import __version__
from atrisys.access.caller import Caller
from atrisys.actions.record_activity import record_presence
from atrisys.errors import Refusal
from atrisys.wire.asking import CurrentStore
from atrisys.wire.credentials import who_asks
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.routes import Routes, open_to_all

routes = Routes(tags=["server"])


@routes.get("/status.json")
@routes.get("/api/status.json")
@open_to_all
def show_status(request: Request) -> Json:
    """Says that the server is alive, and which it is."""
    return Json({"alive": True, "version": __version__, "serverURL": address_of(request)})


async def _project(request: Request) -> int | None:
    """The project that the body names; whatever else it says is passed over."""
    try:
        said = orjson.loads(await request.body())
        return int(str(said["project"])[:18])
    except (ValueError, TypeError, KeyError):
        return None


@routes.api_route("/server/ping", methods=["GET"])
@routes.api_route("/server/ping.json", methods=["GET"])
@routes.api_route("/api/server/ping.json", methods=["GET"])
@open_to_all
def ping(request: Request, store: CurrentStore) -> Json:
    """Says that the server is alive, and who the asker is where the credentials hold."""
    return _alive(request, _caller(request, store))


@routes.api_route("/server/ping", methods=["POST"])
@routes.api_route("/server/ping.json", methods=["POST"])
@routes.api_route("/api/server/ping.json", methods=["POST"])
@open_to_all
def ping_from(request: Request, store: CurrentStore, project: Annotated[int | None, Depends(_project)]) -> Json:
    """The same, from within a `project`: a sign of life of somebody who has opened it."""
    caller = _caller(request, store)
    if caller is not None and project is not None:
        with store.writing() as db:
            record_presence(db, caller, project)
    return _alive(request, caller)


def _caller(request: Request, store: CurrentStore) -> Caller | None:
    with store.asking() as db:
        try:
            return who_asks(request, db, opens_to_picture_cookie=False, counts_as_unsafe=False)
        except Refusal:
            return None


def _alive(request: Request, caller: Caller | None) -> Json:
    return Json(
        {
            "alive": True,
            "authenticated": caller is not None,
            "user": caller.id if caller else None,
            "version": __version__,
            "serverURL": address_of(request),
            "serverID": "atrisys",
            "shortTermToken": None,
            "ltiEnabled": False,
            "ldapEnabled": False,
        }
    )
