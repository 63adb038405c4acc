"""Invitations: a manager hands on a link, and whoever opens it gets an account that is a member of the project.

The link holds the secret behind its `#`, which browsers send to nobody: it stands in no log and in no address.
"""

import logging
from typing import Annotated, Any

from fastapi import Request
from pydantic import AliasChoices, Field, StringConstraints
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access import invitations, passwords
from atrisys.access.events import record
from atrisys.access.names import require_usable_name
from atrisys.access.require import require_manager, require_user
from atrisys.access.visible import visible
from atrisys.actions.accept_invitation import accept_invitation
from atrisys.errors import Invalid, NotFound
from atrisys.store.by_ids import rows_for
from atrisys.store.ids import take_ids
from atrisys.store.table import now_ms
from atrisys.store.tables import Invitation, Project, SecUser
from atrisys.wire.accounts import show_to_anybody
from atrisys.wire.answers import done
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, PageQuery
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.credentials import came_from, require_no_other_site
from atrisys.wire.described import Part, does, gives, lists
from atrisys.wire.dialect import Json, address_of
from atrisys.wire.fields import Fields, Model
from atrisys.wire.routes import Routes, counts_as_unsafe, only_reads, open_to_all

routes = Routes(tags=["invitation"])

log = logging.getLogger(__name__)

DAY_MS = 24 * 3600 * 1000
MOST = 500
"""Open invitations of a project."""
Name = Annotated[str, Field(max_length=255)]
Token = Annotated[str, Field(min_length=1, max_length=255)]


class InvitationIn(Fields):
    username: Name = Field("", validation_alias=AliasChoices("name", "username"))
    firstname: Name = ""
    lastname: Name = ""
    email: Name = Field("", validation_alias=AliasChoices("mail", "email"))
    days: Annotated[int, Field(ge=1, le=30)] = 7


class InvitationOut(Model):
    cytomine_class: str = Invitation.cytomine_class
    project_id: int
    inviter_id: int
    expires: int
    username: str
    firstname: str
    lastname: str
    email: str
    holds: bool
    """Not so once it is over, or who invited may not take anybody in any more."""


class Asked(Fields):
    token: Token


class Acceptance(Asked):
    username: Annotated[str, Field(min_length=1, max_length=255)]
    firstname: Name = ""
    lastname: Name = ""
    email: Name = ""
    password: Annotated[str, StringConstraints(strip_whitespace=False, max_length=passwords.LONGEST)]


class Link(Part):
    """What is handed on, told once."""

    token: str
    link: str


class Invited(Part):
    """What a link invites to."""

    project_name: str
    inviter_name: str
    expires: int
    username: str
    firstname: str
    lastname: str
    email: str


class Accepted(Part):
    """Who came, and where to."""

    user: int
    username: str
    project: int


@routes.get("/api/project/{id:int}/invitation.json")
@lists(InvitationOut)
def list_invitations(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The invitations into a project that nobody has accepted, the newest first; for its managers."""
    project = find(Project, id)
    require_manager(db, user, project)
    rows, total = page.rows(db, visible(user, select(Invitation)).where(Invitation.project_id == project.id))
    held = rows_for(db, select(Invitation.id).where(invitations.holds()), Invitation.id, [row.id for row in rows])
    holding = {row[0] for row in held}
    return page.answer([_shown(row, holds=row.id in holding) for row in rows], total)


def _shown(invitation: Invitation, *, holds: bool = True) -> dict[str, Any]:
    return InvitationOut.of(invitation, holds=holds).wire()


@routes.post("/api/project/{id:int}/invitation.json", openapi_extra=body_schema(InvitationIn))
@counts_as_unsafe
@gives(InvitationOut, Link)
def invite(id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Invite somebody who has no account. No mail is sent: the answer's `link`, told once, is for you to hand on.

    For managers. It makes one account, within `days` (7), as long as you may still take people into the project.
    """
    project = find(Project, id)
    require_user(user)
    require_manager(db, user, project)
    fields = read_one(InvitationIn, body or {})
    if fields.username:
        require_usable_name(fields.username)
    _require_room(db, project)
    token, token_hash = invitations.new_token()
    about = fields.model_dump(exclude={"days"})
    invitation = Invitation(
        id=take_ids(db)[0], project_id=project.id, inviter_id=user.id, token_hash=token_hash, **about
    )
    invitation.expires = now_ms() + fields.days * DAY_MS
    db.add(invitation)
    db.flush()
    record(db, user, "invited", Project, project.id)
    return Json({**_shown(invitation), "token": token, "link": f"{address_of(request)}/invitation#{token}"})


def _require_room(db: Session, project: Project) -> None:
    mine = Invitation.project_id == project.id
    db.execute(delete(Invitation).where(mine, Invitation.expires < now_ms()))
    if (db.scalar(select(func.count()).where(mine)) or 0) >= MOST:
        raise Invalid(
            "Project {project} has {limit} open invitations. Withdraw some first.", project=project.id, limit=MOST
        )


@routes.delete("/api/project/{id:int}/invitation/{invitation:int}.json")
@does()
def withdraw(id: int, invitation: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Its link opens nothing any more; for managers."""
    project = find(Project, id)
    require_manager(db, user, project)
    gone = delete(Invitation).where(Invitation.id == invitation, Invitation.project_id == project.id)
    if db.execute(gone.returning(Invitation.id)).one_or_none() is None:
        raise NotFound("{kind} {id} was not found.", kind=Invitation.__name__, id=invitation)
    record(db, user, "invitation withdrawn", Project, project.id)
    return done()


@routes.post("/api/atrisys/invitation.json", openapi_extra=body_schema(Asked))
@open_to_all
@only_reads
@gives(Invited)
def show_invitation(body: JsonBody, request: Request, store: CurrentStore) -> Response:
    """What a link's `token` invites to: the project's name, who invites, what they propose, until when."""
    invitation = invitations.find_invitation(store, read_one(Asked, body).token, came_from(request)[0])
    with store.reading() as db:
        inviter = show_to_anybody(db, db.get_one(SecUser, invitation.inviter_id))["name"]
        about = {"projectName": db.get_one(Project, invitation.project_id).name, "inviterName": inviter}
    names = ("expires", "username", "firstname", "lastname", "email")
    return Json(about | {name: getattr(invitation, name) for name in names})


@routes.post("/api/atrisys/invitation/accept.json", openapi_extra=body_schema(Acceptance))
@open_to_all
@does(Accepted)
def accept(body: JsonBody, request: Request, store: CurrentStore) -> Response:
    """Make the account, with a password of one's own, and join the project. Then sign in."""
    require_no_other_site(request)
    fields = read_one(Acceptance, body)
    invitation = invitations.find_invitation(store, fields.token, came_from(request)[0])
    columns = fields.model_dump(exclude={"token", "password"})
    # It takes long on purpose: before the transaction, and only for who was invited.
    password_hash = passwords.hash_password(fields.password, fields.username)
    with store.writing() as db:
        box, request_id = request.app.state.key_box, request.state.request_id
        user = accept_invitation(db, box, invitation, request_id, password_hash=password_hash, **columns)
        log.info("invitation %s was accepted by %s (request %s)", invitation.id, user.username, request_id)
        return done(user=user.id, username=user.username, project=invitation.project_id)
