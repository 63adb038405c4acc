"""The finder shows the framework fewer routes, never other ones."""

import random
import re

from starlette.routing import Match

from atrisys.app import RESOURCES
from atrisys.wire.route_finder import RouteFinder

ROUTES = [route for resource in RESOURCES for route in resource.routes.routes]
WORDS = (*("7",) * 9, "", "x", "7.json", "a/b", "%2F", "window-1-2-3-4.jpg", "{id}", "..")


def addresses(seed: int) -> list[str]:
    """One of each route's, with all kinds of words in the parameters' places, and some that are cut or lengthened."""
    chance = random.Random(seed)
    filled = [re.sub(r"{[^}]*}", lambda _: chance.choice(WORDS), getattr(route, "path", "/")) for route in ROUTES]
    return [*filled, *(f"{path}/" for path in filled), *(path.rpartition("/")[0] for path in filled)]


def first_match(routes, scope) -> tuple[object, Match]:
    """As the framework chooses: the first that fits whole, else the first whose method alone is wrong."""
    said = [(route, route.matches(scope)[0]) for route in routes]
    for wanted in (Match.FULL, Match.PARTIAL):
        for route, match in said:
            if match == wanted:
                return route, match
    return None, Match.NONE


def test_every_address_finds_what_trying_all_routes_finds():
    finder = RouteFinder(ROUTES)
    found = set()
    for address in addresses(3):
        for method in ("GET", "POST", "DELETE"):
            scope = {"type": "http", "method": method, "path": address, "root_path": "", "headers": []}
            wanted = first_match(ROUTES, scope)
            assert first_match(finder.fitting(scope), scope) == wanted, (method, address)
            found.add(id(wanted[0]))
    assert len(found) > 300


def test_few_routes_are_tried_for_an_address():
    finder = RouteFinder(ROUTES)
    for path in ("/server/ping", "/api/annotation.json", "/api/imageinstance/7/window-0-0-256-256.jpg"):
        assert 0 < len(finder.fitting({"type": "http", "path": path})) < 25, path
