"""The OpenAPI document: what FastAPI knows of the routes, and what it cannot know of our habits."""

import inspect
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any, get_type_hints

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from atrisys.wire.asking import PageQuery
from atrisys.wire.described import answers_of
from atrisys.wire.fields import Model
from atrisys.wire.schemas import REF, Schemas

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


def _parameter(name: str, kind: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": {"type": kind}}


PAGING = [
    _parameter("max", "integer", "How many at most; 0, as by default: all."),
    _parameter("offset", "integer", "How many of the first to leave out."),
    _parameter("sort", "string", "A field by which the list is sorted."),
    _parameter("order", "string", "`asc` or `desc`."),
]
OPERATIONS = ("equals", "nequals", "like", "ilike", "lte", "gte", "in")


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
    schemas = Schemas()
    tags: dict[str, list[str]] = {}
    names: set[str] = set()
    for context in sorted(iter_route_contexts(app.routes), key=lambda one: one.path_format or ""):
        module = sys.modules[context.endpoint.__module__]
        shown = [schemas.of(model)["$ref"].rpartition("/")[2] for model in models_of(module)]
        path = made["paths"].get(context.path_format, {})
        for method in sorted(context.methods or ()):
            operation = path.get(method.lower())
            if operation is None or (method == "HEAD" and "get" in path):
                path.pop(method.lower(), None)
                continue
            _finish(operation, context.endpoint, names)
            _describe(operation, context.endpoint, schemas)
            said = tags.setdefault(operation["tags"][0], [])
            if (sentence := _sentence(module.__doc__)) not in said:
                said.append(sentence)
            operation["x-objects"] = list(dict.fromkeys([*_named_in(operation["responses"]), *shown]))
    made["tags"] = [{"name": name, "description": " ".join(said)} for name, said in sorted(tags.items())]
    made["components"] = {"schemas": {**schemas.named, "Refused": REFUSED}, "securitySchemes": SECURITY}
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
    said = operation["responses"].get("200", {})
    if hasattr(endpoint, "opens_to_picture_cookie") and said.get("content") == {"application/json": {"schema": {}}}:
        # A file, which the framework takes for JSON.
        said.pop("content")


def _describe(operation: dict[str, Any], endpoint: Any, schemas: Schemas) -> None:
    """What the handler's marks say of it (described.py), and that it pages."""
    parameters = operation.setdefault("parameters", [])
    if PageQuery in get_type_hints(endpoint, include_extras=True).values():
        parameters += PAGING
    if words := getattr(endpoint, "asks", None):
        parameters += schemas.parameters(words)
    answers = answers_of(endpoint)
    if not answers:
        return
    parameters += [_filter(name) for answer in answers for name in answer.sought]
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = schemas.of_answers(answers, takes_arrays="anyOf" in sent)
    operation["responses"]["200"]["content"] = {"application/json": {"schema": schema}}


def _named_in(responses: dict[str, Any]) -> Iterator[str]:
    """The schemas to which answers refer, but for that of refusals."""
    for response in responses.values():
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        yield from (name for name in re.findall(rf"{REF}(\w+)", str(schema)) if name != "Refused")


def _filter(name: str) -> dict[str, Any]:
    """`name[ilike]=…`, as OpenAPI calls it."""
    said = {"type": "object", "properties": {operation: {"type": "string"} for operation in OPERATIONS}}
    return {"name": name, "in": "query", "style": "deepObject", "explode": True, "schema": said}


def _sentence(text: str | None) -> str:
    return " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())


def models_of(module: Any) -> Iterator[type[Model]]:
    """What a resource's objects look like: the models of its module."""
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Model) and value is not Model:
            yield value
