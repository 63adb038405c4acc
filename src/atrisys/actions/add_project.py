"""Make a project, with the people who work in it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.edit_members import require_people
from atrisys.store.tables import Project, ProjectMember


def add_project(
    db: Session,
    caller: Caller,
    *,
    name: str,
    ontology_id: int | None = None,
    owner_id: int | None = None,
    managers: Collection[int] = (),
    contributors: Collection[int] = (),
    **settings: Any,
) -> Project:
    """The project; `owner_id` becomes its manager and representative, `settings` are further columns.

    Without an owner (command line) the first of `managers` represents it.

    Raises:
        Duplicate: the name is taken.
        NotFound: one of the people does not exist.
    """
    first = owner_id if owner_id is not None else next(iter(managers), None)
    admins = {id for id in (first, *managers) if id is not None}
    require_people(db, {*admins, *contributors})
    project = Project(name=name, ontology_id=ontology_id, creator_id=owner_id or caller.id, **settings)
    history.add(db, caller, project)
    for user_id in sorted({*admins, *contributors}):
        member = ProjectMember(project_id=project.id, user_id=user_id)
        member.is_manager, member.is_representative = user_id in admins, user_id == first
        history.add(db, caller, member)
    return project
