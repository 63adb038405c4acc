"""Write down what somebody does: past the change log, in as few statements as it takes."""

from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.rules import my_projects
from atrisys.store.bulk import insert_rows
from atrisys.store.ids import take_ids
from atrisys.store.table import Numbered, now_ms
from atrisys.store.tables import (
    AnnotationAction,
    Follower,
    ImageConsultation,
    ImageInstance,
    ProjectConnection,
    UserAnnotation,
    UserPosition,
)

LONGEST_GAP_MS, LONGEST_LOOK_MS = 30_000, 15_000
"""Between two signs of life in a project, two positions on an image: whoever is silent for longer was away."""
FOLLOWS_MS = 10_000
"""A follower is noted anew after so long."""


def record_position(db: Session, caller: Caller, **columns: Any) -> dict[str, Any]:
    """One insert: a viewer says once a second where it is. Gives the row."""
    return _insert(db, caller, UserPosition, **columns)


def record_action(db: Session, caller: Caller, annotation: UserAnnotation, action: str) -> dict[str, Any]:
    return _insert(
        db,
        caller,
        AnnotationAction,
        image_id=annotation.image_id,
        slice_id=annotation.slice_id,
        annotation_ident=annotation.id,
        annotation_class_name=annotation.cytomine_class,
        annotation_creator_id=annotation.user_id,
        action=action,
    )


def record_connection(db: Session, caller: Caller, project_id: int, **columns: Any) -> dict[str, Any]:
    """Somebody opens a project; when they opened it before is over."""
    connection, now = ProjectConnection, now_ms()
    seen = select(func.count(ImageConsultation.image_id.distinct())).where(
        ImageConsultation.project_connection_id == connection.id
    )
    drawn = select(func.count()).where(
        UserAnnotation.project_id == project_id,
        UserAnnotation.user_id == caller.id,
        UserAnnotation.created >= connection.created,
    )
    db.execute(
        update(connection)
        .where(
            connection.project_id == project_id,
            connection.user_id == caller.id,
            connection.count_viewed_images.is_(None),
        )
        .values(
            count_viewed_images=seen.scalar_subquery(),
            count_created_annotations=drawn.scalar_subquery(),
            time_ms=_with_gap(now),
        )
        .execution_options(synchronize_session=False)
    )
    more = {"count_viewed_images": None, "count_created_annotations": None, "time_ms": 0, "last_seen": now}
    return _insert(db, caller, connection, project_id=project_id, **columns, **more)


def record_presence(db: Session, caller: Caller, project_id: int) -> None:
    """A sign of life from somebody who has opened a project and still sees it; else nothing."""
    connection, now = ProjectConnection, now_ms()
    last = select(func.max(connection.id)).where(
        connection.project_id == project_id, connection.user_id == caller.id, connection.project_id.in_(_open(caller))
    )
    db.execute(
        update(connection)
        .where(connection.id == last.scalar_subquery())
        .values(time_ms=_with_gap(now), last_seen=now)
        .execution_options(synchronize_session=False)
    )


def _open(caller: Caller) -> Any:
    return select(ProjectConnection.project_id) if caller.is_admin else my_projects(caller)


def _with_gap(now: int) -> Any:
    """The time that somebody was there until now."""
    gap = now - ProjectConnection.last_seen
    return ProjectConnection.time_ms + case((gap.between(0, LONGEST_GAP_MS), gap), else_=0)


def record_consultation(db: Session, caller: Caller, image: ImageInstance, mode: str | None) -> dict[str, Any]:
    """Somebody opens an image; whatever they had open in its project is over."""
    consultation = ImageConsultation
    here = select(ImageInstance.id).where(ImageInstance.project_id == image.project_id)
    drawn = select(func.count()).where(
        UserAnnotation.image_id == consultation.image_id,
        UserAnnotation.user_id == caller.id,
        UserAnnotation.created >= consultation.created,
    )
    db.execute(
        update(consultation)
        .where(consultation.user_id == caller.id, consultation.image_id.in_(here), consultation.time_ms.is_(None))
        .values(time_ms=_time_looked(), count_created_annotations=drawn.scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    connection = select(func.max(ProjectConnection.id)).where(
        ProjectConnection.project_id == image.project_id, ProjectConnection.user_id == caller.id
    )
    return _insert(
        db,
        caller,
        consultation,
        image_id=image.id,
        project_connection_id=db.scalar(connection),
        mode=mode,
        time_ms=None,
        count_created_annotations=None,
    )


def _time_looked() -> Any:
    """The gaps between the positions of a consultation, but for those in which nobody looked."""
    position, consultation = UserPosition, ImageConsultation
    gaps = (
        select((position.created - func.lag(position.created).over(order_by=position.created)).label("gap"))
        .where(
            position.user_id == consultation.user_id,
            position.image_id == consultation.image_id,
            position.created >= consultation.created,
        )
        .correlate(consultation)
        .subquery()
    )
    total = func.coalesce(func.sum(gaps.c.gap), 0)
    return select(total).where(gaps.c.gap < LONGEST_LOOK_MS).scalar_subquery()


def note_follower(db: Session, image_id: int, followed_id: int, follower_id: int) -> None:
    """They follow from now on, or still."""
    row = Follower(image_id=image_id, followed_id=followed_id, follower_id=follower_id, last_seen=now_ms())
    try:
        with db.begin_nested():
            db.merge(row)
    except IntegrityError:
        # Their other window said so at the same moment.
        return


def is_noted(db: Session, image_id: int, followed_id: int, follower_id: int) -> bool:
    """Whether that was written down just now."""
    row = db.get(Follower, (image_id, followed_id, follower_id))
    return row is not None and row.last_seen > now_ms() - FOLLOWS_MS


def _insert(db: Session, caller: Caller, kind: type[Numbered], **columns: Any) -> dict[str, Any]:
    row = {"id": take_ids(db)[0], "created": now_ms(), "user_id": caller.id, **columns}
    insert_rows(db, kind, [row])
    return row
