"""Properties that come with objects when they are made."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.store.table import Table
from atrisys.store.tables import Property
from atrisys.store.tables.metadata import about

Pairs = Iterable[tuple[str, str]]


def add_properties(db: Session, caller: Caller, said: Iterable[tuple[Table, Pairs]]) -> None:
    """Keys with values for each of these objects, in this order."""
    rows = [{**about(domain), "key": key, "value": value} for domain, pairs in said for key, value in pairs]
    history.add_many(db, caller, Property, rows)


def copy_properties(db: Session, caller: Caller, source: Table, target: Table) -> None:
    query = select(Property.key, Property.value).where(Property.domain_ident == source.id).order_by(Property.id)
    add_properties(db, caller, [(target, [(key, value) for key, value in db.execute(query)])])
