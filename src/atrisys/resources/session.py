"""Signing in with a browser, and the hours in which an administrator is one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Self

from fastapi import Request
from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import select, update
from starlette.responses import Response

from atrisys.access import passwords, sign_in
from atrisys.access.caller import Caller, caller_for
from atrisys.access.events import note_failure, record
from atrisys.access.names import is_named
from atrisys.errors import Invalid, NotAllowed, NotSignedIn, TooManyTries
from atrisys.settings import Settings
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import LoginSession, SecUser
from atrisys.wire.accounts import Flags, FlagsByNow, OneselfOut, flags_by_now, show_one_to
from atrisys.wire.answers import done
from atrisys.wire.asking import CurrentSettings, CurrentStore, CurrentUser, Db, PageQuery
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.credentials import came_from, drop_session, require_no_other_site, session_token, set_session
from atrisys.wire.described import Part, does, gives, lists
from atrisys.wire.dialect import JSON, Json
from atrisys.wire.fields import Fields
from atrisys.wire.routes import Routes, counts_as_unsafe, open_to_all

routes = Routes(tags=["session"])

ADMIN_SESSION_MS = 120 * 60_000


Secret = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=passwords.LONGEST)]


class SignIn(Fields):
    username: Annotated[str, Field(min_length=1, max_length=255)]
    password: Secret | None = None
    token: Secret | None = None
    """Of `POST /api/token.json`, instead of a password: good for one session."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.password is None) == (self.token is None):
            raise ValueError("Send either password or token")
        return self

    @property
    def by(self) -> str:
        return "password" if self.token is None else "token"


class BrowserSession(Part):
    """A browser where somebody is signed in."""

    id: str
    created: int
    last_used: int
    ends: int
    address: str
    agent: str


class SignedIn(Part):
    """Who is signed in and until when."""

    user: OneselfOut
    session: BrowserSession | None


class ThisOne(Part):
    """Whether it is the one that asks."""

    current: bool


@routes.post("/api/atrisys/session.json", openapi_extra=body_schema(SignIn))
@open_to_all
@gives(SignedIn)
def sign_in_here(body: JsonBody, request: Request, store: CurrentStore, settings: CurrentSettings) -> Response:
    """Sign a browser in with user name and password (or a token): the answer's cookie is the session.

    Wrong passwords are answered slower and slower, for the account and for the address that they come from.
    """
    require_no_other_site(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        # A form of another site could be sent as text without the browser asking us first.
        raise Invalid("Send the body as application/json, not as {kind}.", kind=kind or "nothing")
    fields = read_one(SignIn, body)
    with _told_when_refused(request, store, fields):
        answer, token = _signed_in(request, store, settings, fields)
    set_session(request, answer, token)
    return answer


def _signed_in(request: Request, store: Store, settings: Settings, fields: SignIn) -> tuple[Json, str]:
    address, agent = came_from(request)
    if fields.token is not None:
        user = sign_in.by_sign_in_token(store, fields.username, fields.token, address)
    else:
        user = sign_in.by_password(store, fields.username, fields.password or "", address)
    with store.writing() as db:
        # Looking at the password took a while, in which it may have been changed.
        sign_in.require_unchanged(db, user)
        # Never the session that the browser came with: somebody else may know that one.
        sign_in.close_session(db, session_token(request))
        token = sign_in.open_session(db, settings, user, address, agent)
        caller = caller_for(db, user, "session", "web", request.state.request_id)
        record(db, caller, "signed in", SecUser, user.id, what=fields.by, address=address)
        row = sign_in.session_of(db, token)
        shown = {"user": show_one_to(db, caller, user) | flags_by_now(caller), "session": _shown(row, settings)}
        return Json(shown), token


@contextmanager
def _told_when_refused(request: Request, store: Store, fields: SignIn) -> Iterator[None]:
    try:
        yield
    except NotSignedIn as refusal:
        with store.reading() as db:
            account = db.scalar(select(SecUser.id).where(is_named(fields.username)))
        what = "too many tries" if isinstance(refusal, TooManyTries) else fields.by
        address, request_id = came_from(request)[0], request.state.request_id
        note_failure(store, account, door="web", what=what, address=address, request_id=request_id)
        raise


@routes.get("/api/atrisys/session.json")
@gives(SignedIn)
def show_session(request: Request, db: Db, user: CurrentUser, settings: CurrentSettings) -> Response:
    """Who is signed in and until when; `session` is null for whoever comes with keys."""
    row = sign_in.session_of(db, session_token(request)) if user.way == "session" else None
    account = show_one_to(db, user, db.get_one(SecUser, user.id)) | flags_by_now(user)
    return Json({"user": account, "session": _shown(row, settings)})


def _shown(row: LoginSession | None, settings: Settings) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "id": sign_in.handle_of(row),
        "created": row.created,
        "lastUsed": row.last_used,
        "ends": sign_in.ends_at(row, settings),
        "address": row.address,
        "agent": row.agent,
    }


@routes.delete("/api/atrisys/session.json")
@does()
def sign_out(request: Request, db: Db, user: CurrentUser) -> Response:
    """Sign this browser out."""
    sign_in.close_session(db, session_token(request))
    if user.way == "session":
        record(db, user, "signed out", SecUser, user.id)
    answer = done()
    drop_session(request, answer)
    return answer


@routes.get("/api/atrisys/sessions.json")
@lists(BrowserSession, ThisOne)
def list_sessions(request: Request, db: Db, user: CurrentUser, page: PageQuery, settings: CurrentSettings) -> Response:
    """The browsers where the caller is signed in, the last used first; `current` marks the one that asks."""
    here = sign_in.session_of(db, session_token(request)) if user.way == "session" else None
    rows = sign_in.sessions_of(db, settings, user.id)
    return page.answer([{**(_shown(row, settings) or {}), "current": row is here} for row in rows])


@routes.delete("/api/atrisys/sessions.json")
@does()
def end_other_sessions(request: Request, db: Db, user: CurrentUser) -> Response:
    """Sign all other browsers of the caller out."""
    sign_in.end_other_sessions(db, user.id, session_token(request) if user.way == "session" else "")
    record(db, user, "signed out", SecUser, user.id, what="other browsers")
    return done()


@routes.delete("/api/atrisys/sessions/{session}.json")
@does()
def end_session(session: str, db: Db, user: CurrentUser) -> Response:
    """Sign one of the caller's browsers out, by the `id` that the list gives it."""
    sign_in.end_session(db, user.id, session)
    record(db, user, "signed out", SecUser, user.id, what="other browsers")
    return done()


@routes.get("/session/admin/open.json")
@routes.get("/api/session/admin/open.json")
@counts_as_unsafe
@gives(Flags, FlagsByNow)
def open_admin_session(db: Db, user: CurrentUser) -> Json:
    """From now on an ADMIN counts as one, for two hours, wherever they ask from."""
    if not user.holds_admin:
        raise NotAllowed("Only an administrator may do this.")
    return _until(db, user, now_ms() + ADMIN_SESSION_MS)


@routes.get("/session/admin/close.json")
@routes.get("/api/session/admin/close.json")
@counts_as_unsafe
@gives(Flags, FlagsByNow)
def close_admin_session(db: Db, user: CurrentUser) -> Json:
    """From now on an ADMIN counts as a user (a SUPER_ADMIN always is an administrator)."""
    return _until(db, user, None)


def _until(db: Db, user: Caller, moment: int | None) -> Json:
    row = db.get_one(SecUser, user.id)
    # No line in the log and no new version: the account is the same, as with a browser's session.
    db.execute(update(SecUser).where(SecUser.id == row.id).values(admin_until=moment))
    db.refresh(row)
    record(db, user, "administration closed" if moment is None else "administration opened", SecUser, user.id)
    return Json(flags_by_now(caller_for(db, row, user.way, user.door, user.request_id)))


@routes.get("/session/admin/info.json")
@routes.get("/api/session/admin/info.json")
@counts_as_unsafe
@gives(Flags, FlagsByNow)
def show_admin_session(user: CurrentUser) -> Json:
    """Which roles the caller holds, and which count now."""
    return Json(flags_by_now(user))
