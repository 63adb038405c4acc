"""Filters of lists as Cytomine's web page sends them: `fullName[ilike]=ann`, `role[in]=ROLE_USER,ROLE_ADMIN`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from sqlalchemy import ColumnElement, and_, exists, or_, true
from starlette.requests import Request

from atrisys.errors import Invalid, TooLarge
from atrisys.store.tables import TagDomainAssociation

NAMED = re.compile(r"(\w+)\[(equals|nequals|like|ilike|lte|gte|in)\]")
BARE = {"include": "include[in]"}
"""What clients send without brackets."""
TRUTHS = {"true": True, "false": False}
MOST, MOST_VALUES, LONGEST_TEXT = 50, 5_000, 1_024


@dataclass(frozen=True)
class Several:
    """What an object has any number of, as it has tags: `[in]` asks for one of those named, `null` for none at all."""

    value: Any
    """The column to compare."""
    of_it: ColumnElement[bool]
    """Which rows are the object's, and the caller's to know of."""


def tags_of(id: Any, known: ColumnElement[bool] | None = None) -> Several:
    """The tags of a list's objects. `known`: of which of them the caller may know all about; by default all listed."""
    link = TagDomainAssociation
    return Several(link.tag_id, and_(link.domain_ident == id, true() if known is None else known))


def conditions(request: Request, find: Callable[[str], Any]) -> Iterator[ColumnElement[bool]]:
    """What the query asks of the columns that `find` knows; other names and operations are passed over.

    Raises Invalid for a value that does not fit its column, TooLarge for more than a query may hold.
    """
    asked = 0
    for key, value in request.query_params.multi_items():
        # Cytomine's page encodes names and values once more than the browser does.
        name = unquote(key)
        found = NAMED.fullmatch(BARE.get(name, name))
        column = find(found[1]) if found else None
        if found and column is not None:
            asked += 1
            if asked > MOST:
                raise TooLarge("At most {limit} filters can be asked for at once.", limit=MOST)
            yield _condition(column, found[2], unquote(value), found[1])


def _condition(column: Any, operation: str, text: str, name: str) -> ColumnElement[bool]:
    if isinstance(column, Several):
        return _of_several(column, operation, text, name)
    if operation == "in":
        values, or_none = _values(column, text, name)
        return or_(column.in_(values), column.is_(None)) if or_none else column.in_(values)
    if operation in ("like", "ilike"):
        return getattr(column, operation)(_pattern(column, text, name), escape="\\")
    if text == "null":
        return column.is_(None) if operation == "equals" else column.is_not(None)
    value = _value(column, text, name)
    if operation == "lte":
        return column <= value
    if operation == "gte":
        return column >= value
    return column == value if operation == "equals" else or_(column != value, column.is_(None))


def _of_several(several: Several, operation: str, text: str, name: str) -> ColumnElement[bool]:
    if operation not in ("in", "equals", "nequals"):
        raise _unfit(name, text)
    values, or_none = _values(several.value, text, name)
    found = exists().where(several.of_it, several.value.in_(values))
    if or_none:
        found = or_(found, ~exists().where(several.of_it))
    return ~found if operation == "nequals" else found


def _values(column: Any, text: str, name: str) -> tuple[list[Any], bool]:
    """A comma list's values, and whether `null` is among them."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MOST_VALUES:
        raise TooLarge("At most {limit} values of {name} can be asked for at once.", limit=MOST_VALUES, name=name)
    return [_value(column, part, name) for part in parts if part not in ("", "null")], "null" in parts


def _pattern(column: Any, text: str, name: str) -> str:
    """A part of the text; `*` stands for anything."""
    text = _value(column, text, name)
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise _unfit(name, text)
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return f"%{re.sub(r'[*]+', '%', text)}%"


def _value(column: Any, text: str, name: str) -> Any:
    """The text as the column's kind of value, if databases can take it."""
    kind = column.type.python_type
    try:
        value = TRUTHS[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise _unfit(name, text) from None
    if "\0" in text or (isinstance(value, int | float) and not -(2**63) <= value < 2**63):
        raise _unfit(name, text)
    return value


def _unfit(name: str, text: Any) -> Invalid:
    return Invalid("{name} cannot be compared with {value}.", name=name, value=str(text)[:80])
