"""What is set for the whole installation, for a project and its viewers: configuration, filters."""

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table


class Configuration(Table):
    """A setting that clients keep on the server: a key and its value."""

    __tablename__ = "configuration"
    cytomine_class = "be.cytomine.domain.meta.Configuration"

    key: Mapped[str] = mapped_column(String(255), unique=True)
    value: Mapped[str]
    reading_role: Mapped[str] = mapped_column(String(16))
    """Who may read it: ALL, USER (no guests) or ADMIN."""


class ImageFilter(Table):
    """What may be done with a picture before it is shown: a row for each filter that imaging/filters.py has."""

    __tablename__ = "image_filter"
    cytomine_class = "be.cytomine.domain.processing.ImageFilter"

    name: Mapped[str] = mapped_column(String(255), unique=True)
    method: Mapped[str] = mapped_column(String(255))
    """What viewers send as `filters`."""


class ImageFilterProject(Table):
    """A filter that the viewers of a project offer."""

    __tablename__ = "image_filter_project"
    __table_args__ = (UniqueConstraint("project_id", "image_filter_id"),)
    cytomine_class = "be.cytomine.domain.processing.ImageFilterProject"
    container_column = "project_id"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    image_filter_id: Mapped[int] = mapped_column(ForeignKey("image_filter.id"), index=True)


class AnnotationFilter(Table):
    """A choice of terms and people by which annotations are looked at, kept under a name."""

    __tablename__ = "annotation_filter"
    cytomine_class = "be.cytomine.domain.ontology.AnnotationFilter"
    container_column = "project_id"

    name: Mapped[str] = mapped_column(String(255))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("sec_user.id"), index=True, default=None)
    """Who made it; None when that account is gone."""
    users: Mapped[list[int]] = mapped_column(JSON)
    """Whose annotations; some may be members no more."""
    terms: Mapped[list[int]] = mapped_column(JSON)
    """With which terms; some may be gone."""
