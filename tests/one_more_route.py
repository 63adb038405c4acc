"""A route that an application has in one test alone."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from atrisys.wire.routes import OneTransaction, open_to_all


def route_of(app: FastAPI, path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For GET, open to all."""

    def add(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        app.router.routes.append(OneTransaction(path, open_to_all(endpoint), methods=["GET"], response_model=None))
        return endpoint

    return add
