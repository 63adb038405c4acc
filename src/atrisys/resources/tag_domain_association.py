"""Which objects bear which tags."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.domains import find_domain, require_metadata_editor
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.store.by_ids import pairs_for
from atrisys.store.table import Table
from atrisys.store.tables import Tag, TagDomainAssociation
from atrisys.store.tables.metadata import about
from atrisys.wire import domains
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, Paging, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema
from atrisys.wire.domains import Domain, domain_to_describe
from atrisys.wire.fields import Fields, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["tag"])

Link = TagDomainAssociation
COLUMNS = {"tagName": select(Tag.name).where(Tag.id == Link.tag_id).scalar_subquery()}


class LinkIn(Fields):
    tag_id: int


class LinkOfIn(domains.Named, LinkIn):
    pass


class TagDomainAssociationOut(domains.AboutOut):
    tag_id: int
    tag_name: str


@shows(Link)
def show_one(db: Session, link: Link) -> dict[str, Any]:
    return show_all(db, [link])[0]


def show_all(db: Session, links: Sequence[Link]) -> list[dict[str, Any]]:
    """Links with the names of their tags."""
    names = pairs_for(db, select(Tag.id, Tag.name), Tag.id, [link.tag_id for link in links])
    return [TagDomainAssociationOut.of(link, tag_name=names[link.tag_id]).wire() for link in links]


def _answer(db: Session, page: Paging, query: Select[Link]) -> Response:
    rows, total = page.rows(db, query, Link.id, columns=COLUMNS)
    return page.answer(show_all(db, rows), total)


@routes.get("/api/tag_domain_association.json")
def list_links(db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """Who bears which tag, among what the caller may see; filters `domainClassName`, `domainIdent` and `tag`."""
    return _answer(db, page, visible(user, select(Link)))


@routes.get("/api/domain/{domain_class}/{domain_id:int}/tag_domain_association.json")
def list_links_of_object(domain: Domain, db: Db, page: PageQuery) -> Response:
    """The tags that an object bears."""
    return _answer(db, page, select(Link).where(Link.domain_ident == domain.id))


@routes.get("/api/tag_domain_association/{id:int}.json")
def show_link(id: int, db: Db, find: Find) -> Response:
    """One tag of one object."""
    return shown(db, find(Link, id))


@routes.post(
    "/api/domain/{domain_class}/{domain_id:int}/tag_domain_association.json",
    openapi_extra=body_schema(LinkIn, many=True),
)
def add_link(domain: Domain, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Give an object one tag, or an array of them. Whoever may edit the object may."""
    require_metadata_editor(db, user, domain)
    return add_one_or_many(
        request, db, LinkIn, body, lambda fields: _add(db, user, find, domain, fields), name=Link.__name__
    )


@routes.post("/api/tag_domain_association.json", openapi_extra=body_schema(LinkOfIn, many=True))
def add_link_anywhere(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """The same with the object named in the body; of an array each may be another's."""

    def add(fields: LinkOfIn) -> Link:
        return _add(db, user, find, domain_to_describe(db, user, fields), fields)

    return add_one_or_many(request, db, LinkOfIn, body, add, name=Link.__name__)


def _add(db: Session, user: Caller, find: Finder, domain: Table, fields: LinkIn) -> Link:
    return history.add(db, user, Link(**about(domain), tag_id=find.other(Tag, fields.tag_id).id))


@routes.delete("/api/tag_domain_association/{id:int}.json")
def remove_link(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take a tag from an object."""
    link = find(Link, id)
    require_metadata_editor(db, user, find_domain(db, user, link.domain_class_name, link.domain_ident))
    wire = show(db, link)
    return saved(db, "deleted", history.delete(db, user, link), wire)
