"""Conditions for what somebody may see, of which the rules in access/visible.py are made."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true, tuple_, union

from atrisys.access.caller import USERS, Caller
from atrisys.store.tables import (
    AbstractImage,
    Change,
    Configuration,
    ImageInstance,
    Job,
    Ontology,
    OpenUpload,
    Project,
    ProjectConnection,
    ProjectMember,
    SecRole,
    SecUserSecRole,
    Storage,
    StorageMember,
)

Rule = Callable[[Caller], ColumnElement[bool]]
Projects = Callable[[Caller], Select[int]]


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


def project(caller: Caller) -> ColumnElement[bool]:
    return Project.id.in_(my_projects(caller))


def ontology(caller: Caller) -> ColumnElement[bool]:
    used = select(Project.ontology_id).where(Project.id.in_(my_projects(caller)), Project.ontology_id.is_not(None))
    return or_(Ontology.user_id == caller.id, Ontology.id.in_(used))


def in_ontology(column: Any) -> Rule:
    return lambda caller: column.in_(select(Ontology.id).where(ontology(caller)))


def in_project(column: Any, projects: Projects = my_projects) -> Rule:
    return lambda caller: column.in_(projects(caller))


def in_storage(column: Any) -> Rule:
    return lambda caller: column.in_(select(Storage.id).where(my_storages(caller)))


def slide(projects: Projects) -> Rule:
    """Slides in one's storages and in these projects."""

    def rule(caller: Caller) -> ColumnElement[bool]:
        used = select(ImageInstance.base_image_id).where(ImageInstance.project_id.in_(projects(caller)))
        mine = select(Storage.id).where(my_storages(caller))
        own = and_(AbstractImage.storage_id.is_(None), AbstractImage.user_id == caller.id)
        return or_(AbstractImage.storage_id.in_(mine), AbstractImage.id.in_(used), own)

    return rule


def of_slide(column: Any, projects: Projects) -> Rule:
    return lambda caller: column.in_(select(AbstractImage.id).where(slide(projects)(caller)))


def layers(project_id: Any, owner_id: Any) -> Rule:
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


def change(caller: Caller) -> ColumnElement[bool]:
    """Changes in one's containers, but not on hidden layers."""
    containers = union(select(Ontology.id).where(ontology(caller)), select(Storage.id).where(my_storages(caller)))
    in_projects = and_(
        Change.container_id.in_(my_projects(caller)),
        or_(Change.owner_id.is_(None), layers(Change.container_id, Change.owner_id)(caller)),
    )
    return or_(in_projects, Change.container_id.in_(select(containers.subquery())))


def job(caller: Caller) -> ColumnElement[bool]:
    """Whoever started it, for as long as they see the project it is about; and managers of that project."""
    own = and_(Job.user_id == caller.id, or_(Job.project_id.is_(None), Job.project_id.in_(my_projects(caller))))
    return or_(own, Job.project_id.in_(managed_projects(caller)))


def activity_in_project(caller: Caller) -> ColumnElement[bool]:
    """One's own, for as long as one sees the project; and that of others where one manages."""
    own = and_(ProjectConnection.user_id == caller.id, ProjectConnection.project_id.in_(my_projects(caller)))
    return or_(own, ProjectConnection.project_id.in_(managed_projects(caller)))


def activity_on_image(kind: type[Any]) -> Rule:
    """The same by the image, which may move to another project."""

    def rule(caller: Caller) -> ColumnElement[bool]:
        mine, managed = (
            select(ImageInstance.id).where(ImageInstance.project_id.in_(projects(caller)))
            for projects in (my_projects, managed_projects)
        )
        return or_(and_(kind.user_id == caller.id, kind.image_id.in_(mine)), kind.image_id.in_(managed))

    return rule


def open_upload(caller: Caller) -> ColumnElement[bool]:
    """Its sender's alone."""
    return OpenUpload.user_id == caller.id


def configuration(caller: Caller) -> ColumnElement[bool]:
    held = select(SecUserSecRole.id).join(SecRole, SecRole.id == SecUserSecRole.role_id)
    more_than_guest = held.where(SecUserSecRole.user_id == caller.id, SecRole.authority.in_(USERS)).exists()
    return or_(Configuration.reading_role == "ALL", and_(Configuration.reading_role == "USER", more_than_guest))


def everybody(_caller: Caller) -> ColumnElement[bool]:
    return true()
