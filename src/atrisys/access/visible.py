"""What somebody may see, as a part of each query: deny by default, a table without a rule cannot be asked for."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, exists, literal, or_, select, true
from sqlalchemy.orm import Session, aliased

from atrisys.access import rules
from atrisys.access.caller import Caller
from atrisys.access.rules import Rule
from atrisys.errors import NotFound
from atrisys.store import spatial
from atrisys.store.ids import take_turn
from atrisys.store.table import Numbered, Table
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationAction,
    AnnotationComment,
    AnnotationCount,
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
    ReviewedAnnotationCount,
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
    UserAnnotationCount,
    UserPosition,
)
from atrisys.store.tables.metadata import METADATA

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
        if lock:
            take_turn(db)
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


def layers_in(
    db: Session,
    caller: Caller | None,
    *projects: Project,
    kind: type[AnnotationDomain] | type[AnnotationCount] = UserAnnotation,
) -> ColumnElement[bool]:
    """The rule for annotations of one kind, or for how many there are, of projects that the caller is known to see.

    The same as `condition` gives, but decided beforehand where it does not depend on the row: asking it of each row
    of a large image takes as long as reading them. Without a caller nothing is seen where layers are hidden.
    """
    is_admin = caller is not None and caller.is_admin
    hiding = {project.id for project in projects if project.hides_layers and not is_admin}
    if hiding and caller is not None:
        hiding.difference_update(db.scalars(rules.managed_projects(caller)))
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
    return or_(rules.change(caller), and_(Change.user_id == caller.id, own))


def sees_layer(db: Session, caller: Caller, project_id: int, owner_id: int) -> bool:
    """Whether somebody's layer in a project is one that the caller sees."""
    if caller.is_admin:
        return True
    big = BigInteger()
    rule = rules.layers(literal(project_id, big), literal(owner_id, big))(caller)
    return db.scalar(select(true()).where(rule)) is not None


def may_follow(caller: Caller) -> ColumnElement[bool]:
    """Which positions somebody may look over another's shoulder from: those that are sent to all members as well."""
    seen = select(ImageInstance.id).where(condition(caller, ImageInstance))
    return or_(condition(caller, UserPosition), and_(UserPosition.broadcast, UserPosition.image_id.in_(seen)))


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


RULES: dict[type[Any], Rule] = {
    SecUser: rules.everybody,
    SecRole: rules.everybody,
    SecUserSecRole: rules.everybody,
    Project: rules.project,
    ProjectMember: rules.in_project(ProjectMember.project_id),
    ProjectDefaultLayer: rules.in_project(ProjectDefaultLayer.project_id),
    Invitation: rules.in_project(Invitation.project_id, rules.managed_projects),
    Ontology: rules.ontology,
    Term: rules.in_ontology(Term.ontology_id),
    Relation: rules.everybody,
    RelationTerm: rules.in_ontology(RelationTerm.ontology_id),
    Storage: rules.my_storages,
    StorageMember: rules.in_storage(StorageMember.storage_id),
    UploadedFile: rules.in_storage(UploadedFile.storage_id),
    AbstractImage: rules.slide(rules.my_projects),
    AbstractSlice: rules.of_slide(AbstractSlice.image_id, rules.my_projects),
    CompanionFile: rules.of_slide(CompanionFile.image_id, rules.my_open_projects),
    ImageInstance: rules.in_project(ImageInstance.project_id),
    NestedImageInstance: rules.in_project(NestedImageInstance.project_id),
    SliceInstance: rules.in_project(SliceInstance.project_id),
    UserAnnotation: rules.layers(UserAnnotation.project_id, UserAnnotation.user_id),
    AnnotationTerm: rules.layers(AnnotationTerm.project_id, AnnotationTerm.layer_id),
    ReviewedAnnotation: rules.layers(ReviewedAnnotation.project_id, ReviewedAnnotation.user_id),
    ReviewedAnnotationTerm: rules.layers(ReviewedAnnotationTerm.project_id, ReviewedAnnotationTerm.layer_id),
    **{kind: rules.layers(kind.project_id, kind.user_id) for kind in (UserAnnotationCount, ReviewedAnnotationCount)},
    **{
        kind: rules.in_project(kind.project_id)
        for kind in (Track, ImageGroup, ImageGroupImageInstance, AnnotationGroup)
    },
    AnnotationTrack: rules.layers(AnnotationTrack.project_id, AnnotationTrack.layer_id),
    AnnotationLink: rules.layers(AnnotationLink.project_id, AnnotationLink.layer_id),
    AnnotationComment: rules.layers(AnnotationComment.project_id, AnnotationComment.layer_id),
    Change: rules.change,
    Job: rules.job,
    OpenUpload: rules.open_upload,
    Tag: rules.everybody,
    Configuration: rules.configuration,
    ImageFilter: rules.everybody,
    ImageFilterProject: rules.in_project(ImageFilterProject.project_id),
    AnnotationFilter: rules.in_project(AnnotationFilter.project_id),
    SharedAnnotation: _comment,
    SharedAnnotationReceiver: _receiver,
    ProjectConnection: rules.activity_in_project,
    **{kind: rules.activity_on_image(kind) for kind in (UserPosition, ImageConsultation, AnnotationAction)},
    **{kind: _metadata(kind) for kind in METADATA},
}

UNBLINDED: dict[type[Table], Rule] = {
    AbstractImage: rules.slide(rules.my_open_projects),
    AbstractSlice: rules.of_slide(AbstractSlice.image_id, rules.my_open_projects),
    ImageInstance: rules.in_project(ImageInstance.project_id, rules.my_open_projects),
    SliceInstance: rules.in_project(SliceInstance.project_id, rules.my_open_projects),
}
