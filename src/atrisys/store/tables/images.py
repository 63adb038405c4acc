"""Slides as uploaded (abstract images and slices) and as used in projects (instances)."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table


class AbstractImage(Table):
    """The slide as uploaded."""

    __tablename__ = "abstract_image"
    cytomine_class = "be.cytomine.domain.image.AbstractImage"
    container_column = "storage_id"

    original_filename: Mapped[str] = mapped_column(String(1024))
    uploaded_file_id: Mapped[int | None] = mapped_column(ForeignKey("uploaded_file.id"), index=True, default=None)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("sec_user.id"), default=None)
    format: Mapped[str | None] = mapped_column(String(64), default=None)
    width: Mapped[int | None] = mapped_column(default=None)
    height: Mapped[int | None] = mapped_column(default=None)
    depth: Mapped[int] = mapped_column(default=1)
    duration: Mapped[int] = mapped_column(default=1)
    channels: Mapped[int] = mapped_column(default=1)
    samples_per_pixel: Mapped[int] = mapped_column(default=3)
    bits_per_sample: Mapped[int] = mapped_column(default=8)
    colorspace: Mapped[str | None] = mapped_column(String(64), default=None)
    mpp_x: Mapped[float | None] = mapped_column(default=None)
    """µm per pixel."""
    mpp_y: Mapped[float | None] = mapped_column(default=None)
    mpp_z: Mapped[float | None] = mapped_column(default=None)
    fps: Mapped[float | None] = mapped_column(default=None)
    magnification: Mapped[float | None] = mapped_column(default=None)
    tile_size: Mapped[int] = mapped_column(default=256)
    is_virtual: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    """What the reader found (imaging.reader.SlideFacts): levels, associated pictures, vendor metadata."""
    case_key: Mapped[str | None] = mapped_column(String(255), default=None)
    """The patient or block: training sets are split by it."""

    storage_id: Mapped[int | None] = mapped_column(ForeignKey("storage.id"), index=True, default=None)
    """The storage of its uploaded file, so that rights need no second look-up."""


class AbstractSlice(Table):
    """One plane of a slide."""

    __tablename__ = "abstract_slice"
    __table_args__ = (UniqueConstraint("image_id", "channel", "z_stack", "time"),)
    cytomine_class = "be.cytomine.domain.image.AbstractSlice"
    container_column = "storage_id"

    image_id: Mapped[int] = mapped_column(ForeignKey("abstract_image.id"))
    uploaded_file_id: Mapped[int | None] = mapped_column(ForeignKey("uploaded_file.id"), default=None)
    storage_id: Mapped[int | None] = mapped_column(ForeignKey("storage.id"), default=None)
    channel: Mapped[int] = mapped_column(default=0)
    z_stack: Mapped[int] = mapped_column(default=0)
    time: Mapped[int] = mapped_column(default=0)
    channel_name: Mapped[str | None] = mapped_column(String(255), default=None)
    channel_color: Mapped[str | None] = mapped_column(String(32), default=None)
    z_name: Mapped[str | None] = mapped_column(String(255), default=None)


class CompanionFile(Table):
    """A file beside a slide, made from it or about it: intensities, a registration, the output of a model."""

    __tablename__ = "companion_file"
    cytomine_class = "be.cytomine.domain.image.CompanionFile"
    container_column = "storage_id"

    image_id: Mapped[int] = mapped_column(ForeignKey("abstract_image.id"), index=True)
    uploaded_file_id: Mapped[int] = mapped_column(ForeignKey("uploaded_file.id"), index=True)
    """Whose bytes it is."""
    storage_id: Mapped[int | None] = mapped_column(ForeignKey("storage.id"), default=None)
    """That of the slide."""
    original_filename: Mapped[str] = mapped_column(String(1024))
    filename: Mapped[str] = mapped_column(String(1024))
    """What a client calls it; shown, never used."""
    type: Mapped[str] = mapped_column(String(255))
    progress: Mapped[int] = mapped_column(default=0)
    status: Mapped[int] = mapped_column(default=0)
    """As the client that makes it counts."""


class ImageInstance(Table):
    """That slide in a project."""

    __tablename__ = "image_instance"
    __table_args__ = (UniqueConstraint("base_image_id", "project_id"), Index(None, "project_id", "id"))
    cytomine_class = "be.cytomine.domain.image.ImageInstance"
    container_column = "project_id"

    base_image_id: Mapped[int] = mapped_column(ForeignKey("abstract_image.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"))
    instance_filename: Mapped[str] = mapped_column(String(1024))
    mpp_x: Mapped[float | None] = mapped_column(default=None)
    """Own values; None means as the abstract image says."""
    mpp_y: Mapped[float | None] = mapped_column(default=None)
    mpp_z: Mapped[float | None] = mapped_column(default=None)
    fps: Mapped[float | None] = mapped_column(default=None)
    magnification: Mapped[float | None] = mapped_column(default=None)
    review_start: Mapped[int | None] = mapped_column(default=None)
    review_stop: Mapped[int | None] = mapped_column(default=None)
    review_user_id: Mapped[int | None] = mapped_column(ForeignKey("sec_user.id"), default=None)


class SliceInstance(Table):
    __tablename__ = "slice_instance"
    __table_args__ = (UniqueConstraint("image_id", "base_slice_id"),)
    cytomine_class = "be.cytomine.domain.image.SliceInstance"
    container_column = "project_id"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id"))
    base_slice_id: Mapped[int] = mapped_column(ForeignKey("abstract_slice.id"), index=True)


class NestedImageInstance(Table):
    """An image of a project that shows a part of another one: where its top left corner lies there."""

    __tablename__ = "nested_image_instance"
    cytomine_class = "be.cytomine.domain.image.NestedImageInstance"
    container_column = "project_id"

    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id"), index=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("sec_user.id"), index=True, default=None)
    """Who laid it there; None when that account is gone."""
    x: Mapped[int]
    """Level-0 pixels of the parent, origin top left."""
    y: Mapped[int]
