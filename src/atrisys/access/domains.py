"""The domains of `domain/{class}/{id}/…`: which kinds of objects there are, by which names, and who may describe them.

A kind is a domain as soon as `RULES` in access/visible.py says who sees it. Who may write is said here; where nothing
is said, administrators.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import (
    require_admin,
    require_annotation_editor,
    require_contributor,
    require_editor,
    require_manager,
    require_ontology_editor,
    require_self_or_admin,
    require_storage,
    require_user,
)
from atrisys.access.slide_secrets import require_metadata_of
from atrisys.access.slides import require_slide_writer
from atrisys.access.visible import domains, get_row
from atrisys.errors import NotAllowed, NotFound
from atrisys.store.table import Table
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationFilter,
    AnnotationGroup,
    AnnotationLink,
    AnnotationTerm,
    AnnotationTrack,
    CompanionFile,
    ImageFilterProject,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    NestedImageInstance,
    Ontology,
    Project,
    ProjectDefaultLayer,
    RelationTerm,
    ReviewedAnnotation,
    ReviewedAnnotationTerm,
    SecUser,
    SharedAnnotation,
    SliceInstance,
    Storage,
    Tag,
    TagDomainAssociation,
    Term,
    Track,
    UploadedFile,
    UserAnnotation,
)
from atrisys.store.tables.files import ADMINISTRATION, WRITE

Editor = Callable[[Session, Caller, Any], None]
"""Passes in silence or raises NotAllowed."""
LONGEST_TOLD = 80


def find_domain(db: Session, caller: Caller, name: str, id: int, *, lock: bool = False) -> Table:
    """The object that a class name and an id mean, if the caller may see it and know all about it.

    `lock`: nobody deletes it until the transaction ends.

    Raises:
        NotFound: there is no such class, or no such object that the caller may see.
        NotAllowed: an image of a project that is blinded to them.
    """
    row = get_row(db, caller, kind_named(name), id, lock=lock)
    require_metadata_of(db, caller, row)
    return row


def kind_named(name: str) -> type[Table]:
    """The kind of objects by any of its names.

    `be.cytomine.domain.image.ImageInstance`, `be.cytomine.image.ImageInstance` (as the oldest servers had it),
    `ImageInstance` alone, `_` for `.`; whatever contains `AnnotationDomain` is an annotation. Case does not matter.
    """
    plain = name.replace("_", ".").lower()
    if "annotationdomain" in plain:
        return UserAnnotation
    kind = _names().get(plain)
    if kind is None:
        raise NotFound("There is no class of objects named {name}.", name=name[:LONGEST_TOLD])
    return kind


@lru_cache(maxsize=1)
def _names() -> dict[str, type[Table]]:
    found: dict[str, type[Table]] = {"annotation": UserAnnotation}
    for kind in domains():
        package, _, noun = kind.cytomine_class.lower().rpartition(".")
        for short in {noun, kind.__name__.lower()}:
            for before in ("", f"{package}.", f"{package}.".replace(".domain.", ".")):
                found[before + short] = kind
    return found


def require_metadata_editor(db: Session, caller: Caller, domain: Table) -> None:
    """Say something of an object: whoever may edit that object."""
    EDITORS.get(type(domain), _administrator)(db, caller, domain)


def _administrator(_db: Session, caller: Caller, _row: Table) -> None:
    require_admin(caller)


def _user(_db: Session, caller: Caller, row: SecUser) -> None:
    require_self_or_admin(caller, row.id)


def _tag(_db: Session, caller: Caller, row: Tag) -> None:
    require_user(caller)
    require_tag_owner(caller, row)


def require_tag_owner(caller: Caller, tag: Tag) -> None:
    if tag.user_id != caller.id and not caller.is_admin:
        raise NotAllowed("Only who made tag {tag} may do this.", tag=tag.id)


def require_tag_renamer(db: Session, caller: Caller, tag: Tag) -> None:
    """Whoever made it, until it is used; then it is a word of others as well."""
    require_tag_owner(caller, tag)
    if db.scalar(select(TagDomainAssociation.id).where(TagDomainAssociation.tag_id == tag.id).limit(1)) is not None:
        require_admin(caller)


def _annotation_term(db: Session, caller: Caller, row: AnnotationTerm) -> None:
    require_editor(db, caller, db.get_one(Project, row.project_id), row.layer_id)


def _annotation_track(db: Session, caller: Caller, row: AnnotationTrack) -> None:
    require_user(caller)
    require_editor(db, caller, db.get_one(Project, row.project_id), row.layer_id)


def _contributor(
    db: Session, caller: Caller, row: ImageGroup | ImageGroupImageInstance | AnnotationGroup | AnnotationLink
) -> None:
    require_contributor(db, caller, row.project_id)


def _reviewed_term(db: Session, caller: Caller, row: ReviewedAnnotationTerm) -> None:
    require_annotation_editor(db, caller, db.get_one(ReviewedAnnotation, row.annotation_id))


def _image(db: Session, caller: Caller, row: ImageInstance | NestedImageInstance) -> None:
    require_user(caller)
    require_editor(db, caller, db.get_one(Project, row.project_id), row.user_id)


def _of_managers(db: Session, caller: Caller, row: ProjectDefaultLayer | ImageFilterProject) -> None:
    require_manager(db, caller, db.get_one(Project, row.project_id))


def require_filter_editor(db: Session, caller: Caller, row: AnnotationFilter) -> None:
    """Who made a choice of annotations, and managers of its project."""
    if row.user_id != caller.id:
        require_manager(db, caller, db.get_one(Project, row.project_id))


def require_sender(_db: Session, caller: Caller, row: SharedAnnotation) -> None:
    if row.sender_id != caller.id and not caller.is_admin:
        raise NotAllowed("Only who wrote comment {comment} may do this.", comment=row.id)


def _on_image(db: Session, caller: Caller, row: SliceInstance | Track) -> None:
    _image(db, caller, db.get_one(ImageInstance, row.image_id))


def _of_slide(db: Session, caller: Caller, row: AbstractSlice | CompanionFile) -> None:
    require_slide_writer(db, caller, db.get_one(AbstractImage, row.image_id))


def _file(db: Session, caller: Caller, row: UploadedFile) -> None:
    require_user(caller)
    require_storage(db, caller, db.get_one(Storage, row.storage_id), WRITE)


def _storage(db: Session, caller: Caller, row: Storage) -> None:
    require_user(caller)
    require_storage(db, caller, row, ADMINISTRATION)


def _ontology(db: Session, caller: Caller, row: Ontology) -> None:
    require_user(caller)
    require_ontology_editor(db, caller, row)


def _in_ontology(db: Session, caller: Caller, row: Term | RelationTerm) -> None:
    _ontology(db, caller, db.get_one(Ontology, row.ontology_id))


EDITORS: dict[type[Table], Editor] = {
    Project: require_manager,
    ProjectDefaultLayer: _of_managers,
    ImageFilterProject: _of_managers,
    AnnotationFilter: require_filter_editor,
    SharedAnnotation: require_sender,
    **dict.fromkeys((ImageInstance, NestedImageInstance), _image),
    SliceInstance: _on_image,
    Track: _on_image,
    AnnotationTrack: _annotation_track,
    **dict.fromkeys((ImageGroup, ImageGroupImageInstance, AnnotationGroup, AnnotationLink), _contributor),
    UserAnnotation: require_annotation_editor,
    AnnotationTerm: _annotation_term,
    ReviewedAnnotation: require_annotation_editor,
    ReviewedAnnotationTerm: _reviewed_term,
    AbstractImage: require_slide_writer,
    AbstractSlice: _of_slide,
    CompanionFile: _of_slide,
    UploadedFile: _file,
    Storage: _storage,
    Ontology: _ontology,
    Term: _in_ontology,
    RelationTerm: _in_ontology,
    SecUser: _user,
    Tag: _tag,
}
