"""What somebody may see, as a part of each query: deny by default, a table without a rule cannot be asked for."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.orm import Session, aliased

from atrisys.access.caller import USERS, Caller
from atrisys.errors import NotFound
from atrisys.store import spatial
from atrisys.store.table import Numbered, Table
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationAction,
    AnnotationDomain,
    AnnotationFilter,
    AnnotationGroup,
    AnnotationLink,
    AnnotationTerm,
    AnnotationTrack,
    Change,
    CompanionFile,
    Configuration,
    ImageConsultation,
    ImageFilter,
    ImageFilterProject,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    Invitation,
    Job,
    NestedImageInstance,
    Ontology,
    OpenUpload,
    Project,
    ProjectConnection,
    ProjectDefaultLayer,
    ProjectMember,
    Relation,
    RelationTerm,
    ReviewedAnnotation,
    ReviewedAnnotationTerm,
    SecRole,
    SecUser,
    SecUserSecRole,
    SharedAnnotation,
    SharedAnnotationReceiver,
    SliceInstance,
    Storage,
    StorageMember,
    Tag,
    Term,
    Track,
    UploadedFile,
    UserAnnotation,
    UserPosition,
)
from atrisys.store.tables.metadata import METADATA

Rule = Callable[[Caller], ColumnElement[bool]]
Projects = Callable[[Caller], Select[int]]
Layers = Callable[[type[Any]], ColumnElement[bool]]
"""Which annotations, or changes, somebody sees."""
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])
Row = TypeVar("Row", bound=Numbered)


def visible(caller: Caller, query: Query, of: type[Any] | None = None) -> Query:
    """The query, cut down to what the caller may see of `of` (by default of the first entity that it selects)."""
    entity = of or query.column_descriptions[0]["entity"]
    return query.where(condition(caller, entity))


def condition(caller: Caller, entity: type[Any]) -> ColumnElement[bool]:
    """The rule of one table, as a condition. Raises KeyError where nobody has said who may see it."""
    rule = RULES[entity]
    return true() if caller.is_admin else rule(caller)


def get_row(db: Session, caller: Caller, kind: type[Row], id: int | None, *, lock: bool = False) -> Row:
    """The object, if the caller may see it. Raises NotFound otherwise, in the same words as for an unknown id."""
    if id is not None and -(2**63) <= id < 2**63:
        row = db.scalar(_one(kind, caller.is_admin, lock), {"id": id, "me": caller.id})
        if row is not None:
            return row
    raise NotFound("{kind} {id} was not found.", kind=kind.__name__, id=id)


def get_annotation(db: Session, caller: Caller, id: int, *, lock: bool = False) -> AnnotationDomain:
    """The same for an annotation of any kind: `annotation/{id}` names all of them."""
    try:
        return get_row(db, caller, UserAnnotation, id, lock=lock)
    except NotFound as missing:
        try:
            return get_row(db, caller, ReviewedAnnotation, id, lock=lock)
        except NotFound:
            raise missing from None


@lru_cache(maxsize=256)
def _one(kind: type[Row], is_admin: bool, lock: bool) -> Select[Row]:
    """The query of get_row, made once: building it takes several times as long as running it."""
    query = visible(somebody(is_admin=is_admin), select(kind).where(kind.id == bindparam("id", type_=BigInteger)))
    return spatial.for_update(query) if lock else query


@lru_cache(maxsize=2)
def somebody(*, is_admin: bool) -> Caller:
    """Stands for any caller in a query that is made once and run for many, with their id as the parameter `me`."""
    me = cast(int, bindparam("me", type_=BigInteger))
    return Caller(id=me, username="", roles=frozenset({"ROLE_SUPER_ADMIN"} if is_admin else ()))


def my_projects(caller: Caller) -> Select[int]:
    return select(ProjectMember.project_id).where(ProjectMember.user_id == caller.id)


def managed_projects(caller: Caller) -> Select[int]:
    return select(ProjectMember.project_id).where(ProjectMember.user_id == caller.id, ProjectMember.is_manager)


def my_open_projects(caller: Caller) -> Select[int]:
    """All of them but those that are blinded to the caller, who may not know there what would name an image."""
    mine = select(ProjectMember.project_id).join(Project, Project.id == ProjectMember.project_id)
    return mine.where(ProjectMember.user_id == caller.id, or_(ProjectMember.is_manager, ~Project.blind_mode))


def my_storages(caller: Caller) -> ColumnElement[bool]:
    shared = select(StorageMember.storage_id).where(StorageMember.user_id == caller.id)
    return or_(Storage.user_id == caller.id, Storage.id.in_(shared))


def _project(caller: Caller) -> ColumnElement[bool]:
    return Project.id.in_(my_projects(caller))


def _ontology(caller: Caller) -> ColumnElement[bool]:
    used = select(Project.ontology_id).where(Project.id.in_(my_projects(caller)), Project.ontology_id.is_not(None))
    return or_(Ontology.user_id == caller.id, Ontology.id.in_(used))


def _in_ontology(column: Any) -> Rule:
    return lambda caller: column.in_(select(Ontology.id).where(_ontology(caller)))


def _in_project(column: Any, projects: Projects = my_projects) -> Rule:
    return lambda caller: column.in_(projects(caller))


def _in_storage(column: Any) -> Rule:
    return lambda caller: column.in_(select(Storage.id).where(my_storages(caller)))


def _slide(projects: Projects) -> Rule:
    """Slides in one's storages and in these projects."""

    def rule(caller: Caller) -> ColumnElement[bool]:
        used = select(ImageInstance.base_image_id).where(ImageInstance.project_id.in_(projects(caller)))
        mine = select(Storage.id).where(my_storages(caller))
        own = and_(AbstractImage.storage_id.is_(None), AbstractImage.user_id == caller.id)
        return or_(AbstractImage.storage_id.in_(mine), AbstractImage.id.in_(used), own)

    return rule


def _of_slide(column: Any, projects: Projects) -> Rule:
    return lambda caller: column.in_(select(AbstractImage.id).where(_slide(projects)(caller)))


def _layers(project_id: Any, owner_id: Any) -> Rule:
    """Objects of a layer: all for managers, else as the project hides layers; one's own always."""

    def rule(caller: Caller) -> ColumnElement[bool]:
        mine = (
            select(Project.id)
            .join(ProjectMember, ProjectMember.project_id == Project.id)
            .where(ProjectMember.user_id == caller.id)
        )
        open_ones = mine.where(or_(ProjectMember.is_manager, ~Project.hide_users_layers & ~Project.hide_admins_layers))
        only_managers = mine.where(Project.hide_users_layers, ~Project.hide_admins_layers)
        only_users = mine.where(~Project.hide_users_layers, Project.hide_admins_layers)
        manager = select(ProjectMember.project_id, ProjectMember.user_id).where(ProjectMember.is_manager)
        drawn_by_manager = tuple_(project_id, owner_id).in_(manager)
        return or_(
            project_id.in_(open_ones),
            and_(owner_id == caller.id, project_id.in_(mine)),
            and_(project_id.in_(only_managers), drawn_by_manager),
            and_(project_id.in_(only_users), ~drawn_by_manager),
        )

    return rule


def layers_in(
    db: Session, caller: Caller | None, *projects: Project, kind: type[AnnotationDomain] = UserAnnotation
) -> ColumnElement[bool]:
    """The rule for annotations of one kind, of projects that the caller is known to see.

    The same as `condition` gives, but decided beforehand where it does not depend on the row: asking it of each row
    of a large image takes as long as reading them. Without a caller nothing is seen where layers are hidden.
    """
    is_admin = caller is not None and caller.is_admin
    hiding = {project.id for project in projects if project.hides_layers and not is_admin}
    if hiding and caller is not None:
        hiding.difference_update(db.scalars(managed_projects(caller)))
    if not hiding:
        return true()
    elsewhere = kind.project_id.not_in(hiding)
    return elsewhere if caller is None else or_(elsewhere, condition(caller, kind))


def layers_anywhere(db: Session, caller: Caller) -> Layers:
    """The same for all projects that the caller sees."""
    hides = or_(Project.hide_users_layers, Project.hide_admins_layers)
    mine = select(Project.id).join(ProjectMember, ProjectMember.project_id == Project.id)
    hiding = mine.where(ProjectMember.user_id == caller.id, ~ProjectMember.is_manager, hides).limit(1)
    sees_all = caller.is_admin or db.scalar(hiding) is None
    return lambda kind: true() if sees_all else condition(caller, kind)


def _change(caller: Caller) -> ColumnElement[bool]:
    """Changes in one's containers, but not on hidden layers."""
    used = select(Project.ontology_id).where(Project.id.in_(my_projects(caller)), Project.ontology_id.is_not(None))
    containers = union(
        select(Ontology.id).where(or_(Ontology.user_id == caller.id, Ontology.id.in_(used))),
        select(Storage.id).where(my_storages(caller)),
    )
    in_projects = and_(
        Change.container_id.in_(my_projects(caller)),
        or_(Change.owner_id.is_(None), _layers(Change.container_id, Change.owner_id)(caller)),
    )
    return or_(in_projects, Change.container_id.in_(select(containers.subquery())))


def past_of(caller: Caller) -> ColumnElement[bool]:
    """Which changes somebody may look back on: those that they see, and what they alone can bring back.

    That is a container that they deleted with all that was in it, and their own changes to what lies in none.
    """
    if caller.is_admin:
        return true()
    its_end = aliased(Change)
    deleted_it = select(its_end.seq).where(
        its_end.object_id == Change.container_id,
        its_end.transaction_id == Change.transaction_id,
        its_end.after.is_(None),
    )
    is_gone = and_(*(Change.container_id.not_in(select(kind.id)) for kind in (Project, Ontology, Storage)))
    own = or_(Change.container_id.is_(None), and_(is_gone, deleted_it.exists()))
    return or_(_change(caller), and_(Change.user_id == caller.id, own))


def sees_layer(db: Session, caller: Caller, project_id: int, owner_id: int) -> bool:
    """Whether somebody's layer in a project is one that the caller sees."""
    if caller.is_admin:
        return True
    big = BigInteger()
    rule = _layers(literal(project_id, big), literal(owner_id, big))(caller)
    return db.scalar(select(true()).where(rule)) is not None


def _job(caller: Caller) -> ColumnElement[bool]:
    """Whoever started it, for as long as they see the project it is about; and managers of that project."""
    own = and_(Job.user_id == caller.id, or_(Job.project_id.is_(None), Job.project_id.in_(my_projects(caller))))
    return or_(own, Job.project_id.in_(managed_projects(caller)))


def _activity_in_project(caller: Caller) -> ColumnElement[bool]:
    """One's own, for as long as one sees the project; and that of others where one manages."""
    own = and_(ProjectConnection.user_id == caller.id, ProjectConnection.project_id.in_(my_projects(caller)))
    return or_(own, ProjectConnection.project_id.in_(managed_projects(caller)))


def _activity_on_image(kind: type[Any]) -> Rule:
    """The same by the image, which may move to another project."""

    def rule(caller: Caller) -> ColumnElement[bool]:
        mine, managed = (
            select(ImageInstance.id).where(ImageInstance.project_id.in_(projects(caller)))
            for projects in (my_projects, managed_projects)
        )
        return or_(and_(kind.user_id == caller.id, kind.image_id.in_(mine)), kind.image_id.in_(managed))

    return rule


def may_follow(caller: Caller) -> ColumnElement[bool]:
    """Which positions somebody may look over another's shoulder from: those that are sent to all members as well."""
    seen = select(ImageInstance.id).where(condition(caller, ImageInstance))
    return or_(condition(caller, UserPosition), and_(UserPosition.broadcast, UserPosition.image_id.in_(seen)))


def _open_upload(caller: Caller) -> ColumnElement[bool]:
    """Its sender's alone."""
    return OpenUpload.user_id == caller.id


def _metadata(said: type[Any]) -> Rule:
    """What is said of an object is seen by who may know it: one condition for each kind of object."""

    def rule(caller: Caller) -> ColumnElement[bool]:
        return or_(
            *(
                and_(
                    said.domain_class_name == kind.cytomine_class,
                    exists().where(kind.id == said.domain_ident, may_know(caller, kind)).correlate(said),
                )
                for kind in domains()
            )
        )

    return rule


@lru_cache(maxsize=1)
def domains() -> tuple[type[Table], ...]:
    """The kinds of objects that something can be said of: all that Cytomine has and that somebody may see."""
    kinds = (kind for kind in RULES if issubclass(kind, Table) and kind not in METADATA)
    return tuple(kind for kind in kinds if kind.cytomine_class.startswith("be.cytomine.domain."))


def may_know(caller: Caller, kind: type[Table]) -> ColumnElement[bool]:
    """Which objects of a kind the caller may know all about: those that they see, images only where not blinded."""
    return true() if caller.is_admin else UNBLINDED.get(kind, RULES[kind])(caller)


def _comment(caller: Caller) -> ColumnElement[bool]:
    """Its sender and its receivers, for as long as they see the annotation."""
    of_it = UserAnnotation.id == SharedAnnotation.annotation_id
    seen = exists().where(of_it, condition(caller, UserAnnotation)).correlate(SharedAnnotation)
    got = select(SharedAnnotationReceiver.comment_id).where(SharedAnnotationReceiver.user_id == caller.id)
    return and_(or_(SharedAnnotation.sender_id == caller.id, SharedAnnotation.id.in_(got)), seen)


def _receiver(caller: Caller) -> ColumnElement[bool]:
    return SharedAnnotationReceiver.comment_id.in_(select(SharedAnnotation.id).where(_comment(caller)))


def _configuration(caller: Caller) -> ColumnElement[bool]:
    held = select(SecUserSecRole.id).join(SecRole, SecRole.id == SecUserSecRole.role_id)
    more_than_guest = held.where(SecUserSecRole.user_id == caller.id, SecRole.authority.in_(USERS)).exists()
    return or_(Configuration.reading_role == "ALL", and_(Configuration.reading_role == "USER", more_than_guest))


def _everybody(_caller: Caller) -> ColumnElement[bool]:
    return true()


RULES: dict[type[Any], Rule] = {
    SecUser: _everybody,
    SecRole: _everybody,
    SecUserSecRole: _everybody,
    Project: _project,
    ProjectMember: _in_project(ProjectMember.project_id),
    ProjectDefaultLayer: _in_project(ProjectDefaultLayer.project_id),
    Invitation: _in_project(Invitation.project_id, managed_projects),
    Ontology: _ontology,
    Term: _in_ontology(Term.ontology_id),
    Relation: _everybody,
    RelationTerm: _in_ontology(RelationTerm.ontology_id),
    Storage: my_storages,
    StorageMember: _in_storage(StorageMember.storage_id),
    UploadedFile: _in_storage(UploadedFile.storage_id),
    AbstractImage: _slide(my_projects),
    AbstractSlice: _of_slide(AbstractSlice.image_id, my_projects),
    CompanionFile: _of_slide(CompanionFile.image_id, my_open_projects),
    ImageInstance: _in_project(ImageInstance.project_id),
    NestedImageInstance: _in_project(NestedImageInstance.project_id),
    SliceInstance: _in_project(SliceInstance.project_id),
    UserAnnotation: _layers(UserAnnotation.project_id, UserAnnotation.user_id),
    AnnotationTerm: _layers(AnnotationTerm.project_id, AnnotationTerm.layer_id),
    ReviewedAnnotation: _layers(ReviewedAnnotation.project_id, ReviewedAnnotation.user_id),
    ReviewedAnnotationTerm: _layers(ReviewedAnnotationTerm.project_id, ReviewedAnnotationTerm.layer_id),
    **{kind: _in_project(kind.project_id) for kind in (Track, ImageGroup, ImageGroupImageInstance, AnnotationGroup)},
    AnnotationTrack: _layers(AnnotationTrack.project_id, AnnotationTrack.layer_id),
    AnnotationLink: _layers(AnnotationLink.project_id, AnnotationLink.layer_id),
    Change: _change,
    Job: _job,
    OpenUpload: _open_upload,
    Tag: _everybody,
    Configuration: _configuration,
    ImageFilter: _everybody,
    ImageFilterProject: _in_project(ImageFilterProject.project_id),
    AnnotationFilter: _in_project(AnnotationFilter.project_id),
    SharedAnnotation: _comment,
    SharedAnnotationReceiver: _receiver,
    ProjectConnection: _activity_in_project,
    **{kind: _activity_on_image(kind) for kind in (UserPosition, ImageConsultation, AnnotationAction)},
    **{kind: _metadata(kind) for kind in METADATA},
}

UNBLINDED: dict[type[Table], Rule] = {
    AbstractImage: _slide(my_open_projects),
    AbstractSlice: _of_slide(AbstractSlice.image_id, my_open_projects),
    ImageInstance: _in_project(ImageInstance.project_id, my_open_projects),
    SliceInstance: _in_project(SliceInstance.project_id, my_open_projects),
}
