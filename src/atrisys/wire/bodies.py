"""One object or an array of them, at the same address: of an array all good ones are kept, each other one answered."""

import re
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import parse_qs

import orjson
from fastapi import Depends, Request
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.errors import Invalid, Refusal
from atrisys.store.table import Table
from atrisys.wire import refusals
from atrisys.wire.answers import command_of, key_of, saved
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Fields, without_stale_spellings

In = TypeVar("In", bound=BaseModel)
Edit = TypeVar("Edit", bound=Fields)

LONGEST_ECHO, LONGEST_VALUE = 500, 80
"""Bytes that are told of an element that was refused, and of one of its values."""


MOST_PARTS = 1_000_000
_PAIR = rb"\s*\w+\s*:\s*[A-Za-z0-9._@+-]+\s*"
_LOOSE = re.compile(rb"\s*\{(" + _PAIR + rb"(?:," + _PAIR + rb")*)\}\s*", re.ASCII)
MOST_AT_ONCE = 1_000
"""Objects of one request: all other writers wait for it."""


def check_number(body: list[Any], most: int = MOST_AT_ONCE) -> None:
    """Raises Invalid for an array that would keep others waiting."""
    if len(body) > most:
        raise Invalid("Send at most {limit} at once, not {count}.", limit=most, count=len(body))


class Element(Generic[In]):
    """One element of an array: its fields, or why they cannot be used."""

    def __init__(self, sent: Any, fields: In | None, refusal: Refusal | None) -> None:
        self.sent, self.fields, self.refusal = sent, fields, refusal


def read_element(kind: type[In], sent: Any) -> Element[In]:
    if not isinstance(sent, dict):
        return Element(sent, None, Invalid("An object is expected, not {value}.", value=str(sent)[:80]))
    try:
        return Element(sent, kind.model_validate(sent), None)
    except ValidationError as error:
        return Element(sent, None, refusals.invalid(error.errors()))


def read_elements(kind: type[In], body: list[Any]) -> list[Element[In]]:
    """The elements of an array, read at once where each is as it should be."""
    try:
        read = _many(kind).validate_python(body)
    except ValidationError:
        return [read_element(kind, sent) for sent in body]
    return [Element(sent, fields, None) for sent, fields in zip(body, read, strict=True)]


@cache
def _many(kind: type[BaseModel]) -> TypeAdapter[list[Any]]:
    return TypeAdapter(list[kind])  # pyright: ignore[reportInvalidTypeForm]


def _check_kind(request: Request) -> None:
    caller = request.state.caller
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if caller is not None and caller.way == "session" and kind != "application/json":
        # A page elsewhere can make a browser send text or a form without asking; JSON it cannot.
        raise Invalid("Send the body as application/json, not as {kind}.", kind=kind or "nothing")


async def _body(request: Request) -> Any:
    sent = await request.body()
    if not sent.strip():
        return None
    _check_kind(request)
    if sent.count(b"{") + sent.count(b"[") > MOST_PARTS:
        # Each costs a hundred times its length in memory.
        raise Invalid("The body holds more than {limit} objects and lists. Send it in parts.", limit=MOST_PARTS)
    if b"\\u0000" in sent:
        raise Invalid("The body holds a NUL character, which no text here can keep. Remove it.")
    try:
        return orjson.loads(sent)
    except orjson.JSONDecodeError as error:
        raise Invalid("The body is not JSON: {reason}.", reason=str(error)) from error


async def _body_or_form(request: Request) -> dict[str, Any] | None:
    """Cytomine's Python client sends a form where it says JSON: `id=5&terms=1&terms=2`."""
    sent = await request.body()
    if sent.lstrip()[:1] in (b"{", b"[", b""):
        body = await _body(request)
        if body is not None and not isinstance(body, dict):
            raise Invalid("An object is expected, not {value}.", value=str(body)[:80])
        return body
    _check_kind(request)
    try:
        form = parse_qs(sent.decode(), max_num_fields=MOST_AT_ONCE)
    except ValueError as error:
        raise Invalid("The body is not JSON: {reason}.", reason=str(error)) from error
    return {name: ",".join(values) for name, values in form.items()}


async def _loose_body(request: Request) -> Any:
    """Cytomine's Java client sends `{username : ada, validity : 60}` where it says JSON."""
    sent = await request.body()
    found = _LOOSE.fullmatch(sent)
    if found is None:
        return await _body(request)
    _check_kind(request)
    pairs = (part.partition(":") for part in found[1].decode().split(","))
    return {key.strip(): value.strip() for key, _, value in pairs}


JsonBody = Annotated[Any, Depends(_body)]
"""The body as it was sent, None where there is none; for what a model cannot say (arrays, whole models coming back)."""
LooseJson = Annotated[Any, Depends(_loose_body)]
"""The same, also without any quotes: one object with plain values."""
JsonOrForm = Annotated[dict[str, Any] | None, Depends(_body_or_form)]
"""An object as JSON, or its fields as a form whatever the content type says; None where there is none."""


def body_schema(kind: type[BaseModel], *, many: bool = False) -> dict[str, Any]:
    """For `openapi_extra`: the body that a handler with a `JsonBody` reads."""
    one = kind.model_json_schema(by_alias=True, ref_template="{model}")
    one = _in_one(one, one.pop("$defs", {}))
    schema = {"anyOf": [one, {"type": "array", "items": one}]} if many else one
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _in_one(schema: Any, parts: dict[str, Any]) -> Any:
    """A schema with the models that it refers to in their places."""
    if isinstance(schema, list):
        return [_in_one(item, parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _in_one(parts[schema["$ref"]], parts)
    return {key: _in_one(value, parts) for key, value in schema.items()}


def read_one(kind: type[In], body: Any) -> In:
    """The fields of a body that is one object. Raises Invalid, naming what is wrong."""
    element = read_element(kind, body)
    if element.fields is None:
        raise element.refusal or Invalid("An object is expected.")
    return element.fields


def read_changes(kind: type[Edit], body: Any, row: Table | None = None) -> dict[str, Any]:
    """What a PUT asks to change, by column: see Fields.changes. `row`: what it changes, where it has references."""
    if row is not None and isinstance(body, dict):
        body = without_stale_spellings(kind, body, row)
    return read_one(kind, body).changes(body)


def add_one_or_many(
    request: Request, db: Session, kind: type[In], body: Any, add: Callable[[In], Table], *, name: str
) -> Response:
    """Add the object, or each element of the array (in a savepoint of its own), and answer as Cytomine does.

    Args:
        add: makes one from its fields, through actions/history; a Refusal concerns that element alone.
        name: the class that the answer speaks of, `Term`.
    """
    if not isinstance(body, list):
        row = add(read_one(kind, body))
        return saved(db, "added", row)
    check_number(body)
    added: list[int] = []
    problems: list[dict[str, Any]] = []
    # All are read before the first statement, which on SQLite keeps every other writer waiting until the end.
    for index, element in enumerate(read_elements(kind, body)):
        try:
            if element.fields is None:
                raise element.refusal or Invalid("An object is expected.")
            with db.begin_nested():
                added.append(add(element.fields).id)
        except Refusal as refusal:
            problems.append(problem(index, element, refusal, request))
    return many_answer(db, name, added, problems)


def problem(index: int, element: Element[Any], refusal: Refusal, request: Request) -> dict[str, Any]:
    """Why one element of an array was refused: with its place there, and as much of it as tells which one it is."""
    return {
        "data": _glimpse(element.sent),
        "index": index,
        "message": refusals.body_of(refusal, request)["message"],
    }


def _glimpse(sent: Any) -> Any:
    """A small element is told whole, of a large one the short values. A password is not told at all."""
    if isinstance(sent, dict):
        sent = {key: value for key, value in sent.items() if key != "password"}
        if len(orjson.dumps(sent)) > LONGEST_ECHO:
            short = [(key, value) for key, value in sent.items() if len(orjson.dumps((key, value))) <= LONGEST_VALUE]
            return dict(short[: LONGEST_ECHO // LONGEST_VALUE])
        return sent
    return sent if len(orjson.dumps(sent)) <= LONGEST_ECHO else f"{str(sent)[:LONGEST_VALUE]}…"


def many_answer(db: Session, kind: str, ids: list[int], problems: list[dict[str, Any]], **more: Any) -> Response:
    """200 when all were kept, 206 when some were (the Python client then tells its user), 400 when none was.

    Together they are one command.
    """
    more |= command_of(db, kind, "added")
    message = f"{key_of(kind)}s {','.join(map(str, ids))} added"
    if not problems:
        return Json({"data": {"message": message, **more}, "message": message, "status": 200, "ids": ids, **more})
    return problems_answer(message if ids else "Nothing was added", ids, problems, **more)


def problems_answer(message: str, ids: list[int], problems: list[dict[str, Any]], **more: Any) -> Response:
    """206 with the ids for which all went well, 400 where there is none; each problem with what was sent."""
    status = 206 if ids else 400
    data = {"success": False, "message": message, "errors": problems, **more}
    return Json(
        {"data": data, "status": status, "success": False, "errors": problems[0]["message"], "ids": ids, **more},
        status_code=status,
    )
