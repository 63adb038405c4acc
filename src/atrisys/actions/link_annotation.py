"""Put annotations into groups: each is in one at most, and a group holds so many as far as the caller sees."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_contributor
from atrisys.access.visible import get_row, visible
from atrisys.actions import history
from atrisys.errors import Duplicate, Invalid, Refusal, TooLarge
from atrisys.store.tables import AnnotationGroup, AnnotationLink, UserAnnotation

MOST = 200
"""Annotations of one group: each is shown with all the others."""


def link_annotation(db: Session, caller: Caller, annotation: UserAnnotation, group: AnnotationGroup) -> AnnotationLink:
    """Rights are the door's business. Raises Invalid where the group is of another project, Duplicate, TooLarge."""
    _check(group, annotation.project_id)
    _check_room(group.id, _count(db, caller, group.id) + 1)
    if db.scalar(select(AnnotationLink.id).where(AnnotationLink.annotation_id == annotation.id)) is not None:
        raise Duplicate("Annotation {annotation} is in a group already.", annotation=annotation.id)
    link = AnnotationLink(annotation_id=annotation.id, group_id=group.id)
    link.project_id, link.layer_id = annotation.project_id, annotation.user_id
    return history.add(db, caller, link)


def merge_groups(db: Session, caller: Caller, group: AnnotationGroup, other: AnnotationGroup) -> None:
    """All annotations of the other group come into this one, and it goes. Raises Invalid, TooLarge."""
    alike = ("project_id", "image_group_id", "type")
    if group.id == other.id or any(getattr(group, name) != getattr(other, name) for name in alike):
        raise Invalid("Group {other} cannot be merged into group {group}.", group=group.id, other=other.id)
    _check_room(group.id, _count(db, caller, group.id) + _count(db, caller, other.id))
    home = {"group_id": group.id}
    history.edit_many(db, caller, AnnotationLink, AnnotationLink.group_id == other.id, lambda _link: home)
    history.delete(db, caller, other)


def refuse_groups(
    db: Session, caller: Caller, rows: Mapping[int, Mapping[str, Any]], groups: Mapping[int, int]
) -> dict[int, Refusal]:
    """Of annotations that are to be drawn into groups: which cannot be, each with its refusal.

    Args:
        rows: their columns, by their places; `groups`: where they shall go, for those that go into one.
    """
    found: dict[int, AnnotationGroup | Refusal] = {}
    counts: dict[int, int] = {}
    refused: dict[int, Refusal] = {}
    for place, id in groups.items():
        if id not in found:
            found[id], counts[id] = _group(db, caller, id), _count(db, caller, id)
        try:
            group = found[id]
            if isinstance(group, Refusal):
                raise group
            _check(group, rows[place]["project_id"])
            _check_room(id, counts[id] + 1)
            counts[id] += 1
        except Refusal as refusal:
            refused[place] = refusal
    return refused


def _group(db: Session, caller: Caller, id: int) -> AnnotationGroup | Refusal:
    try:
        group = get_row(db, caller, AnnotationGroup, id, lock=True)
        require_contributor(db, caller, group.project_id)
    except Refusal as refusal:
        return refusal
    return group


def _check(group: AnnotationGroup, project_id: int) -> None:
    if group.project_id != project_id:
        raise Invalid("Group {group} is not of project {project}.", group=group.id, project=project_id)


def _check_room(group_id: int, count: int) -> None:
    if count > MOST:
        raise TooLarge("Group {group} holds {limit} annotations at most.", group=group_id, limit=MOST)


def _count(db: Session, caller: Caller, group_id: int) -> int:
    """Those on hidden layers do not count: a group that is full without a reason would tell of them."""
    if not 0 <= group_id < 2**63:
        return 0
    return (
        db.scalar(visible(caller, select(func.count()).where(AnnotationLink.group_id == group_id), AnnotationLink)) or 0
    )
