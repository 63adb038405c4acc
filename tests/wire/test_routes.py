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
