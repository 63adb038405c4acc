"""Filters of lists as Cytomine's web page sends them: `fullName[ilike]=ann`, `role[in]=ROLE_USER,ROLE_ADMIN`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from sqlalchemy import ColumnElement, or_
from starlette.requests import Request

from atrisys.errors import Invalid

NAMED = re.compile(r"(\w+)\[(equals|nequals|like|ilike|lte|gte|in)\]")
TRUTHS = {"true": True, "false": False}


def conditions(request: Request, columns: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
    """What the query asks of the columns that are named; other names and operations are passed over.

    Raises Invalid for a value that does not fit its column.
    """
    for key, value in request.query_params.multi_items():
        # Cytomine's page encodes names and values once more than the browser does.
        found = NAMED.fullmatch(unquote(key))
        if found and found[1] in columns:
            yield _condition(columns[found[1]], found[2], unquote(value), found[1])


def _condition(column: Any, operation: str, text: str, name: str) -> ColumnElement[bool]:
    if operation == "in":
        parts = [part.strip() for part in text.split(",")]
        found = column.in_([_value(column, part, name) for part in parts if part not in ("", "null")])
        return or_(found, column.is_(None)) if "null" in parts else found
    if operation in ("like", "ilike"):
        return getattr(column, operation)(_pattern(text), escape="\\")
    if text == "null":
        return column.is_(None) if operation == "equals" else column.is_not(None)
    value = _value(column, text, name)
    if operation == "lte":
        return column <= value
    if operation == "gte":
        return column >= value
    return column == value if operation == "equals" else or_(column != value, column.is_(None))


def _pattern(text: str) -> str:
    """A part of the text; `*` stands for anything."""
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return f"%{text.replace('*', '%')}%"


def _value(column: Any, text: str, name: str) -> Any:
    kind = column.type.python_type
    try:
        return TRUTHS[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise Invalid("{name} cannot be compared with {value}.", name=name, value=text) from None
