"""What goes in and out: column names inside, Cytomine's names on the wire.

`ontology_id` is `ontology` on the wire, and `ontologyId` too: Cytomine's servers disagree, so both are read and both
are written. Unknown keys are ignored, numbers may come as text.
"""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import AliasChoices, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from sqlalchemy.orm import Session

from atrisys.store.table import Table


@cache
def wire_names(name: str) -> tuple[str, ...]:
    """The keys that a column has on the wire, the first one foremost."""
    if name.endswith("_id"):
        short = to_camel(name[:-3])
        return short, f"{short}Id"
    return (to_camel(name),)


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


Moment = Annotated[str | None, BeforeValidator(_as_text)]
"""Epoch milliseconds, written as text (as Cytomine's models do)."""


def none_for_empty(value: Any) -> Any:
    """Forms send an empty text where nothing is known."""
    return None if value == "" else value


Amount = Annotated[Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None, BeforeValidator(none_for_empty)]
"""A measure of a slide."""
FileName = Annotated[str, Field(min_length=1, max_length=1024)]


class Fields(BaseModel):
    """Base of what clients send. A field left out is unchanged on PUT; see `changes`."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(*wire_names(name))),
        populate_by_name=True,
        extra="ignore",
        coerce_numbers_to_str=True,
        str_strip_whitespace=True,
        use_attribute_docstrings=True,
    )

    nullable: ClassVar[frozenset[str]] = frozenset()
    """Columns that become null when a whole fetched model comes back without them: clients leave nulls out."""

    def changes(self, body: dict[str, Any]) -> dict[str, Any]:
        """What a PUT asks for: the fields that were sent, and null for the nullable ones missing in a whole model."""
        asked = {name: getattr(self, name) for name in self.model_fields_set}
        if _is_whole(body):
            asked = {**dict.fromkeys(self.nullable), **asked}
        return {name: value for name, value in asked.items() if value is not None or name in self.nullable}


def _is_whole(body: dict[str, Any]) -> bool:
    """Whether a client sends back a model that it fetched."""
    return "created" in body or "class" in body


def without_stale_spellings(kind: type[Fields], body: dict[str, Any], row: Table) -> dict[str, Any]:
    """A whole model that comes back, with each reference in the spelling alone that the client speaks.

    It was given both and knows one: it changes that, or leaves it out to clear it, and sends the other back as it was.
    """
    if not _is_whole(body):
        return body
    stale: set[str] = set()
    for name in kind.model_fields:
        first, *others = wire_names(name)
        changed = {key for key in (first, *others) if key in body and str(body[key]) != str(getattr(row, name, None))}
        stale |= {first, *others} - changed if changed else set(others)
    return {key: value for key, value in body.items() if key not in stale}


SHOWN: dict[type[Table], Callable[[Session, Any], dict[str, Any]]] = {}
"""How an object of each table looks on the wire: filled by the resources, used where any kind may be shown."""

Shower = TypeVar("Shower", bound=Callable[[Session, Any], dict[str, Any]])


def shows(kind: type[Table]) -> Callable[[Shower], Shower]:
    """Marks a resource's function that gives an object as the wire has it, where its columns alone do not say all."""

    def remember(function: Shower) -> Shower:
        SHOWN[kind] = function
        return function

    return remember


class Model(BaseModel):
    """Base of what goes out."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(serialization_alias=lambda name: wire_names(name)[0]),
        populate_by_name=True,
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )

    id: int
    cytomine_class: str = ""
    created: Annotated[Moment, WithJsonSchema({"type": "string"})] = None
    """Of all that is stored."""
    updated: Moment = None
    deleted: Moment = None
    version: int = 1

    def __init_subclass__(cls, of: type[Table] | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(cls, of: type[Table] | None = None, **kwargs: Any) -> None:
        if of is not None:
            SHOWN[of] = lambda _db, row: cls.of(row).wire()

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The model of a row; `more` are fields that are no columns of it."""
        values = {name: getattr(row, name) for name in cls.model_fields if name not in more and hasattr(row, name)}
        return cls.model_validate({**values, **more})

    def wire(self) -> dict[str, Any]:
        """A dictionary with the wire's keys, references in both spellings."""
        out: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = _plain(getattr(self, name))
            if name == "cytomine_class":
                out["class"] = value
            elif field.serialization_alias and field.serialization_alias != wire_names(name)[0]:
                out[field.serialization_alias] = value
            else:
                for key in wire_names(name):
                    out[key] = value
        return out


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.wire()
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def show(db: Session, row: Table) -> dict[str, Any]:
    """Any object as its resource shows it."""
    return SHOWN[type(row)](db, row)
