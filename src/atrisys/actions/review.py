"""Review: a slide is taken in hand by a reviewer, who accepts annotations one by one; the copies stay as they were."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_not_read_only, require_user
from atrisys.access.visible import get_row, visible
from atrisys.actions import history
from atrisys.actions.canvas import canvas_of
from atrisys.actions.clear_annotations import clear_kind
from atrisys.actions.drawing import Drawing, shape_columns
from atrisys.errors import Duplicate, Invalid, NotAllowed, NotFound, Refusal, TooLarge
from atrisys.geometry.check import Fitted
from atrisys.store.by_ids import rows_for
from atrisys.store.ids import take_ids
from atrisys.store.table import now_ms
from atrisys.store.tables import (
    AnnotationDomain,
    AnnotationTerm,
    ImageInstance,
    Project,
    ReviewedAnnotation,
    ReviewedAnnotationTerm,
    Term,
    UserAnnotation,
)

MOST = 100_000
"""Annotations that are accepted at once: as many as one undo takes back."""
COPIED = tuple(AnnotationDomain.__annotations__)
"""What the accepted copy has from the annotation."""


def start_review(db: Session, caller: Caller, image: ImageInstance) -> None:
    """The caller is its reviewer from now on; what was validated is open again."""
    history.edit(db, caller, image, review_start=now_ms(), review_stop=None, review_user_id=caller.id)


def stop_review(db: Session, caller: Caller, image: ImageInstance, *, cancel: bool) -> None:
    """Validate the image; or one step back: from validated to in review, from there to never reviewed.

    Raises:
        Invalid: it is not in review, or validated already.
        NotAllowed: its reviewer is somebody else; a guest, or a read-only project.
    """
    _require_who_may_review(db, caller, image)
    if image.review_start is None or (image.review_stop is not None and not cancel):
        raise _not_in_review(image.id)
    if image.review_user_id != caller.id and not caller.is_admin:
        raise _somebody_elses(image.id)
    if not cancel:
        history.edit(db, caller, image, review_stop=now_ms())
    elif image.review_stop is not None:
        history.edit(db, caller, image, review_stop=None)
    else:
        history.edit(db, caller, image, review_start=None, review_user_id=None)


def require_reviewing(db: Session, caller: Caller, image: ImageInstance) -> None:
    """Accept and reject: the reviewer alone, while the image is in review."""
    _require_who_may_review(db, caller, image)
    if image.review_start is None or image.review_stop is not None:
        raise _not_in_review(image.id)
    if image.review_user_id != caller.id:
        raise _somebody_elses(image.id)


def _require_who_may_review(db: Session, caller: Caller, image: ImageInstance) -> None:
    require_user(caller)
    require_not_read_only(db, caller, image.project_id, db.get_one(Project, image.project_id).mode)


def _not_in_review(image_id: int) -> Invalid:
    return Invalid("Image {image} is not in review. Start its review first.", image=image_id)


def _somebody_elses(image_id: int) -> NotAllowed:
    return NotAllowed("Image {image} is reviewed by somebody else.", image=image_id)


def accept(db: Session, caller: Caller, annotation: UserAnnotation, terms: Iterable[int]) -> ReviewedAnnotation:
    """Its copy bears its terms and those that are named. Raises Duplicate where it was accepted before."""
    require_reviewing(db, caller, get_row(db, caller, ImageInstance, annotation.image_id, lock=True))
    more = _check_terms(db, caller, annotation.project_id, terms)
    _refuse_twice(db, annotation.id)
    return db.get_one(ReviewedAnnotation, _accept_all(db, caller, [annotation], more)[0])


def _refuse_twice(db: Session, annotation_id: int) -> None:
    if db.scalar(select(ReviewedAnnotation.id).where(ReviewedAnnotation.parent_id == annotation_id)) is not None:
        raise Duplicate("Annotation {annotation} is accepted already.", annotation=annotation_id)


def accept_layers(db: Session, caller: Caller, image: ImageInstance, users: Sequence[int]) -> list[int]:
    """All annotations of these people on the image that the caller sees and that were not accepted yet.

    Gives the ids of their copies. Raises TooLarge.
    """
    require_reviewing(db, caller, image)
    kind, found, last = UserAnnotation, [], 0
    accepted = select(ReviewedAnnotation.id).where(ReviewedAnnotation.parent_id == kind.id)
    query = select(kind).where(kind.image_id == image.id, kind.user_id.in_(users), ~accepted.exists())
    query = visible(caller, query)
    if db.scalar(query.with_only_columns(kind.id).order_by(kind.id).offset(MOST).limit(1)) is not None:
        raise TooLarge(
            "These people drew more than {limit} annotations on image {image}. Accept fewer at once.",
            limit=MOST,
            image=image.id,
        )
    query = query.order_by(kind.id).limit(history.BATCH)
    while rows := db.scalars(query.where(kind.id > last)).all():
        last = rows[-1].id
        found += _accept_all(db, caller, rows, ())
        for row in rows:
            db.expunge(row)
    return found


def reject(db: Session, caller: Caller, accepted: ReviewedAnnotation) -> None:
    """Take the copy away again."""
    require_reviewing(db, caller, get_row(db, caller, ImageInstance, accepted.image_id, lock=True))
    clear_kind(db, caller, ReviewedAnnotation, ReviewedAnnotation.id == accepted.id)


def reject_layers(db: Session, caller: Caller, image: ImageInstance, users: Sequence[int]) -> int:
    """All copies on these people's layers that the caller sees; says how many."""
    require_reviewing(db, caller, image)
    kind = ReviewedAnnotation
    named = visible(caller, select(kind.id).where(kind.image_id == image.id, kind.user_id.in_(users)), kind)
    return clear_kind(db, caller, kind, kind.id.in_(named))


def accepted_copy(db: Session, caller: Caller, annotation_id: int) -> ReviewedAnnotation:
    """The copy of an annotation, which may be gone itself. Raises NotFound."""
    query = select(ReviewedAnnotation).where(ReviewedAnnotation.parent_id == annotation_id)
    row = db.scalar(visible(caller, query)) if annotation_id < 2**63 else None
    if row is None:
        raise NotFound("{kind} {id} was not found.", kind="ReviewedAnnotation", id=annotation_id)
    return row


def draw_reviewed(
    db: Session,
    caller: Caller,
    drawing: Drawing,
    shape: Fitted | Refusal,
    parent_id: int | None,
) -> ReviewedAnnotation:
    """A reviewed annotation with a shape of its own; on the layer of the annotation that it stands for, if any.

    Raises:
        NotFound: no such image, annotation or term.
        NotAllowed: a guest, or a read-only project.
        Duplicate: that annotation is accepted already.
    """
    canvas = canvas_of(db, caller, drawing.image_id or 0)
    require_user(caller)
    require_not_read_only(db, caller, canvas.project_id, canvas.mode)
    parent = None if parent_id is None else get_row(db, caller, UserAnnotation, parent_id)
    if parent is not None and parent.image_id != canvas.image_id:
        raise NotFound("{kind} {id} was not found.", kind="UserAnnotation", id=parent.id)
    columns = shape_columns(canvas, [(drawing, shape)])[0]
    if isinstance(columns, Refusal):
        raise columns
    del columns["changes"]
    columns["project_id"], columns["image_id"] = canvas.project_id, canvas.image_id
    columns["slice_id"] = parent.slice_id if parent else canvas.reference
    columns["user_id"] = parent.user_id if parent else caller.id
    columns["parent_id"] = parent_id
    terms = _check_terms(db, caller, canvas.project_id, drawing.terms)
    if parent is not None:
        _refuse_twice(db, parent.id)
    return db.get_one(ReviewedAnnotation, _keep(db, caller, [(columns, terms)])[0])


def set_terms(db: Session, caller: Caller, accepted: ReviewedAnnotation, terms: Iterable[int]) -> None:
    """The terms that a reviewed annotation bears from now on."""
    link = ReviewedAnnotationTerm
    present = set(db.scalars(select(link.term_id).where(link.annotation_id == accepted.id)))
    wanted = _check_terms(db, caller, accepted.project_id, terms)
    history.delete_where(db, caller, link, link.annotation_id == accepted.id, link.term_id.not_in(wanted))
    for term in wanted:
        if term not in present:
            history.add(db, caller, link(annotation_id=accepted.id, **_link(caller, accepted, term)))


def _link(caller: Caller, accepted: ReviewedAnnotation, term: int) -> dict[str, Any]:
    home = {"project_id": accepted.project_id, "layer_id": accepted.user_id}
    return {"term_id": term, "user_id": caller.id, **home}


def _check_terms(db: Session, caller: Caller, project_id: int, terms: Iterable[int]) -> tuple[int, ...]:
    ontology_id = db.get_one(Project, project_id).ontology_id
    named = tuple(dict.fromkeys(terms))
    for id in named:
        if get_row(db, caller, Term, id).ontology_id != ontology_id:
            raise Invalid("Term {term} is not of the ontology of the project.", term=id)
    return named


def _accept_all(db: Session, caller: Caller, rows: Sequence[UserAnnotation], more: Sequence[int]) -> list[int]:
    terms: dict[int, dict[int, None]] = {row.id: {} for row in rows}
    links = select(AnnotationTerm.annotation_id, AnnotationTerm.term_id).order_by(AnnotationTerm.id)
    for id, term in rows_for(db, links, AnnotationTerm.annotation_id, terms):
        terms[id][term] = None
    copies = []
    for row in rows:
        columns = {name: getattr(row, name) for name in COPIED} | {"parent_id": row.id}
        copies.append((columns, tuple(dict.fromkeys([*terms[row.id], *more]))))
    return _keep(db, caller, copies)


def _keep(db: Session, caller: Caller, copies: Sequence[tuple[dict[str, Any], Sequence[int]]]) -> list[int]:
    """Reviewed annotations, each with its terms, in three statements; gives their ids."""
    count = len(copies) + sum(len(terms) for _, terms in copies)
    numbers = take_ids(db, 2 * count)
    ids, rows, links = iter(numbers), [], []
    for columns, _ in copies:
        rows.append({**columns, "id": next(ids), "review_user_id": caller.id})
    for row, (_, terms) in zip(rows, copies, strict=True):
        home = {"project_id": row["project_id"], "layer_id": row["user_id"]}
        links += [
            {"id": next(ids), "annotation_id": row["id"], "term_id": term, "user_id": caller.id, **home}
            for term in terms
        ]
    history.add_numbered(db, caller, {ReviewedAnnotation: rows, ReviewedAnnotationTerm: links}, numbers[count:])
    return [row["id"] for row in rows]
