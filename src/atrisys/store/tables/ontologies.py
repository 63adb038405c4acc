"""Ontologies: the terms that annotations are named with, and their tree."""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table


class Ontology(Table):
    __tablename__ = "ontology"
    cytomine_class = "be.cytomine.domain.ontology.Ontology"
    container_column = "id"

    name: Mapped[str] = mapped_column(String(255), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"))


GREY = "#9E9E9E"
"""The colour of a term where nobody said one."""


class Term(Table):
    """A class that an annotation may be given."""

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("ontology_id", "name"), Index(None, "ontology_id", "shortcut", unique=True))
    cytomine_class = "be.cytomine.domain.ontology.Term"
    container_column = "ontology_id"

    name: Mapped[str] = mapped_column(String(255))
    ontology_id: Mapped[int] = mapped_column(ForeignKey("ontology.id"), index=True)
    color: Mapped[str] = mapped_column(String(16))
    comment: Mapped[str | None] = mapped_column(default=None)
    shortcut: Mapped[str | None] = mapped_column(String(1), default=None)
    """The key that names with it in viewers: a small letter or a digit."""


class Relation(Table):
    __tablename__ = "relation"
    cytomine_class = "be.cytomine.domain.ontology.Relation"

    name: Mapped[str] = mapped_column(String(255), unique=True)


class RelationTerm(Table):
    """Term 1 is the parent of term 2."""

    __tablename__ = "relation_term"
    __table_args__ = (UniqueConstraint("relation_id", "term1_id", "term2_id"),)
    cytomine_class = "be.cytomine.domain.ontology.RelationTerm"
    container_column = "ontology_id"

    relation_id: Mapped[int] = mapped_column(ForeignKey("relation.id"))
    term1_id: Mapped[int] = mapped_column(ForeignKey("term.id"))
    term2_id: Mapped[int] = mapped_column(ForeignKey("term.id"), index=True)
    ontology_id: Mapped[int] = mapped_column(ForeignKey("ontology.id"), index=True)
