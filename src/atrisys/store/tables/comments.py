"""Comments: what people write to each other about an annotation."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Table


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
