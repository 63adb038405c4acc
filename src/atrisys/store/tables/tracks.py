"""Tracks: one thing that is followed through an image's slices, from annotation to annotation."""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table
from atrisys.store.tables.annotations import OnAnnotation


class Track(Table):
    """What is followed through the slices of one image."""

    __tablename__ = "track"
    __table_args__ = (UniqueConstraint("image_id", "name"),)
    cytomine_class = "be.cytomine.domain.ontology.Track"
    container_column = "project_id"

    name: Mapped[str] = mapped_column(String(255))
    color: Mapped[str] = mapped_column(String(7))
    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)


class AnnotationTrack(OnAnnotation):
    """An annotation that shows where a track runs: one on each slice, as far as anybody sees.

    No constraint holds it: who put one there must not be told of another that lies on a hidden layer.
    """

    __tablename__ = "annotation_track"
    __table_args__ = (Index(None, "track_id", "slice_id"),)
    cytomine_class = "be.cytomine.domain.ontology.AnnotationTrack"

    annotation_id: Mapped[int] = mapped_column(ForeignKey("user_annotation.id"), index=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id"))
    slice_id: Mapped[int] = mapped_column(ForeignKey("slice_instance.id"), index=True)
    """The annotation's."""
