"""What must hold after a command was taken back, whatever came later; and what is worked out anew."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.judge import State, changed
from atrisys.access.visible import visible
from atrisys.actions.calibrate import remeasure
from atrisys.actions.commands import Step, parent_kinds
from atrisys.errors import InTheWay, NotAllowed
from atrisys.store.by_ids import pairs_for, rows_for
from atrisys.store.table import Table
from atrisys.store.tables import (
    HANGING_ON,
    TERMS_OF,
    AbstractImage,
    AbstractSlice,
    AnnotationGroup,
    AnnotationLink,
    AnnotationTrack,
    CompanionFile,
    GivenTerm,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    NestedImageInstance,
    Project,
    ProjectMember,
    RelationTerm,
    SliceInstance,
    Term,
    Track,
    UploadedFile,
)

Found = tuple[Step, State | None, State | None]


def misfits(db: Session, kind: type[GivenTerm], links: Sequence[State]) -> dict[int, InTheWay]:
    """Of terms that were given: those that are not of their project's ontology, each with its refusal."""
    of_term = pairs_for(db, select(Term.id, Term.ontology_id), Term.id, [link["term_id"] for link in links])
    projects = select(Project.id, Project.ontology_id)
    of_project = pairs_for(db, projects, Project.id, [link["project_id"] for link in links])
    bearer = next(bearer for bearer, link in TERMS_OF.items() if link is kind)
    homes = select(bearer.id, bearer.project_id)
    home = pairs_for(db, homes, bearer.id, [link["annotation_id"] for link in links])
    return {
        link["id"]: InTheWay(
            "Term {term} is not of the ontology that project {project} has now.",
            term=link["term_id"],
            project=link["project_id"],
        )
        for link in links
        if of_term.get(link["term_id"]) != of_project.get(link["project_id"])
        or home.get(link["annotation_id"]) != link["project_id"]
    }


IN_ONE_PROJECT: tuple[type[Table], ...] = (
    *(Track, AnnotationTrack, NestedImageInstance),
    *(ImageGroup, ImageGroupImageInstance, AnnotationGroup, AnnotationLink),
)
"""What lies in the project of all that it names: images, annotations, groups, which may have been moved since."""


def check_whole(db: Session, caller: Caller, found: Sequence[Found]) -> None:
    """Raises InTheWay or NotAllowed."""
    _check_tracks(db, caller, _states(found, AnnotationTrack))
    for kind in IN_ONE_PROJECT:
        _check_project(db, kind, [step.id for step, _, to in found if step.kind is kind and to])
    _check_terms(db, _edited(found, Project, "ontology_id"))
    for id in _edited(found, ImageInstance, "project_id"):
        _check_home(db, id)
    for id in _edited(found, UploadedFile, "storage_id"):
        _check_storage(db, id)
    for id in {*_edited(found, AbstractImage, "width"), *_edited(found, AbstractImage, "height")}:
        _check_size(db, id)
    for id in {state["project_id"] for state in _states(found, ProjectMember)}:
        _check_managed(db, id)
    for id in {state["ontology_id"] for state in _states(found, RelationTerm)}:
        _check_tree(db, id)


def measure_again(db: Session, caller: Caller, found: Sequence[Found]) -> None:
    """All shapes on slides whose pixel size became another one."""
    images = {*_edited(found, ImageInstance, "mpp_x")}
    bases = _edited(found, AbstractImage, "mpp_x")
    images |= {row[0] for row in rows_for(db, select(ImageInstance.id), ImageInstance.base_image_id, bases)}
    for id in sorted(images):
        image = db.get_one(ImageInstance, id)
        remeasure(db, caller, id, image.mpp_x or db.get_one(AbstractImage, image.base_image_id).mpp_x)


def _states(found: Sequence[Found], kind: type[Table]) -> list[State]:
    return [state for step, was, to in found if step.kind is kind for state in (was, to) if state]


def _edited(found: Sequence[Found], kind: type[Table], column: str) -> list[int]:
    return [step.id for step, was, to in found if step.kind is kind and was and to and column in changed(was, to)]


def _check_tracks(db: Session, caller: Caller, links: Sequence[State]) -> None:
    """As follow_track keeps it."""
    places = {(link["track_id"], link["slice_id"]) for link in links}
    kind = AnnotationTrack
    doubled = visible(caller, select(kind.track_id, kind.slice_id), kind)
    doubled = doubled.group_by(kind.track_id, kind.slice_id).having(func.count() > 1)
    for track, plane in rows_for(db, doubled, kind.track_id, {track for track, _ in places}):
        if (track, plane) in places:
            raise InTheWay("Track {track} has another annotation on slice {slice} now.", track=track, slice=plane)


def _check_terms(db: Session, project_ids: Sequence[int]) -> None:
    for link in TERMS_OF.values():
        query = (
            select(link.project_id, link.term_id)
            .join(Term, Term.id == link.term_id)
            .join(Project, Project.id == link.project_id)
            .where(Term.ontology_id.is_distinct_from(Project.ontology_id))
        )
        for project_id, term_id in rows_for(db, query.limit(1), link.project_id, project_ids):
            raise InTheWay(
                "Annotations of project {project} were given term {term} since, which its former ontology does not "
                "hold.",
                project=project_id,
                term=term_id,
            )


def _check_home(db: Session, image_id: int) -> None:
    """What was drawn on an image lies in its project, and so do its tracks and groups."""
    home = select(ImageInstance.project_id).where(ImageInstance.id == image_id).scalar_subquery()
    planes = select(SliceInstance.id).where(SliceInstance.image_id == image_id, SliceInstance.project_id != home)
    refusal = InTheWay("Image {image} was drawn on or grouped since it was moved.", image=image_id)
    _refuse_if_any(db, refusal, planes)
    named = (
        Track.image_id,
        ImageGroupImageInstance.image_id,
        NestedImageInstance.image_id,
        NestedImageInstance.parent_id,
    )
    for column in named:
        part = column.class_
        _refuse_if_any(db, refusal, select(part.id).where(column == image_id, part.project_id != home))
    for kind, links in HANGING_ON.items():
        drawn = select(kind.id).where(kind.image_id == image_id, kind.project_id != home)
        strays = (
            select(link.id)
            .join(kind, kind.id == link.annotation_id)
            .where(kind.image_id == image_id, link.project_id != home)
            for link in links
        )
        _refuse_if_any(db, refusal, drawn, *strays)


def _check_project(db: Session, kind: type[Any], ids: Sequence[int]) -> None:
    for name, parent in parent_kinds(kind).items():
        home: Any = getattr(parent, "project_id", None)
        if home is not None:
            apart = select(kind.id).join(parent, parent.id == getattr(kind, name)).where(home != kind.project_id)
            for (id,) in rows_for(db, apart.limit(1), kind.id, ids):
                raise InTheWay(
                    "{kind} {id} belonged to {parent}, which is in another project now.",
                    kind=kind.__name__,
                    id=id,
                    parent=parent.__name__,
                )


def _check_storage(db: Session, file_id: int) -> None:
    home = select(UploadedFile.storage_id).where(UploadedFile.id == file_id).scalar_subquery()
    parts = select(UploadedFile.id).where(UploadedFile.parent_id == file_id, UploadedFile.storage_id != home)
    slides = select(AbstractImage.id).where(AbstractImage.uploaded_file_id == file_id)
    strays = slides.where(AbstractImage.storage_id.is_distinct_from(home))
    of_slides = (
        select(kind.id).where(kind.image_id.in_(slides), kind.storage_id.is_distinct_from(home))
        for kind in (AbstractSlice, CompanionFile)
    )
    refusal = InTheWay("File {file} got new parts since it was moved.", file=file_id)
    _refuse_if_any(db, refusal, parts, strays, *of_slides)


def _check_size(db: Session, base_id: int) -> None:
    refusal = InTheWay("Image {image} was drawn on since its size was changed.", image=base_id)
    for kind in TERMS_OF:
        drawn = select(kind.id).join(ImageInstance, ImageInstance.id == kind.image_id)
        _refuse_if_any(db, refusal, drawn.where(ImageInstance.base_image_id == base_id))


def _refuse_if_any(db: Session, refusal: InTheWay, *queries: Any) -> None:
    if any(db.scalar(query.limit(1)) is not None for query in queries):
        raise refusal


def _check_managed(db: Session, project_id: int) -> None:
    """As edit_members keeps it."""
    members = select(ProjectMember.id).where(ProjectMember.project_id == project_id)
    speaks = members.where(ProjectMember.is_manager, ProjectMember.is_representative)
    if db.scalar(speaks.limit(1)) is None and db.scalar(select(Project.id).where(Project.id == project_id)) is not None:
        raise NotAllowed("Project {project} needs a manager. Make somebody else one first.", project=project_id)


def _check_tree(db: Session, ontology_id: int) -> None:
    """A term stands below one other, and not above itself."""
    links = select(RelationTerm.term2_id, RelationTerm.term1_id).where(RelationTerm.ontology_id == ontology_id)
    parents: dict[int, int] = {}
    for child, parent in db.execute(links):
        if child in parents:
            raise InTheWay("Term {child} stands below another term now.", child=child)
        parents[child] = parent
    for child in parents:
        above, seen = parents.get(child), {child}
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above is not None:
            raise InTheWay("Term {child} would stand above itself.", child=child)
