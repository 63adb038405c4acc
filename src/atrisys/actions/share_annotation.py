"""Comments on annotations: written to members of the project, and gone with the annotation."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.errors import NotFound
from atrisys.store.tables import (
    AnnotationDomain,
    ProjectMember,
    SharedAnnotation,
    SharedAnnotationReceiver,
    UserAnnotation,
)


def share_annotation(
    db: Session, caller: Caller, annotation: UserAnnotation, comment: str, receivers: Collection[int]
) -> SharedAnnotation:
    """Write to these people about an annotation. Raises NotFound where one is no member of its project."""
    members = select(ProjectMember.user_id).where(ProjectMember.project_id == annotation.project_id)
    people = sorted(set(receivers))
    for id in set(people).difference(db.scalars(members)):
        raise NotFound("User {user} is no member of project {project}.", user=id, project=annotation.project_id)
    sent = SharedAnnotation(annotation_id=annotation.id, sender_id=caller.id, comment=comment)
    history.add(db, caller, sent)
    rows = [{"comment_id": sent.id, "user_id": id} for id in people]
    history.add_many(db, caller, SharedAnnotationReceiver, rows)
    return sent


def clear_comments(db: Session, caller: Caller, kind: type[AnnotationDomain], ids: Sequence[int]) -> None:
    """All that was written about these annotations."""
    if kind is UserAnnotation:
        of_them = select(SharedAnnotation.id).where(SharedAnnotation.annotation_id.in_(ids))
        received = SharedAnnotationReceiver
        history.delete_where(db, caller, received, received.comment_id.in_(of_them))
        history.delete_where(db, caller, SharedAnnotation, SharedAnnotation.annotation_id.in_(ids))
