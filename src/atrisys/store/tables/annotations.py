"""Annotations: shapes on a slide, and the terms they were given."""

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, UniqueConstraint, cast, func
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Base, RowId, Table

WORKED_OUT = {"log": False}
"""Columns that follow from `location` and the image's height: the change log leaves them out."""


class AnnotationDomain(Table):
    """A shape on a slide: what all kinds of annotations have.

    `shape` is WKB in image order (origin top left); `location` is the WKT of Cytomine's wire (origin bottom left) with
    the coordinates as they were sent: listings hand it on as it is.
    """

    __abstract__ = True
    container_column = "project_id"
    owner_column = "user_id"
    exact_columns = ("shape",)

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id"))
    slice_id: Mapped[int] = mapped_column(ForeignKey("slice_instance.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"), index=True)
    location: Mapped[str]
    shape: Mapped[bytes] = mapped_column(info=WORKED_OUT)
    min_x: Mapped[float] = mapped_column(info=WORKED_OUT)
    """Box in image order."""
    min_y: Mapped[float] = mapped_column(info=WORKED_OUT)
    max_x: Mapped[float] = mapped_column(info=WORKED_OUT)
    max_y: Mapped[float] = mapped_column(info=WORKED_OUT)
    grid_level: Mapped[int] = mapped_column(info=WORKED_OUT)
    """Its place in the grid of geometry/grid.py."""
    grid_x: Mapped[int] = mapped_column(info=WORKED_OUT)
    grid_y: Mapped[int] = mapped_column(info=WORKED_OUT)
    area: Mapped[float] = mapped_column(info=WORKED_OUT)
    area_unit: Mapped[str] = mapped_column(String(16), info=WORKED_OUT)
    perimeter: Mapped[float] = mapped_column(info=WORKED_OUT)
    perimeter_unit: Mapped[str] = mapped_column(String(16), info=WORKED_OUT)
    centroid_x: Mapped[float] = mapped_column(info=WORKED_OUT)
    """Centroid in image order."""
    centroid_y: Mapped[float] = mapped_column(info=WORKED_OUT)
    geometry_compression: Mapped[float] = mapped_column(default=0.0)


class UserAnnotation(AnnotationDomain):
    """A shape that somebody drew, or a program found."""

    __tablename__ = "user_annotation"
    __table_args__ = (
        Index(None, "image_id", "id"),
        Index(None, "project_id", "id"),
        Index("ix_user_annotation_place", "image_id", "grid_level", "grid_y", "grid_x"),
    )
    cytomine_class = "be.cytomine.domain.ontology.UserAnnotation"

    source: Mapped[str | None] = mapped_column(String(255), default=None)
    """human, import, or a model with its version; None where nobody said."""
    parent_id: Mapped[int | None] = mapped_column(default=None)
    """The annotation that this one corrects."""


class ReviewedAnnotation(AnnotationDomain):
    """A copy that a reviewer accepted: it stays as it is when the annotation that it came from is changed or deleted.

    It lies on the layer of whoever drew that one.
    """

    __tablename__ = "reviewed_annotation"
    __table_args__ = (
        Index(None, "image_id", "id"),
        Index(None, "project_id", "id"),
        Index("ix_reviewed_annotation_place", "image_id", "grid_level", "grid_y", "grid_x"),
    )
    cytomine_class = "be.cytomine.domain.ontology.ReviewedAnnotation"

    parent_id: Mapped[int | None] = mapped_column(unique=True, default=None)
    """The annotation that was accepted, which may be gone since."""
    review_user_id: Mapped[int | None] = mapped_column(ForeignKey("sec_user.id"), index=True, default=None)
    """Who accepted it; None when that account is gone."""


class OnAnnotation(Table):
    """What hangs on an annotation: seen by who sees its layer, gone before it is."""

    __abstract__ = True
    container_column = "project_id"
    owner_column = "layer_id"

    annotation_id: Mapped[int]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    layer_id: Mapped[int]
    """Whose layer the annotation lies on."""


class GivenTerm(OnAnnotation):
    """A term that somebody gave an annotation: what it is for all kinds of annotations."""

    __abstract__ = True

    term_id: Mapped[int] = mapped_column(ForeignKey("term.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"))


class AnnotationTerm(GivenTerm):
    __tablename__ = "annotation_term"
    __table_args__ = (UniqueConstraint("annotation_id", "term_id", "user_id"),)
    cytomine_class = "be.cytomine.domain.ontology.AnnotationTerm"

    annotation_id: Mapped[int] = mapped_column(ForeignKey("user_annotation.id"))


class ReviewedAnnotationTerm(GivenTerm):
    __tablename__ = "reviewed_annotation_term"
    __table_args__ = (UniqueConstraint("annotation_id", "term_id", "user_id"),)
    cytomine_class = "be.cytomine.domain.ontology.ReviewedAnnotationTerm"

    annotation_id: Mapped[int] = mapped_column(ForeignKey("reviewed_annotation.id"))


class AnnotationCount(Base):
    """How many annotations of one kind somebody has on a slice. The database itself keeps them (migration 0011)."""

    __abstract__ = True

    slice_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    image_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False, index=True)
    project_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False, index=True)
    number: Mapped[int]

    @classmethod
    def total(cls) -> ColumnElement[int]:
        """Of the rows that a query chooses. PostgreSQL would add them up to a decimal."""
        return cast(func.coalesce(func.sum(cls.number), 0), BigInteger)


class UserAnnotationCount(AnnotationCount):
    __tablename__ = "user_annotation_count"


class ReviewedAnnotationCount(AnnotationCount):
    __tablename__ = "reviewed_annotation_count"


COUNTS_OF: dict[type[AnnotationDomain], type[AnnotationCount]] = {
    UserAnnotation: UserAnnotationCount,
    ReviewedAnnotation: ReviewedAnnotationCount,
}
TERMS_OF: dict[type[AnnotationDomain], type[GivenTerm]] = {
    UserAnnotation: AnnotationTerm,
    ReviewedAnnotation: ReviewedAnnotationTerm,
}
"""The kinds of annotations, each with the table of its terms."""
