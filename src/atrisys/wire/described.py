"""What routes take and answer, said for the OpenAPI document alone: marks on handlers, of which no request takes heed.

`@lists(TermOut)`: a page of these. `@gives(TermOut)`: the object itself. `@saves(TermOut)`: the answer to a command
about one. `@does()`: that it was done. `@asks(Words)`: what a handler reads from the query by itself. Several kinds are
one object that has the fields of all; of several marks one holds. A kind is a Model, a Part or a plain type.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from atrisys.wire.answers import key_of

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Mark = Callable[[Endpoint], Endpoint]


class Part(BaseModel):
    """Base of what an answer or a query holds and no Model makes: it is described, and never made."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(serialization_alias=to_camel), use_attribute_docstrings=True
    )


def sometimes(called: str | None = None) -> Any:
    """Of a Part's field that is not always there; `called`: on the wire, where that is not its name in camel case."""
    return Field(None, serialization_alias=called)


class ShownAs:
    """What a field is described as, whatever type it has in here: `Annotated[dict[str, Any], ShownAs(Result)]`."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(TypeAdapter(self.kind).core_schema)


@dataclass(frozen=True)
class Answer:
    """What a route may answer when all goes well."""

    shape: Literal["page", "object", "command", "done"]
    kinds: tuple[Any, ...]
    key: str = ""
    """Of a command's object."""
    more: tuple[Any, ...] = ()
    """What stands beside a command's object."""
    or_nothing: bool = False
    """Whether `{}` may come instead."""
    sought: tuple[str, ...] = ()
    """By which of its fields a list can be cut, as by many others: those that a client needs to find something."""


def lists(*kinds: Any, sought: str = "") -> Mark[Any]:
    return _mark(Answer("page", kinds, sought=tuple(sought.split())))


def gives(*kinds: Any, or_nothing: bool = False) -> Mark[Any]:
    return _mark(Answer("object", kinds, or_nothing=or_nothing))


def saves(*kinds: Any, key: str = "", more: tuple[Any, ...] = ()) -> Mark[Any]:
    return _mark(Answer("command", kinds, key=key or key_of(kinds[0].__name__.removesuffix("Out")), more=more))


def does(*more: Any) -> Mark[Any]:
    return _mark(Answer("done", (), more=more))


def _mark(answer: Answer) -> Mark[Any]:
    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.answers = (answer, *answers_of(endpoint))  # pyright: ignore[reportFunctionMemberAccess]
        return endpoint

    return mark


def answers_of(endpoint: Any) -> tuple[Answer, ...]:
    """What a handler is marked with; one of these comes."""
    return getattr(endpoint, "answers", ())


def asks(words: type[Part]) -> Mark[Any]:
    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.asks = words  # pyright: ignore[reportFunctionMemberAccess]
        return endpoint

    return mark


class Named(Part):
    """An object's number and name."""

    id: int
    name: str


# --- what all answers of one shape hold ------------------------------------------------------------------------------


class Page(Part):
    """A part of a list."""

    offset: int
    per_page: int
    size: int
    """Of the whole list."""
    total_pages: int


class Command(Part):
    """The answer to a change."""

    message: str
    callback: dict[str, str]
    print_message: bool
    command: int | None
    """The number that undo takes; null where nothing changed, or nobody undoes that."""
    command_id: int | None


class Several(Part):
    """The answer to an array, each element of which was kept."""

    message: str
    status: int
    ids: list[int]
    data: dict[str, Any]
    command: int | None
    command_id: int | None
    changes: list[dict[str, Any]] = sometimes()


class Done(Part):
    """The answer to what has no object to show."""

    message: str
    success: bool
    status: int
    data: dict[str, str]


class Commanded(Part):
    """Of what can be undone."""

    command: int | None
    command_id: int | None
