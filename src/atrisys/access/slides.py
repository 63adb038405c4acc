"""What somebody may do with a slide's record, which lies in a storage and is used in projects."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_storage, require_user
from atrisys.access.rules import my_storages
from atrisys.access.visible import may_know
from atrisys.errors import NotAllowed
from atrisys.store.by_ids import rows_for
from atrisys.store.tables import AbstractImage, ImageInstance, Project, ProjectMember, Storage
from atrisys.store.tables.files import WRITE


def require_slide_writer(db: Session, caller: Caller, base: AbstractImage) -> None:
    """Edit or delete the record: who may write to its storage; without a storage, who made it."""
    require_user(caller)
    if base.storage_id is not None:
        require_storage(db, caller, db.get_one(Storage, base.storage_id), WRITE)
    elif base.user_id != caller.id and not caller.is_admin:
        raise NotAllowed("Only who made image {image} may do this.", image=base.id)


def require_slide_reader(db: Session, caller: Caller, base: AbstractImage) -> None:
    """Put it into a project: who may read its storage, and managers of a project that has it.

    A contributor may not: as manager of another project they could see labels and download the file.
    """
    rule = or_(in_my_storages(caller), _in_my_projects(caller, ProjectMember.is_manager))
    if not caller.is_admin and not _which(db, rule, [base.id]):
        raise NotAllowed(
            "Image {image} may be put into a project by those who may read its storage, and by managers of the "
            "projects that have it.",
            image=base.id,
        )


def in_my_storages(caller: Caller) -> ColumnElement[bool]:
    """Slides in storages that the caller may read; of those without a storage the caller's own."""
    mine = select(Storage.id).where(my_storages(caller))
    return true() if caller.is_admin else or_(AbstractImage.storage_id.in_(mine), _made_by(caller))


def with_names(db: Session, caller: Caller | None, ids: Iterable[int]) -> set[int]:
    """Those of these slides whose names the caller may know: all but what blinded projects alone show them.

    Without a caller: those that anybody who sees them may know.
    """
    if caller is None:
        blinded = select(ImageInstance.base_image_id).join(Project, Project.id == ImageInstance.project_id)
        return _which(db, AbstractImage.id.not_in(blinded.where(Project.blind_mode)), ids)
    return _which(db, may_know(caller, AbstractImage), ids)


def with_labels(db: Session, caller: Caller | None, ids: Iterable[int]) -> set[int]:
    """Those whose label and macro pictures the caller may see: of one's storage, or of a project one manages."""
    if caller is None:
        return set()
    owned = AbstractImage.storage_id.in_(select(Storage.id).where(Storage.user_id == caller.id))
    rule = or_(owned, _made_by(caller), _in_my_projects(caller, ProjectMember.is_manager))
    return _which(db, true() if caller.is_admin else rule, ids)


def _made_by(caller: Caller) -> ColumnElement[bool]:
    return and_(AbstractImage.storage_id.is_(None), AbstractImage.user_id == caller.id)


def _in_my_projects(caller: Caller, rule: Any) -> ColumnElement[bool]:
    used = (
        select(ImageInstance.base_image_id)
        .join(ProjectMember, ProjectMember.project_id == ImageInstance.project_id)
        .join(Project, Project.id == ImageInstance.project_id)
        .where(ProjectMember.user_id == caller.id, rule)
    )
    return AbstractImage.id.in_(used)


def _which(db: Session, rule: ColumnElement[bool], ids: Iterable[int]) -> set[int]:
    return {row[0] for row in rows_for(db, select(AbstractImage.id).where(rule), AbstractImage.id, ids)}
