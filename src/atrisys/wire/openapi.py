"""The OpenAPI document: what FastAPI knows of the routes, and what it cannot know of our habits."""

import inspect
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from atrisys.wire.fields import Model

ABOUT = """\
Addresses, fields and habits are Cytomine's, so that its official clients work unmodified.
What Cytomine lacks lies under `/api/atrisys/`.
"""
SECURITY = {
    "publicKey": {"type": "apiKey", "in": "header", "name": "X-Auth-Token", "description": "The public API key."},
    "privateKey": {"type": "apiKey", "in": "header", "name": "X-Auth-Secret", "description": "The private API key."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Cytomine's signature: `CYTOMINE publicKey:signature`.",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "atrisys_session", "description": "A browser's session."},
}
WAYS_IN = [{"publicKey": [], "privateKey": []}, {"signature": []}, {"session": []}]
REFUSED = {
    "type": "object",
    "required": ["success", "errors", "message", "code", "params", "requestId"],
    "properties": {
        "success": {"type": "boolean", "const": False},
        "errors": {"type": "string", "description": "What was wrong, in the language of Accept-Language."},
        "message": {"type": "string", "description": "The same."},
        "errorValues": {"type": "object"},
        "code": {"type": "string", "description": "For programs: not_found, not_allowed, invalid …"},
        "params": {"type": "object", "description": "The values that the text speaks of."},
        "requestId": {"type": "string"},
    },
}


def document(app: FastAPI, address: str) -> dict[str, Any]:
    """The document as whoever reached us at `address` needs it. Made once: it takes a second."""
    if app.openapi_schema is None:
        app.openapi_schema = _make(app)
    return {**app.openapi_schema, "servers": [{"url": address}]}


def _make(app: FastAPI) -> dict[str, Any]:
    with warnings.catch_warnings():
        # One function may serve several methods; operations get their own names below.
        warnings.simplefilter("ignore")
        made = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    tags: dict[str, list[str]] = {}
    names: set[str] = set()
    for context in sorted(iter_route_contexts(app.routes), key=lambda one: one.path_format or ""):
        module = sys.modules[context.endpoint.__module__]
        for model in models_of(module):
            schemas.setdefault(model.__name__.removesuffix("Out"), shown_schema(model))
        path = made["paths"].get(context.path_format, {})
        for method in sorted(context.methods or ()):
            operation = path.get(method.lower())
            if operation is None or (method == "HEAD" and "get" in path):
                path.pop(method.lower(), None)
                continue
            _finish(operation, context.endpoint, names)
            said = tags.setdefault(operation["tags"][0], [])
            if (sentence := _sentence(module.__doc__)) not in said:
                said.append(sentence)
            operation["x-objects"] = [model.__name__.removesuffix("Out") for model in models_of(module)]
    made["tags"] = [{"name": name, "description": " ".join(said)} for name, said in sorted(tags.items())]
    schemas["Refused"] = REFUSED
    made["components"]["securitySchemes"] = SECURITY
    made["security"] = WAYS_IN
    return made


def _finish(operation: dict[str, Any], endpoint: Any, names: set[str]) -> None:
    name = endpoint.__name__
    number = 2
    while name in names:
        name, number = f"{endpoint.__name__}_{number}", number + 1
    names.add(name)
    operation["operationId"] = name
    operation["summary"] = _sentence(endpoint.__doc__) or endpoint.__name__.replace("_", " ").capitalize()
    operation["responses"].pop("422", None)
    refused = {"schema": {"$ref": "#/components/schemas/Refused"}}
    operation["responses"]["default"] = {"description": "Refused.", "content": {"application/json": refused}}
    if hasattr(endpoint, "open_to_all"):
        operation["security"] = []


def _sentence(text: str | None) -> str:
    return " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())


def models_of(module: Any) -> Iterator[type[Model]]:
    """What a resource's objects look like: the models of its module."""
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Model) and value is not Model:
            yield value


def shown_schema(model: type[Model]) -> dict[str, Any]:
    """A model's schema with the names that it has on the wire."""
    schema = model.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    properties = schema.get("properties", {})
    schema["properties"] = {"class" if key == "cytomineClass" else key: value for key, value in properties.items()}
    schema["required"] = ["class" if key == "cytomineClass" else key for key in schema.get("required", [])]
    return schema
