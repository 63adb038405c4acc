"""FastAPI behind our own doors: what every request passes, and the pictures that need no framework, come first."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from atrisys.settings import Settings
from atrisys.wire.edge import Edge
from atrisys.wire.pictures import Rooms
from atrisys.wire.quick_crops import QuickCrops
from atrisys.wire.route_finder import RouteFinder
from atrisys.wire.stored_tiles import StoredTiles


class Application(FastAPI):
    """The edge, then stored tiles, then crops, then the routes.

    None of the framework's own layers stands between: they cost a tile a third of its time, and what they are for is
    done at the edge.
    """

    def __init__(self, settings: Settings, processes: int, routes: Iterable[BaseRoute], **named: Any) -> None:
        """`processes`: so many share the cores."""
        super().__init__(**named)
        self.router = RouteFinder(
            routes, redirect_slashes=False, dependency_overrides_provider=self, lifespan=named.get("lifespan")
        )
        self.state.settings = settings
        self.state.rooms = Rooms(settings.giant_pictures_at_once)
        self._doors = Edge(StoredTiles(QuickCrops(self.router, processes)), settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        if scope["type"] == "http":
            await self._doors(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
