"""What people do: which projects and images they open, where they look, what they do with annotations.

Written often and never changed by anybody: none of it is in the change log, and it goes when it is old
(actions/sweep_activity.py) or with the image, project or account that it is about.
"""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Base, Numbered, now_ms


class UserPosition(Numbered):
    """Where somebody looked: the four corners of their view."""

    __tablename__ = "user_position"
    __table_args__ = (Index(None, "image_id", "created"), Index(None, "user_id", "image_id", "created"))
    cytomine_class = "be.cytomine.domain.social.PersistentUserPosition"

    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id", ondelete="CASCADE"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id", ondelete="CASCADE"))
    slice_id: Mapped[int]
    location: Mapped[str]
    """WKT of the corners in image order."""
    x: Mapped[float]
    """The view's centre, image order."""
    y: Mapped[float]
    zoom: Mapped[int]
    rotation: Mapped[float]
    broadcast: Mapped[bool]
    """Whether all members may follow, and not managers alone."""


class Follower(Base):
    """Who follows whose position on an image, and when they last asked for it."""

    __tablename__ = "follower"

    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id", ondelete="CASCADE"), primary_key=True)
    followed_id: Mapped[int] = mapped_column(
        ForeignKey("sec_user.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    follower_id: Mapped[int] = mapped_column(
        ForeignKey("sec_user.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    last_seen: Mapped[int]


class ProjectConnection(Numbered):
    """Somebody opened a project. It is over when they open it again."""

    __tablename__ = "project_connection"
    __table_args__ = (Index(None, "project_id", "user_id", "created"),)
    cytomine_class = "be.cytomine.domain.social.PersistentProjectConnection"

    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id", ondelete="CASCADE"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    os: Mapped[str | None] = mapped_column(String(64), default=None)
    browser: Mapped[str | None] = mapped_column(String(64), default=None)
    browser_version: Mapped[str | None] = mapped_column(String(64), default=None)
    last_seen: Mapped[int] = mapped_column(default=now_ms)
    time_ms: Mapped[int] = mapped_column(default=0)
    """How long they were there: the gaps between signs of life, but for long ones."""
    count_viewed_images: Mapped[int | None] = mapped_column(default=None)
    """Counted when it is over."""
    count_created_annotations: Mapped[int | None] = mapped_column(default=None)


class ImageConsultation(Numbered):
    """Somebody opened an image. It is over when they open another one of the project."""

    __tablename__ = "image_consultation"
    __table_args__ = (Index(None, "image_id", "created"), Index(None, "user_id", "image_id", "created"))
    cytomine_class = "be.cytomine.domain.social.PersistentImageConsultation"

    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id", ondelete="CASCADE"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id", ondelete="CASCADE"))
    project_connection_id: Mapped[int | None] = mapped_column(default=None, index=True)
    mode: Mapped[str | None] = mapped_column(String(64), default=None)
    time_ms: Mapped[int | None] = mapped_column(default=None)
    """How long they looked: the gaps between positions, but for long ones. Counted when it is over."""
    count_created_annotations: Mapped[int | None] = mapped_column(default=None)


class AnnotationAction(Numbered):
    """Somebody chose, opened or otherwise touched an annotation, which may be gone by now."""

    __tablename__ = "annotation_action"
    __table_args__ = (Index(None, "image_id", "created"),)
    cytomine_class = "be.cytomine.domain.social.AnnotationAction"

    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id", ondelete="CASCADE"), index=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image_instance.id", ondelete="CASCADE"))
    slice_id: Mapped[int]
    annotation_ident: Mapped[int]
    annotation_class_name: Mapped[str] = mapped_column(String(255))
    annotation_creator_id: Mapped[int]
    action: Mapped[str] = mapped_column(String(255))
