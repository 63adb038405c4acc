"""Groups: images that show the same, and on them annotations that mark the same."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table
from atrisys.store.tables.annotations import OnAnnotation


class ImageGroup(Table):
    """Images of a project that show the same thing, as differently stained sections of one block do."""

    __tablename__ = "image_group"
    cytomine_class = "be.cytomine.domain.image.group.ImageGroup"
    container_column = "project_id"

    name: Mapped[str] = mapped_column(String(255))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)


class ImageGroupImageInstance(Table):
    """An image in a group; it may be in several."""

    __tablename__ = "image_group_image_instance"
    __table_args__ = (UniqueConstraint("group_id", "image_id"),)
    cytomine_class = "be.cytomine.domain.image.group.ImageGroupImageInstance"
    container_column = "project_id"

    group_id: Mapped[int] = mapped_column(ForeignKey("image_group.id"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)


class AnnotationGroup(Table):
    """Annotations on the images of a group that mark the same."""

    __tablename__ = "annotation_group"
    cytomine_class = "be.cytomine.domain.ontology.AnnotationGroup"
    container_column = "project_id"

    image_group_id: Mapped[int] = mapped_column(ForeignKey("image_group.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    type: Mapped[str] = mapped_column(String(255), default="SAME_OBJECT")


class AnnotationLink(OnAnnotation):
    """An annotation in a group: each is in one at most."""

    __tablename__ = "annotation_link"
    cytomine_class = "be.cytomine.domain.ontology.AnnotationLink"

    annotation_id: Mapped[int] = mapped_column(ForeignKey("user_annotation.id"), unique=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("annotation_group.id"), index=True)
