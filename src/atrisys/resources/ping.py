"""Is anybody there? Always answered with 200: the official client asks for two minutes otherwise."""

from fastapi import Request

from atrisys import __version__
from atrisys.errors import Refusal
from atrisys.wire.asking import CurrentStore
from atrisys.wire.credentials import who_asks
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.routes import Routes, open_to_all

routes = Routes(tags=["server"])


@routes.api_route("/server/ping", methods=["GET", "POST"])
@routes.api_route("/server/ping.json", methods=["GET", "POST"])
@routes.api_route("/api/server/ping.json", methods=["GET", "POST"])
@open_to_all
def ping(request: Request, store: CurrentStore) -> Json:
    """Says that the server is alive, and who the asker is where the credentials hold."""
    with store.reading() as db:
        try:
            caller = who_asks(request, db, opens_to_picture_cookie=False, counts_as_unsafe=False)
        except Refusal:
            caller = None
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
