"""One request, one thread: what the framework would send to another thread is found before anybody asks for it."""

import inspect
import subprocess
import sys
import threading

import pytest

from atrisys.app import RESOURCES
from atrisys.wire.routes import OneTransaction

ROUTES = [route for resource in RESOURCES for route in resource.routes.routes]


def dependencies_of(dependant):
    for one in dependant.dependencies:
        yield one.call
        yield from dependencies_of(one)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_no_dependency_needs_a_thread_of_its_own(route):
    sync = [
        call.__qualname__
        for call in dependencies_of(route.dependant)
        if not inspect.iscoroutinefunction(call) and not inspect.isasyncgenfunction(call)
    ]
    assert sync == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_what_waits_while_it_is_asked_for_says_so(route):
    waits = any(inspect.isasyncgenfunction(call) for call in dependencies_of(route.dependant))
    assert hasattr(route.endpoint, "waits_for_client") or not waits


PLANNED = [route for route in ROUTES if not hasattr(route.endpoint, "waits_for_client")]
UNKNOWN = ("body_params", "header_params", "cookie_params", "response_param_name", "background_tasks_param_name")


def all_of(dependant):
    yield dependant
    for one in dependant.dependencies:
        yield from all_of(one)


@pytest.mark.parametrize("route", PLANNED, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_nothing_is_asked_for_that_only_the_framework_would_find(route):
    assert [name for one in all_of(route.dependant) for name in UNKNOWN if getattr(one, name)] == []
    assert inspect.signature(route.endpoint).return_annotation is not inspect.Signature.empty
    assert not inspect.iscoroutinefunction(route.endpoint)


def answers_nothing(id: int) -> None:
    """A handler."""


COUNTED = """
from atrisys.app import RESOURCES
from atrisys.wire.route_finder import RouteFinder
routes = [route for resource in RESOURCES for route in resource.routes.routes]
scope = {"type": "http", "method": "GET", "path": "/api/imageinstance/1/thumb.png"}
print(len(routes), sum(route.matches(scope)[0].value == 2 for route in RouteFinder(routes).fitting(scope)))
print(sum("dependant" in vars(route) for route in routes))
"""


def test_no_route_is_planned_before_anybody_asks_for_it():
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(ROUTES)), "1", "0"]


def test_who_asks_while_a_route_is_planned_gets_the_whole_of_it():
    for _ in range(50):
        route, found = OneTransaction("/api/{id}.json", answers_nothing, methods=["GET"], response_model=None), []

        def ask(route=route, found=found):
            found.append((route._answer, route.dependant))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert len(found) == 4
        assert len(set(map(id, (part for answer in found for part in answer)))) == 2


def test_a_route_that_cannot_be_planned_says_so_each_time():
    def asks_for_what_cannot_be(words: "threading.Lock"):
        """A handler."""

    route = OneTransaction("/api/{id}.json", asks_for_what_cannot_be, methods=["GET"], response_model=None)
    for _ in range(2):
        with pytest.raises(Exception, match="lock"):
            _ = route.dependant
