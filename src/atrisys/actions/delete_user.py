"""Delete an account with what is its own; what others have built on passes to somebody else."""

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from atrisys.access import passwords
from atrisys.access.caller import Caller
from atrisys.access.require import require_other_administrator
from atrisys.actions import history
from atrisys.actions.clear_annotations import clear_annotations
from atrisys.actions.delete_image import delete_abstract_image, delete_image_instance
from atrisys.actions.delete_ontology import delete_ontology
from atrisys.actions.delete_storage import delete_storage
from atrisys.actions.delete_uploaded_file import delete_uploaded_file
from atrisys.actions.edit_members import remove_member
from atrisys.errors import InUse
from atrisys.store import queue
from atrisys.store.files import DataFolder
from atrisys.store.tables import (
    TERMS_OF,
    AbstractImage,
    AnnotationComment,
    AnnotationFilter,
    ImageInstance,
    Job,
    NestedImageInstance,
    Ontology,
    OpenUpload,
    Project,
    ProjectMember,
    ReviewedAnnotation,
    SecUser,
    SecUserSecRole,
    SharedAnnotation,
    SharedAnnotationReceiver,
    Storage,
    StorageMember,
    Tag,
    UploadedFile,
)


def delete_user(db: Session, caller: Caller, folder: DataFolder, user: SecUser) -> None:
    """Their annotations, unused images, ontologies, files, storages, roles and sessions go with them.

    Terms that they gave to shapes of others stay, as their authors', and tags and comments, as nobody's; images
    that others have drawn on, and files in storages of others, pass to the project's representative and the storage's
    owner. The change log keeps all they did.

    Raises:
        InUse: a job of theirs runs, an ontology is used by a project, files of others lie in their storage.
        NotAllowed: the last administrator; or a project uses slides of their storage.
    """
    require_other_administrator(db, user.id)
    _end_jobs(db, user)
    clear_annotations(db, caller, lambda kind: kind.user_id == user.id)
    _leave_projects(db, caller, user)
    _pass_on_labels(db, caller, user)
    _leave_images(db, caller, user)
    for ontology in db.scalars(select(Ontology).where(Ontology.user_id == user.id)).all():
        delete_ontology(db, caller, ontology)
    _leave_storages(db, caller, user)
    _empty_storages(db, caller, folder, user)
    for kind in (Tag, AnnotationFilter, NestedImageInstance):
        history.edit_many(db, caller, kind, kind.user_id == user.id, lambda _row: {"user_id": None})
    _leave_comments(db, caller, user)
    history.delete_where(db, caller, SecUserSecRole, SecUserSecRole.user_id == user.id)
    passwords.forget_tries(db, user.username)
    history.delete(db, caller, user)


def _end_jobs(db: Session, user: SecUser) -> None:
    running = db.scalar(select(func.count()).where(Job.user_id == user.id, Job.state.not_in(queue.ENDED))) or 0
    if running:
        raise InUse(
            "User {user} has {jobs} jobs that wait or run. Cancel them, or wait until they end.",
            user=user.id,
            jobs=running,
        )
    db.execute(sql_delete(Job).where(Job.user_id == user.id))
    # What has come of them is swept away with all that belongs to no upload.
    db.execute(sql_delete(OpenUpload).where(OpenUpload.user_id == user.id))


def _leave_projects(db: Session, caller: Caller, user: SecUser) -> None:
    mine = select(Project).join(ProjectMember, ProjectMember.project_id == Project.id)
    for project in db.scalars(mine.where(ProjectMember.user_id == user.id).order_by(Project.id)).all():
        remove_member(db, caller, project, user.id)


def _pass_on_labels(db: Session, caller: Caller, user: SecUser) -> None:
    """A term that the shape's author gave as well would stand twice: such go."""
    for given in TERMS_OF.values():
        other = given.__table__.alias()
        twice = select(given.id).join(
            other, (other.c.annotation_id == given.annotation_id) & (other.c.term_id == given.term_id)
        )
        twice = twice.where(given.user_id == user.id, other.c.user_id == given.layer_id)
        history.delete_where(db, caller, given, given.id.in_(db.scalars(twice).all()))
        history.edit_many(db, caller, given, given.user_id == user.id, lambda link: {"user_id": link.layer_id})


def _leave_images(db: Session, caller: Caller, user: SecUser) -> None:
    for kind in (ImageInstance, ReviewedAnnotation):
        history.edit_many(db, caller, kind, kind.review_user_id == user.id, lambda _row: {"review_user_id": None})
    for image in db.scalars(select(ImageInstance).where(ImageInstance.user_id == user.id)).all():
        drawn = (select(kind.id).where(kind.image_id == image.id).limit(1) for kind in TERMS_OF)
        if all(db.scalar(query) is None for query in drawn):
            delete_image_instance(db, caller, image)
        else:
            speaks = select(ProjectMember.user_id).where(ProjectMember.is_representative)
            heir = db.scalar(speaks.where(ProjectMember.project_id == image.project_id).limit(1))
            history.edit(db, caller, image, user_id=heir or caller.id)


def _leave_comments(db: Session, caller: Caller, user: SecUser) -> None:
    """What they wrote stays with whom they wrote it to, and in threads."""
    said = AnnotationComment
    history.edit_many(db, caller, said, said.user_id == user.id, lambda _comment: {"user_id": None})
    received, sent = SharedAnnotationReceiver, SharedAnnotation
    history.delete_where(db, caller, received, received.user_id == user.id)
    history.edit_many(db, caller, sent, sent.sender_id == user.id, lambda _comment: {"sender_id": None})


def _leave_storages(db: Session, caller: Caller, user: SecUser) -> None:
    """What lies in storages of others is theirs from now on."""
    history.delete_where(db, caller, StorageMember, StorageMember.user_id == user.id)
    for kind in (UploadedFile, AbstractImage):
        away = select(kind).join(Storage, Storage.id == kind.storage_id)
        for row in db.scalars(away.where(kind.user_id == user.id, Storage.user_id != user.id)).all():
            history.edit(db, caller, row, user_id=db.get_one(Storage, row.storage_id).user_id)


def _empty_storages(db: Session, caller: Caller, folder: DataFolder, user: SecUser) -> None:
    storages = db.scalars(select(Storage).where(Storage.user_id == user.id).order_by(Storage.id)).all()
    ids = [storage.id for storage in storages]
    for kind in (UploadedFile, AbstractImage):
        foreign = select(func.count()).where(kind.storage_id.in_(ids), kind.user_id != user.id)
        if count := db.scalar(foreign):
            raise InUse(
                "User {user} owns a storage that holds {count} files of others. Give it to another owner first.",
                user=user.id,
                count=count,
            )
    roots = select(UploadedFile).where(UploadedFile.storage_id.in_(ids), UploadedFile.parent_id.is_(None))
    for file in db.scalars(roots).all():
        delete_uploaded_file(db, caller, folder, file)
    without_file = (AbstractImage.storage_id.is_(None)) & (AbstractImage.user_id == user.id)
    left = select(AbstractImage).where(or_(AbstractImage.storage_id.in_(ids), without_file))
    for image in db.scalars(left).all():
        delete_abstract_image(db, caller, image)
    for storage in storages:
        delete_storage(db, caller, storage)
