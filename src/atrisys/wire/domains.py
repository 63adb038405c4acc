"""The object that something is said of, as addresses (`domain/{class}/{id}/…`) and bodies name it."""

from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Request
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, StringConstraints
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.domains import find_domain, require_metadata_editor
from atrisys.errors import NotFound
from atrisys.store.table import Table
from atrisys.store.tables.metadata import Metadata
from atrisys.wire.asking import CurrentUser, Db, Finder
from atrisys.wire.fields import Fields, Model

LONGEST, LONGEST_VALUE = 1 << 20, 1 << 16
"""Signs of a description, and of a property's value, of which one answer may hold thousands."""
MOST_PROPERTIES = 1_000
"""Of one object as it is made."""

Said = TypeVar("Said", bound=Metadata)


def _as_text(value: Any) -> Any:
    """Clients send values of any kind; numbers become text by themselves."""
    return orjson.dumps(value).decode() if isinstance(value, bool | list | dict) else value


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


_AS_TEXT, _NOT_BLANK = BeforeValidator(_as_text), AfterValidator(_not_blank)
Words = Annotated[str, StringConstraints(strip_whitespace=False, max_length=LONGEST), _AS_TEXT, _NOT_BLANK]
"""Kept as they were sent, white space included."""
Value = Annotated[str, StringConstraints(strip_whitespace=False, max_length=LONGEST_VALUE), _AS_TEXT, _NOT_BLANK]


Key = Annotated[str, Field(min_length=1, max_length=255)]


class PropertyIn(Fields):
    key: Key
    value: Value


def _as_pairs(value: Any) -> Any:
    """`{key: value}` or `[{key, value}]`: clients differ."""
    return [{"key": key, "value": one} for key, one in value.items()] if isinstance(value, dict) else value or []


Properties = Annotated[list[PropertyIn], BeforeValidator(_as_pairs), Field(max_length=MOST_PROPERTIES)]
"""What an object is given as it is made."""


class Named(Fields):
    """A body that says which object is meant."""

    domain_class_name: Annotated[str, Field(min_length=1, max_length=255)]
    domain_ident: Annotated[int, Field(validation_alias=AliasChoices("domainIdent", "domainId"))]


class AboutOut(Model):
    """Base of what is said of an object."""

    domain_class_name: str
    domain_ident: int
    domain_id: Annotated[int, Field(serialization_alias="domainId")]


async def _domain(request: Request, domain_class: str, domain_id: int, db: Db, user: CurrentUser) -> Table:
    return find_domain(db, user, domain_class, domain_id, lock=request.state.writes)


Domain = Annotated[Table, Depends(_domain)]
"""The object that the address names, if the caller may see it and know all about it."""


def domain_to_describe(db: Session, user: Caller, named: Named, *, lock: bool = True) -> Table:
    """The object that a body names, if the caller may say something of it. Raises NotFound, NotAllowed."""
    domain = find_domain(db, user, named.domain_class_name, named.domain_ident, lock=lock)
    require_metadata_editor(db, user, domain)
    return domain


def find_said(find: Finder, kind: type[Said], domain: Table, id: int) -> Said:
    """What was said of this object, by its id. Raises NotFound for what was said of another."""
    said = find(kind, id)
    if said.domain_ident != domain.id:
        raise NotFound("{kind} {id} was not found.", kind=kind.__name__, id=id)
    return said
