"""Every route × method of the application, as the application itself tells them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount

SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Way:
    """One method of one route, and what its handler is marked with."""

    method: str
    path: str
    is_open: bool
    is_picture: bool
    """Opened by the key-born cookie (pictures and downloads)."""
    counts_as_unsafe: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def ways(app: FastAPI) -> list[Way]:
    """All of them; each once."""
    return list(dict.fromkeys(_ways_in(app.routes, "")))


def _ways_in(several: Sequence[BaseRoute], prefix: str) -> Iterator[Way]:
    for route in iter_route_contexts(several):
        path = prefix + (route.path_format or "")
        if isinstance(route.original_route, Mount):
            yield from _ways_in(route.original_route.routes, path)
            continue
        endpoint: Any = route.endpoint
        marks = (hasattr(endpoint, name) for name in ("open_to_all", "opens_to_picture_cookie", "counts_as_unsafe"))
        flags = tuple(marks)
        for method in sorted(route.methods or {"GET"}):
            yield Way(method, path, *flags)
