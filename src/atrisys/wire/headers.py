"""A request's headers where there is no time for the framework's: for every tile."""

from starlette.types import Scope


def first_of_each(scope: Scope) -> dict[bytes, bytes]:
    """By name, in lower case. Of several of a name the first counts."""
    return dict(reversed(scope["headers"]))
