"""Properties: keys with values that people give objects of any kind."""

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.domains import require_metadata_editor
from atrisys.actions import history
from atrisys.errors import NotFound
from atrisys.store.table import Table
from atrisys.store.tables import Property
from atrisys.store.tables.metadata import about
from atrisys.wire import domains
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.domains import Domain, PropertyIn, domain_to_describe, find_said
from atrisys.wire.fields import Fields
from atrisys.wire.routes import Routes

routes = Routes(tags=["property"])


class PropertyOfIn(domains.Named, PropertyIn):
    pass


class PropertyEdit(Fields):
    key: domains.Key | None = None
    value: domains.Value | None = None


class PropertyOut(domains.AboutOut, of=Property):
    key: str
    value: str


@routes.get("/api/domain/{domain_class}/{domain_id:int}/property.json")
@routes.get("/api/{domain_class}/{domain_id:int}/property.json")
def list_properties(domain: Domain, db: Db, page: PageQuery) -> Response:
    """The properties of an object, the oldest first (also `/api/annotation/…`, `/api/project/…` and so on)."""
    query = select(Property).where(Property.domain_ident == domain.id)
    return page.of(db, query, PropertyOut, Property.id)


@routes.get("/api/domain/{domain_class}/{domain_id:int}/key/{key:path}/property.json")
@routes.get("/api/{domain_class}/{domain_id:int}/key/{key:path}/property.json")
def show_property_with_key(domain: Domain, key: str, db: Db) -> Response:
    """The property with this key; where there are several, the newest."""
    query = select(Property).where(Property.domain_ident == domain.id, Property.key == key)
    row = db.scalars(query.order_by(Property.id.desc()).limit(1)).first()
    if row is None:
        raise NotFound("{kind} {id} has no property {key}.", kind=type(domain).__name__, id=domain.id, key=key)
    return shown(db, row)


@routes.get("/api/domain/{domain_class}/{domain_id:int}/property/{id:int}.json")
@routes.get("/api/{domain_class}/{domain_id:int}/property/{id:int}.json")
def show_property(domain: Domain, id: int, db: Db, find: Find) -> Response:
    """One property."""
    return shown(db, find_said(find, Property, domain, id))


@routes.post(
    "/api/domain/{domain_class}/{domain_id:int}/property.json", openapi_extra=body_schema(PropertyIn, many=True)
)
@routes.post("/api/{domain_class}/{domain_id:int}/property.json", openapi_extra=body_schema(PropertyIn, many=True))
def add_property(domain: Domain, body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Give an object one property, or an array of them. Whoever may edit the object may."""
    require_metadata_editor(db, user, domain)
    return add_one_or_many(
        request, db, PropertyIn, body, lambda fields: _add(db, user, domain, fields), name="Property"
    )


@routes.post("/api/property.json", openapi_extra=body_schema(PropertyOfIn, many=True))
def add_property_anywhere(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """The same with the object named in the body; of an array each may be another's."""

    def add(fields: PropertyOfIn) -> Property:
        return _add(db, user, domain_to_describe(db, user, fields), fields)

    return add_one_or_many(request, db, PropertyOfIn, body, add, name="Property")


def _add(db: Session, user: Caller, domain: Table, fields: PropertyIn) -> Property:
    return history.add(db, user, Property(**about(domain), key=fields.key, value=fields.value))


@routes.put(
    "/api/domain/{domain_class}/{domain_id:int}/property/{id:int}.json", openapi_extra=body_schema(PropertyEdit)
)
@routes.put("/api/{domain_class}/{domain_id:int}/property/{id:int}.json", openapi_extra=body_schema(PropertyEdit))
def edit_property(domain: Domain, id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Give a property another key or value."""
    row = find_said(find, Property, domain, id)
    require_metadata_editor(db, user, domain)
    history.edit(db, user, row, **read_changes(PropertyEdit, body))
    return saved(db, "edited", row)


@routes.delete("/api/domain/{domain_class}/{domain_id:int}/property/{id:int}.json")
@routes.delete("/api/{domain_class}/{domain_id:int}/property/{id:int}.json")
def remove_property(domain: Domain, id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take a property away."""
    row = find_said(find, Property, domain, id)
    require_metadata_editor(db, user, domain)
    return saved(db, "deleted", history.delete(db, user, row))
