"""The API described: an OpenAPI document, and the same as a page that needs nothing but itself."""

import html
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import HTMLResponse, Response

from atrisys.wire.dialect import address_of
from atrisys.wire.openapi import document
from atrisys.wire.routes import Routes, open_to_all

routes = Routes(tags=["pages"])


@routes.get("/api/openapi.json")
@open_to_all
def show_openapi(request: Request) -> Response:
    """This API as an OpenAPI document, for programs."""
    return Response(orjson.dumps(document(request.app, address_of(request))), media_type="application/json")


@routes.api_route("/api/docs", methods=["GET", "HEAD"])
@open_to_all
def show_docs(request: Request) -> Response:
    """This API as a page, for people: every route with its parameters, its body and its objects."""
    address = address_of(request)
    state = request.app.state
    if getattr(state, "docs_pages", None) is None:
        state.docs_pages = _groups(document(request.app, address))
    habits = resources.files("atrisys.resources").joinpath("pages", "habits.html").read_text(encoding="utf-8")
    return HTMLResponse(_page(html.escape(address), request.app.version, habits, *state.docs_pages))


def _page(address: str, version: str, habits: str, links: str, sections: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>ATrISys API</title>'
        f'<link rel="stylesheet" href="{address}/style.css"><link rel="icon" href="data:,"></head><body class="docs">'
        f'<nav><h1><a href="{address}/">ATrISys</a> <small>{version}</small></h1><ul>{links}</ul></nav>'
        f"<main><h1>The API</h1><p>Served at <code>{address}</code>; as a document for programs: "
        f'<a href="{address}/api/openapi.json">openapi.json</a>.</p>{habits}{sections}</main></body></html>'
    )


def _groups(described: dict[str, Any]) -> tuple[str, str]:
    """The links of the side and the sections of the page, one a resource."""
    grouped: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in sorted(described["paths"].items()):
        for method, operation in methods.items():
            grouped.setdefault(operation["tags"][0], []).append((path, method, operation))
    about = {tag["name"]: tag["description"] for tag in described["tags"]}
    schemas = described["components"]["schemas"]
    links = "".join(
        f'<li><a href="#{_anchor(name)}">{html.escape(name)} <span>{len(several)}</span></a></li>'
        for name, several in sorted(grouped.items())
    )
    sections = "".join(
        _section(name, about.get(name, ""), several, schemas) for name, several in sorted(grouped.items())
    )
    return links, sections


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def _section(name: str, about: str, several: list[tuple[str, str, dict[str, Any]]], schemas: dict[str, Any]) -> str:
    operations = "".join(_operation(path, method, operation, schemas) for path, method, operation in several)
    objects = dict.fromkeys(one for _, _, operation in several for one in operation.get("x-objects", ()))
    shown = "".join(
        f'<details><summary><span class="verb">object</span><span class="path">{html.escape(one)}</span></summary>'
        f'<div class="inside">{_fields({**schemas[one], "required": ()}, schemas)}</div></details>'
        for one in objects
    )
    return (
        f'<section id="{_anchor(name)}"><h2>{html.escape(name)}</h2><p>{_prose(about)}</p>{operations}{shown}</section>'
    )


def _operation(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    summary = operation["summary"]
    rest = operation.get("description", "").partition("\n\n")[2]
    inside = "".join(f"<p>{_prose(part)}</p>" for part in rest.split("\n\n") if part.strip())
    inside += _parameters(operation.get("parameters", ()), schemas)
    inside += _body(operation.get("requestBody"), schemas)
    inside += _answers(path, method, operation, schemas)
    open_mark = '<span class="open">open to all</span>' if operation.get("security") == [] else ""
    return (
        f'<details><summary><span class="verb {method}">{method.upper()}</span>'
        f'<span class="path">{html.escape(path)}</span>{open_mark}'
        f'<span class="sentence">{_prose(summary)}</span></summary><div class="inside">{inside}</div></details>'
    )


def _parameters(parameters: Iterable[dict[str, Any]], schemas: dict[str, Any]) -> str:
    rows = "".join(
        _row(
            f"<code>{html.escape(one['name'])}</code>{_must(one.get('required', False))}",
            one["in"],
            _type(one.get("schema", {}), schemas),
            _prose(one.get("description", "")),
        )
        for one in parameters
    )
    return f"<h3>Parameters</h3><table>{_head('name', 'in', 'type', '')}{rows}</table>" if rows else ""


def _body(body: dict[str, Any] | None, schemas: dict[str, Any]) -> str:
    if not body:
        return ""
    parts: list[str] = []
    for kind, content in body["content"].items():
        schema = content.get("schema", {})
        choices = schema.get("anyOf", [schema])
        several = any(one.get("type") == "array" for one in choices)
        one = next((one for one in choices if one.get("type") != "array"), choices[0])
        said = "one object, or an array of them" if several else "an object"
        parts.append(f"<h3>Body</h3><p>{html.escape(kind)}: {said}</p>{_fields(one, schemas)}")
    return "".join(parts)


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    schema = _resolved(schema, schemas)
    required = set(schema.get("required", ()))
    rows = "".join(
        _row(
            f"<code>{html.escape(name)}</code>{_must(name in required)}",
            _type(one, schemas),
            _prose(one.get("description", "")),
        )
        for name, one in schema.get("properties", {}).items()
    )
    return f"<table>{_head('field', 'type', '')}{rows}</table>" if rows else ""


def _answers(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    said = list(_said_of_answers(operation["responses"]))
    described = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
    if described:
        said.insert(0, f"200: {_type(described, schemas)}")
    if not said:
        name = operation["operationId"]
        if name.startswith(("list_", "search_")):
            said = ["200: a list"]
        elif method == "get" and path.endswith(".json"):
            said = ["200: an object"]
        elif path.endswith(".json"):
            said = ["200: what was changed"]
    return f"<h3>Answer</h3><p>{'; '.join(said)}.</p>" if said else ""


def _said_of_answers(responses: dict[str, Any]) -> Iterator[str]:
    """What a route says of its answers by itself, beyond that it gives one."""
    for status, response in responses.items():
        kinds = [kind for kind in response.get("content", ()) if kind != "application/json"]
        text = response.get("description", "")
        if status != "default" and (kinds or text != "Successful Response"):
            yield html.escape(f"{status}: {text}" + (f" ({', '.join(kinds)})" if kinds else ""))


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _type(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return html.escape(schema["$ref"].rpartition("/")[2])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        kinds = dict.fromkeys(_type(one, schemas) for one in choices if one.get("type") != "null")
        empty = " or null" if any(one.get("type") == "null" for one in choices) else ""
        return " or ".join(kinds) + empty
    if parts := schema.get("allOf"):
        return " with ".join(_type(one, schemas) for one in parts)
    if fields := schema.get("properties"):
        return ", ".join(f"<code>{html.escape(name)}</code>: {_type(one, schemas)}" for name, one in fields.items())
    if "enum" in schema:
        return " or ".join(f"<code>{html.escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', {}), schemas)}"
    kind = html.escape(str(schema.get("type", "anything")))
    default = schema.get("default")
    return kind + _limits(schema) + (f", default <code>{html.escape(str(default))}</code>" if default else "")


def _limits(schema: dict[str, Any]) -> str:
    names = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "exclusiveMaximum": "< {}",
        "minLength": "at least {} signs",
        "maxLength": "at most {} signs",
        "pattern": "like {}",
    }
    return "".join(f", {html.escape(text.format(schema[key]))}" for key, text in names.items() if key in schema)


def _prose(text: str) -> str:
    """Our docstrings: words between backticks are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(" ".join(text.split())))


def _must(required: bool) -> str:
    return ' <span class="must">required</span>' if required else ""


def _head(*names: str) -> str:
    return "<tr>" + "".join(f"<th>{name}</th>" for name in names) + "</tr>"


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
