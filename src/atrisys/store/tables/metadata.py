"""What people say of objects of any kind: properties, a description, tags, attached files."""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table

INSIDE = {"private": True}
"""Columns that are for the house alone: nobody sorts by them."""


class Metadata(Table):
    """Base of what is said of an object. The object's id alone finds it, since no two objects share one."""

    __abstract__ = True
    container_column = "container_id"
    owner_column = "owner_id"

    domain_class_name: Mapped[str] = mapped_column(String(255))
    """The `cytomine_class` of the object."""
    domain_ident: Mapped[int]
    container_id: Mapped[int | None] = mapped_column(info=INSIDE, default=None)
    """Where the change log files it: as the object."""
    owner_id: Mapped[int | None] = mapped_column(info=INSIDE, default=None)

    @property
    def domain_id(self) -> int:
        """The other name by which the wire knows `domain_ident`."""
        return self.domain_ident


class Property(Metadata):
    """A key and its value. An object may have the same key several times."""

    __tablename__ = "property"
    __table_args__ = (Index(None, "domain_ident"),)
    cytomine_class = "be.cytomine.domain.meta.Property"

    key: Mapped[str] = mapped_column(String(255))
    value: Mapped[str]


class Description(Metadata):
    """One for each object; HTML as it was sent, which whoever shows it must clean."""

    __tablename__ = "description"
    __table_args__ = (UniqueConstraint("domain_ident"),)
    cytomine_class = "be.cytomine.domain.meta.Description"

    data: Mapped[str]


class AttachedFile(Metadata):
    __tablename__ = "attached_file"
    __table_args__ = (Index(None, "domain_ident"),)
    cytomine_class = "be.cytomine.domain.meta.AttachedFile"

    filename: Mapped[str] = mapped_column(String(255))
    """What people call it (store/files.py plain_name)."""
    key: Mapped[str | None] = mapped_column(String(255), default=None)
    kept_name: Mapped[str] = mapped_column(String(255), info=INSIDE)
    """Where it lies below the data folder's files; a name that we made."""
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


class Tag(Table):
    """A word that objects are marked with: the same for everybody on the installation."""

    __tablename__ = "tag"
    cytomine_class = "be.cytomine.domain.meta.Tag"

    name: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("sec_user.id"), index=True, default=None)
    """Who made it; None when that account is gone."""


Index("uq_tag_name_lower", func.lower(Tag.name), unique=True)


class TagDomainAssociation(Metadata):
    """A tag that an object bears."""

    __tablename__ = "tag_domain_association"
    __table_args__ = (UniqueConstraint("domain_ident", "tag_id"),)
    cytomine_class = "be.cytomine.domain.meta.TagDomainAssociation"

    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), index=True)


METADATA: tuple[type[Metadata], ...] = (Property, Description, AttachedFile, TagDomainAssociation)


def about(domain: Table) -> dict[str, Any]:
    """The columns of what is said of an object: its name, and where the change log files it."""
    return {"domain_class_name": domain.cytomine_class, "domain_ident": domain.id, **home_of(domain)}


def home_of(domain: Table) -> dict[str, int | None]:
    container, owner = domain.container_column, domain.owner_column
    return {
        "container_id": getattr(domain, container) if container else None,
        "owner_id": getattr(domain, owner) if owner else None,
    }
