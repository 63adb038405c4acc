"""What somebody may do with what they see: each function passes in silence or raises NotAllowed, which says why."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from atrisys.access.caller import ADMINISTRATORS, Caller
from atrisys.errors import NotAllowed
from atrisys.store.tables import (
    AnnotationComment,
    AnnotationDomain,
    Ontology,
    Project,
    ProjectMember,
    ReviewedAnnotation,
    SecRole,
    SecUser,
    SecUserSecRole,
    Storage,
    StorageMember,
)
from atrisys.store.tables.files import ADMINISTRATION, READ, WRITE

NO_USE = "You may not use storage {storage} for this."
STORAGE_REFUSALS = {
    READ: "You may not read storage {storage}.",
    WRITE: "You may not write to storage {storage}.",
    ADMINISTRATION: "You may not administer storage {storage}.",
}


def require_user(caller: Caller) -> None:
    """More than a guest."""
    if not caller.is_user:
        raise NotAllowed("A guest account may not do this. Ask an administrator for the role USER.")


def require_admin(caller: Caller) -> None:
    if caller.is_admin:
        return
    if caller.holds_admin:
        raise NotAllowed("This needs your administrator session. Open it with GET /session/admin/open.json.")
    raise NotAllowed("Only an administrator may do this.")


def require_other_administrator(db: Session, user_id: int) -> None:
    """Before somebody goes, is locked or climbs down: an installation keeps one who can administer it."""
    holders = (
        select(SecUserSecRole.id)
        .join(SecRole, SecRole.id == SecUserSecRole.role_id)
        .join(SecUser, SecUser.id == SecUserSecRole.user_id)
        .where(SecRole.authority.in_(ADMINISTRATORS), SecUser.enabled)
    )
    holds = db.scalar(holders.where(SecUser.id == user_id).limit(1)) is not None
    if holds and db.scalar(holders.where(SecUser.id != user_id).limit(1)) is None:
        raise NotAllowed("User {user} is the last administrator. Make somebody else one first.", user=user_id)


def require_self_or_admin(caller: Caller, user_id: int) -> None:
    if caller.id != user_id:
        require_admin(caller)


def is_manager(db: Session, caller: Caller, project_id: int) -> bool:
    """Manager of the project, or administrator."""
    return caller.is_admin or user_is_manager(db, caller.id, project_id)


def user_is_manager(db: Session, user_id: int, project_id: int) -> bool:
    return bool(
        db.scalar(
            select(ProjectMember.is_manager).where(
                ProjectMember.project_id == project_id, ProjectMember.user_id == user_id
            )
        )
    )


def require_manager(db: Session, caller: Caller, project: Project) -> None:
    if not is_manager(db, caller, project.id):
        raise NotAllowed("Only a manager of project {project} may do this.", project=project.id)


def require_self_or_manager(db: Session, caller: Caller, project: Project, user_id: int) -> None:
    if caller.id != user_id:
        require_manager(db, caller, project)


def require_editor(db: Session, caller: Caller, project: Project, owner_id: int | None) -> None:
    """Edit what a project holds: managers always; contributors as its mode says (`owner_id`: whose thing it is)."""
    if is_manager(db, caller, project.id):
        return
    if project.mode == "READ_ONLY":
        raise NotAllowed("Project {project} is read-only for its contributors.", project=project.id)
    if project.mode == "RESTRICTED" and owner_id != caller.id:
        raise NotAllowed("In the restricted project {project} one may change one's own work only.", project=project.id)


def require_annotation_editor(db: Session, caller: Caller, annotation: AnnotationDomain) -> None:
    """Of what was accepted: who accepted it, and administrators. Of all else whoever may edit there."""
    if isinstance(annotation, ReviewedAnnotation):
        require_its_reviewer(caller, annotation.id, annotation.review_user_id)
    else:
        require_editor(db, caller, db.get_one(Project, annotation.project_id), annotation.user_id)


def require_its_reviewer(caller: Caller, id: int, reviewer_id: int | None) -> None:
    require_user(caller)
    if reviewer_id != caller.id and not caller.is_admin:
        raise NotAllowed("Only who accepted annotation {annotation} in review may change it.", annotation=id)


def require_not_read_only(db: Session, caller: Caller, project_id: int, mode: str) -> None:
    """Add to a project: forbidden to contributors of a read-only one."""
    if mode == "READ_ONLY" and not is_manager(db, caller, project_id):
        raise NotAllowed("Project {project} is read-only for its contributors.", project=project_id)


def require_contributor(db: Session, caller: Caller, project_id: int) -> None:
    """Change what is nobody's in particular, as groups are: all members but guests; in a read-only project managers."""
    require_user(caller)
    require_not_read_only(db, caller, project_id, db.get_one(Project, project_id).mode)


def require_comment_author(db: Session, caller: Caller, comment: AnnotationComment) -> None:
    """Change the words of a thread: nobody puts words into somebody else's mouth, administrators neither."""
    require_contributor(db, caller, comment.project_id)
    if comment.user_id != caller.id:
        raise NotAllowed("Only who wrote comment {comment} may do this.", comment=comment.id)


def require_comment_remover(db: Session, caller: Caller, comment: AnnotationComment) -> None:
    """Take them out of it: their author, and managers of the project."""
    require_contributor(db, caller, comment.project_id)
    if comment.user_id != caller.id:
        require_manager(db, caller, db.get_one(Project, comment.project_id))


def require_ontology_editor(db: Session, caller: Caller, ontology: Ontology) -> None:
    """Its creator, and whoever manages all projects that use it: a change of its terms reaches into each."""
    if not may_edit_ontology(db, caller, ontology):
        raise NotAllowed(
            "Ontology {ontology} may be changed by its creator and by who manages all projects that use it.",
            ontology=ontology.id,
        )


def may_edit_ontology(db: Session, caller: Caller, ontology: Ontology) -> bool:
    if caller.is_admin or ontology.user_id == caller.id:
        return True
    using = select(Project.id).where(Project.ontology_id == ontology.id)
    unmanaged = using.where(Project.id.not_in(_managed_projects(caller)))
    return db.scalar(using.limit(1)) is not None and db.scalar(unmanaged.limit(1)) is None


def require_ontology_for_project(db: Session, caller: Caller, ontology: Ontology) -> None:
    """Give it to a project: who may edit it, or manages a project that has it. To see it is not enough."""
    managed = select(Project.id).where(Project.ontology_id == ontology.id, Project.id.in_(_managed_projects(caller)))
    if not may_edit_ontology(db, caller, ontology) and db.scalar(managed.limit(1)) is None:
        raise NotAllowed(
            "Ontology {ontology} is given to a project by its creator and by managers of projects that use it.",
            ontology=ontology.id,
        )


def _managed_projects(caller: Caller) -> Select[int]:
    return select(ProjectMember.project_id).where(ProjectMember.user_id == caller.id, ProjectMember.is_manager)


def storage_permission(db: Session, caller: Caller, storage: Storage) -> int:
    """Cytomine's mask that the caller holds, 0 for none."""
    if caller.is_admin or storage.user_id == caller.id:
        return ADMINISTRATION
    return (
        db.scalar(
            select(StorageMember.permission).where(
                StorageMember.storage_id == storage.id, StorageMember.user_id == caller.id
            )
        )
        or 0
    )


def require_storage(db: Session, caller: Caller, storage: Storage, permission: int) -> None:
    """`permission`: READ, WRITE or ADMINISTRATION of store.tables.files."""
    if storage_permission(db, caller, storage) < permission:
        raise NotAllowed(STORAGE_REFUSALS.get(permission, NO_USE), storage=storage.id)
