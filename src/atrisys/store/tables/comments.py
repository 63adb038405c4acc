"""Comments: what people write about an annotation, to each other (Cytomine's) or for all who see it."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table
from atrisys.store.tables.annotations import OnAnnotation


class SharedAnnotation(Table):
    """A comment. Sender and receivers read it and nobody else, so the change log files it in no project."""

    __tablename__ = "shared_annotation"
    cytomine_class = "be.cytomine.domain.ontology.SharedAnnotation"

    annotation_id: Mapped[int] = mapped_column(ForeignKey("user_annotation.id"), index=True)
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("sec_user.id"), index=True, default=None)
    """None when that account is gone."""
    comment: Mapped[str]


class SharedAnnotationReceiver(Table):
    __tablename__ = "shared_annotation_receiver"
    __table_args__ = (UniqueConstraint("comment_id", "user_id"),)

    comment_id: Mapped[int] = mapped_column(ForeignKey("shared_annotation.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"), index=True)


class AnnotationComment(OnAnnotation):
    """One contribution to the thread of an annotation: all who see the annotation read it."""

    __tablename__ = "annotation_comment"
    cytomine_class = "atrisys.AnnotationComment"

    annotation_id: Mapped[int] = mapped_column(ForeignKey("user_annotation.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("sec_user.id"), index=True)
    """Who wrote it; None when that account is gone."""
    comment: Mapped[str]
    edited: Mapped[int | None] = mapped_column(default=None)
    """When its author last changed the words."""
