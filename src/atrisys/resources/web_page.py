"""The web page: its addresses, which all answer the same page, and its files. (`/` itself: welcome.py.)"""

from typing import Literal

from fastapi import Request
from starlette.responses import Response

from atrisys.wire import web_page
from atrisys.wire.routes import Routes, open_to_all

routes = Routes(tags=["pages"])

Part = Literal["annotations", "ontology", "members", "settings", "export", "activity"]
Administration = Literal["jobs", "log"]


@routes.api_route("/account", methods=["GET", "HEAD"])
@routes.api_route("/invitation", methods=["GET", "HEAD"])
@routes.api_route("/projects", methods=["GET", "HEAD"])
@routes.api_route("/storage", methods=["GET", "HEAD"])
@routes.api_route("/ontologies", methods=["GET", "HEAD"])
@routes.api_route("/admin", methods=["GET", "HEAD"])
@open_to_all
def show_page(request: Request) -> Response:
    """The web page; what it shows it asks the API for, as whoever is signed in."""
    return web_page.show_page(request)


@routes.api_route("/ontologies/{id:int}", methods=["GET", "HEAD"])
@open_to_all
def show_page_of_ontology(id: int, request: Request) -> Response:
    """The web page at an ontology."""
    return web_page.show_page(request)


@routes.api_route("/admin/{part}", methods=["GET", "HEAD"])
@open_to_all
def show_page_of_administration(part: Administration, request: Request) -> Response:
    """The web page at one part of the administration."""
    return web_page.show_page(request)


@routes.api_route("/project/{id:int}", methods=["GET", "HEAD"])
@open_to_all
def show_page_of_project(id: int, request: Request) -> Response:
    """The web page at a project. It is the same for every number: the API says who may see what."""
    return web_page.show_page(request)


@routes.api_route("/project/{id:int}/{part}", methods=["GET", "HEAD"])
@open_to_all
def show_page_in_project(id: int, part: Part, request: Request) -> Response:
    """The web page at one part of a project."""
    return web_page.show_page(request)


@routes.api_route("/project/{id:int}/image/{image:int}", methods=["GET", "HEAD"])
@open_to_all
def show_page_of_image(id: int, image: int, request: Request) -> Response:
    """The web page at a slide, in the viewer."""
    return web_page.show_page(request)


@routes.api_route("/assets/{name}", methods=["GET", "HEAD"])
@open_to_all
def show_file(name: str, request: Request) -> Response:
    """A script, style or picture of the web page; browsers keep it for good."""
    return web_page.show_file(request, name)
