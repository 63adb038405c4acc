"""Who works in a project: contributors, managers and representatives come and go.

A representative is a manager, and a project keeps one: with the last one gone the caller takes over, else the oldest
manager.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.errors import InUse, NotAllowed, NotFound
from atrisys.store.by_ids import objects_for
from atrisys.store.tables import Project, ProjectDefaultLayer, ProjectMember, SecUser


def find_member(db: Session, project: Project, user_id: int) -> ProjectMember:
    """Raises NotFound where that user is no member."""
    member = _members(db, project).get(user_id)
    if member is None:
        raise NotFound("User {user} is no member of project {project}.", user=user_id, project=project.id)
    return member


def add_member(db: Session, caller: Caller, project: Project, user_id: int, *, manager: bool = False) -> ProjectMember:
    """Make somebody a contributor, or a manager; who is more already stays it. Raises NotFound."""
    require_people(db, [user_id])
    member = _members(db, project).get(user_id)
    if member is None:
        return history.add(db, caller, ProjectMember(project_id=project.id, user_id=user_id, is_manager=manager))
    return history.edit(db, caller, member, is_manager=member.is_manager or manager)


def remove_member(db: Session, caller: Caller, project: Project, user_id: int) -> None:
    """What they made stays in the project. Raises NotFound, and NotAllowed where nobody would manage the project."""
    member = find_member(db, project, user_id)
    _delete(db, caller, member)
    if member.is_manager:
        _keep_a_representative(db, caller, project, gone=user_id)


def make_contributor(db: Session, caller: Caller, project: Project, user_id: int) -> None:
    """Take a manager's rights away; they stay in the project. Raises as `remove_member`."""
    member = find_member(db, project, user_id)
    if member.is_manager:
        history.edit(db, caller, member, is_manager=False, is_representative=False)
        _keep_a_representative(db, caller, project, gone=user_id)


def add_representative(db: Session, caller: Caller, project: Project, user_id: int) -> ProjectMember:
    """Make somebody a representative, and a manager where they are none yet. Raises NotFound."""
    member = add_member(db, caller, project, user_id, manager=True)
    return history.edit(db, caller, member, is_representative=True)


def remove_representative(db: Session, caller: Caller, project: Project, user_id: int) -> ProjectMember:
    """They stay a manager. Raises InUse for the last one, NotFound where they are none."""
    member = find_member(db, project, user_id)
    if not member.is_representative:
        raise NotFound("User {user} is no representative of project {project}.", user=user_id, project=project.id)
    if sum(other.is_representative for other in _members(db, project).values()) < 2:
        raise InUse("Project {project} needs a representative. Name another one first.", project=project.id)
    return history.edit(db, caller, member, is_representative=False)


def replace_members(
    db: Session,
    caller: Caller,
    project: Project,
    *,
    users: Collection[int] | None = None,
    admins: Collection[int] | None = None,
    representatives: Collection[int] | None = None,
) -> None:
    """Put new sets in place of the present ones; None leaves one as it is. The caller keeps their own place.

    Managers and representatives are members without being named among `users`. Raises NotFound for unknown users.
    """
    there = _members(db, project)
    own = there.get(caller.id)
    speakers = _set(representatives, {id for id, member in there.items() if member.is_representative})
    managers = _set(admins, {id for id, member in there.items() if member.is_manager})
    if representatives is not None:
        managers |= speakers
    if own and own.is_manager:
        managers.add(caller.id)
    wanted = _set(users, set(there)) | managers | ({caller.id} if own else set())
    require_people(db, wanted - set(there))
    for user_id, member in there.items():
        if user_id not in wanted:
            _delete(db, caller, member)
    for user_id in sorted(wanted):
        flags = {"is_manager": user_id in managers, "is_representative": user_id in managers & speakers}
        if user_id in there:
            history.edit(db, caller, there[user_id], **flags)
        else:
            history.add(db, caller, ProjectMember(project_id=project.id, user_id=user_id, **flags))
    _keep_a_representative(db, caller, project)


def _delete(db: Session, caller: Caller, member: ProjectMember) -> None:
    """Their layer is no longer one that is shown by default."""
    layer = ProjectDefaultLayer
    history.delete_where(db, caller, layer, layer.project_id == member.project_id, layer.user_id == member.user_id)
    history.delete(db, caller, member)


def _set(named: Collection[int] | None, present: set[int]) -> set[int]:
    return present if named is None else set(named)


def _members(db: Session, project: Project) -> dict[int, ProjectMember]:
    """By user, the oldest first."""
    query = select(ProjectMember).where(ProjectMember.project_id == project.id).order_by(ProjectMember.id)
    return {member.user_id: member for member in db.scalars(query)}


def require_people(db: Session, ids: Collection[int]) -> None:
    """Raises NotFound where one of them has no account."""
    known = objects_for(db, SecUser, [id for id in ids if abs(id) < 2**63])
    for id in sorted(ids):
        if id not in known:
            raise NotFound("{kind} {id} was not found.", kind="SecUser", id=id)


def _keep_a_representative(db: Session, caller: Caller, project: Project, gone: int | None = None) -> None:
    members = _members(db, project)
    managers = [member for member in members.values() if member.is_manager]
    if any(member.is_representative for member in managers):
        return
    heir = next((member for member in managers if member.user_id == caller.id), managers[0] if managers else None)
    if heir is None:
        if not caller.is_admin or gone == caller.id:
            raise NotAllowed("Project {project} needs a manager. Make somebody else one first.", project=project.id)
        heir = add_member(db, caller, project, caller.id, manager=True)
    history.edit(db, caller, heir, is_representative=True)
