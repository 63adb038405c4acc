"""What is done to many chosen annotations at once: all or none, as one command that can be undone."""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_editor
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.actions.clear_annotations import clear_kind
from atrisys.actions.draw_annotations import as_drawn, redraw
from atrisys.actions.drawing import Drawing
from atrisys.errors import Invalid, NotFound
from atrisys.geometry.correct import join, refuse_large
from atrisys.geometry.wkt import read_wkt
from atrisys.store import spatial
from atrisys.store.ids import take_turn
from atrisys.store.tables import AnnotationTerm, Project, Term, UserAnnotation

Chosen = dict[int, list[tuple[int, int]]]
"""Annotations (id, whose layer they are in) by their project."""


def delete_chosen(db: Session, caller: Caller, ids: Sequence[int]) -> None:
    """Raises NotFound where one cannot be seen, NotAllowed where one may not be changed."""
    _choose(db, caller, ids)
    clear_kind(db, caller, UserAnnotation, UserAnnotation.id.in_(ids))


def give_term(db: Session, caller: Caller, ids: Sequence[int], term: Term | None) -> None:
    """This term instead of all that they have; None: no term. Raises as `delete_chosen`, and Invalid."""
    chosen = _choose(db, caller, ids)
    if term is not None:
        for project in chosen:
            if term.ontology_id != db.get_one(Project, project).ontology_id:
                raise Invalid("Term {term} is not of the ontology of project {project}.", term=term.id, project=project)
    history.delete_where(db, caller, AnnotationTerm, AnnotationTerm.annotation_id.in_(ids))
    if term is not None:
        links = [
            {"annotation_id": id, "term_id": term.id, "user_id": caller.id, "project_id": project, "layer_id": layer}
            for project, some in chosen.items()
            for id, layer in some
        ]
        history.add_many(db, caller, AnnotationTerm, links)


def merge_chosen(db: Session, caller: Caller, ids: Sequence[int]) -> UserAnnotation:
    """Into the first named, which keeps what is said of it and covers what all covered; the others are deleted.

    Raises as `delete_chosen`, and Invalid: not several areas of one slice. ShapeRefused: what `join` raises.
    """
    _choose(db, caller, ids)
    size = func.sum(func.length(UserAnnotation.shape) + func.length(UserAnnotation.location))
    refuse_large(db.scalar(select(size).where(UserAnnotation.id.in_(ids))) or 0)
    rows = {row.id: row for row in db.scalars(select(UserAnnotation).where(UserAnnotation.id.in_(ids)))}
    first = rows.pop(ids[0])
    if not rows or any(row.slice_id != first.slice_id for row in rows.values()):
        raise Invalid("Name several annotations of one slice to merge them.")
    left_top = as_drawn(db, first).left_top
    shapes = [_shape(row, left_top=left_top) for row in (first, *rows.values())]
    if any(shapely.get_dimensions(shape) != 2 for shape in shapes):
        raise Invalid("Only areas are merged, no points and no lines.")
    whole = join(shapes)
    clear_kind(db, caller, UserAnnotation, UserAnnotation.id.in_(rows))
    redraw(db, caller, first, Drawing("", left_top=left_top, shape=whole))
    return first


def _shape(row: UserAnnotation, *, left_top: bool) -> BaseGeometry:
    return shapely.from_wkb(row.shape) if left_top else read_wkt(row.location)


def _choose(db: Session, caller: Caller, ids: Sequence[int]) -> Chosen:
    """Locked until the transaction ends, so that none goes meanwhile. Their shapes are not read: they may be large."""
    take_turn(db)
    row = UserAnnotation
    query = visible(caller, select(row.id, row.project_id, row.user_id), row).where(row.id.in_(ids)).order_by(row.id)
    rows = db.execute(spatial.for_update(query)).all()
    missing = set(ids).difference(row.id for row in rows)
    if missing:
        raise NotFound("{kind} {id} was not found.", kind="UserAnnotation", id=min(missing))
    chosen: Chosen = {}
    for row in rows:
        chosen.setdefault(row.project_id, []).append((row.id, row.user_id))
    for project, some in chosen.items():
        for layer in {layer for _, layer in some}:
            require_editor(db, caller, db.get_one(Project, project), layer)
    return chosen
