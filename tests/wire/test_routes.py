"""One request, one thread: what the framework would send to another thread is found before anybody asks for it."""

import inspect

import pytest

from atrisys.app import RESOURCES

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
