"""Descriptions: a text (HTML) for an object of any kind."""

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.domains import require_metadata_editor
from atrisys.access.require import require_admin, require_user
from atrisys.actions import history
from atrisys.errors import NotFound
from atrisys.store.table import Table
from atrisys.store.tables import Description
from atrisys.store.tables.metadata import about
from atrisys.wire import domains
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, body_schema, read_changes, read_one
from atrisys.wire.domains import Domain, domain_to_describe
from atrisys.wire.fields import Fields
from atrisys.wire.routes import Routes

routes = Routes(tags=["description"])


class DescriptionIn(Fields):
    data: domains.Words


class DescriptionOfIn(domains.Named, DescriptionIn):
    pass


class DescriptionEdit(Fields):
    data: domains.Words | None = None


class DescriptionOut(domains.AboutOut, of=Description):
    data: str


@routes.get("/api/description.json")
def list_descriptions(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """All descriptions; for administrators."""
    require_admin(user)
    return page.of(db, select(Description), DescriptionOut)


@routes.get("/api/domain/{domain_class}/{domain_id:int}/description.json")
def show_description(domain: Domain, db: Db, find: Find) -> Response:
    """What an object is described as; 404 where nobody has described it."""
    return shown(db, _of(db, find, domain))


@routes.post("/api/domain/{domain_class}/{domain_id:int}/description.json", openapi_extra=body_schema(DescriptionIn))
def add_description(domain: Domain, body: JsonBody, db: Db, user: CurrentUser) -> Response:
    """Describe an object that has no description yet. Whoever may edit the object may, but no guest."""
    require_metadata_editor(db, user, domain)
    return _add(db, user, domain, read_one(DescriptionIn, body))


@routes.post("/api/description.json", openapi_extra=body_schema(DescriptionOfIn))
def add_description_anywhere(body: JsonBody, db: Db, user: CurrentUser) -> Response:
    """The same with the object named in the body."""
    fields = read_one(DescriptionOfIn, body)
    return _add(db, user, domain_to_describe(db, user, fields), fields)


def _add(db: Session, user: Caller, domain: Table, fields: DescriptionIn) -> Response:
    require_user(user)
    return saved(db, "added", history.add(db, user, Description(**about(domain), data=fields.data)))


@routes.put("/api/domain/{domain_class}/{domain_id:int}/description.json", openapi_extra=body_schema(DescriptionEdit))
def edit_description(domain: Domain, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Describe an object otherwise."""
    row = _of(db, find, domain)
    require_metadata_editor(db, user, domain)
    history.edit(db, user, row, **read_changes(DescriptionEdit, body))
    return saved(db, "edited", row)


@routes.delete("/api/domain/{domain_class}/{domain_id:int}/description.json")
def remove_description(domain: Domain, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take an object's description away."""
    row = _of(db, find, domain)
    require_metadata_editor(db, user, domain)
    return saved(db, "deleted", history.delete(db, user, row))


def _of(db: Session, find: Finder, domain: Table) -> Description:
    id = db.scalar(select(Description.id).where(Description.domain_ident == domain.id))
    if id is None:
        raise NotFound("{kind} {id} has no description.", kind=type(domain).__name__, id=domain.id)
    return find(Description, id)
