"""People: accounts, roles, browser sessions, failed tries."""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Base, Table, now_ms


class SecUser(Table):
    """Somebody with an account."""

    __tablename__ = "sec_user"
    cytomine_class = "be.cytomine.domain.security.User"

    username: Mapped[str] = mapped_column(String(255))
    firstname: Mapped[str] = mapped_column(String(255), default="")
    lastname: Mapped[str] = mapped_column(String(255), default="")
    email: Mapped[str] = mapped_column(String(255), default="", info={"private": True})
    language: Mapped[str] = mapped_column(String(16), default="EN")
    is_developer: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    origin: Mapped[str] = mapped_column(String(64), default="ADMINISTRATOR")
    creator_id: Mapped[int | None] = mapped_column(default=None)
    password_hash: Mapped[str | None] = mapped_column(info={"log": False}, default=None)
    password_expired: Mapped[bool] = mapped_column(default=False, info={"private": True})
    public_key: Mapped[str] = mapped_column(String(64), unique=True, info={"private": True})
    private_key: Mapped[bytes] = mapped_column(info={"log": False})
    """Encrypted with the installation's own secret (access/keys.py)."""
    keys_renewed: Mapped[int | None] = mapped_column(default=None, info={"private": True})
    admin_until: Mapped[int | None] = mapped_column(info={"log": False}, default=None)
    """Until when (epoch ms) the admin session that this user opened lasts."""


Index("uq_sec_user_username_lower", func.lower(SecUser.username), unique=True)


class SecRole(Table):
    __tablename__ = "sec_role"
    cytomine_class = "be.cytomine.domain.security.SecRole"

    authority: Mapped[str] = mapped_column(String(64), unique=True)


class SecUserSecRole(Table):
    __tablename__ = "sec_user_sec_role"
    __table_args__ = (UniqueConstraint("user_id", "role_id"),)
    cytomine_class = "be.cytomine.domain.security.SecUserSecRole"

    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"), index=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("sec_role.id"))


class LoginSession(Base):
    """A browser that is signed in. The cookie's value is kept as a hash alone."""

    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id", ondelete="CASCADE"), index=True)
    created: Mapped[int] = mapped_column(default=now_ms)
    last_used: Mapped[int] = mapped_column(default=now_ms)
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(255), default="")


class SignInToken(Base):
    """Opens one browser session, once, instead of a password. It is kept as a hash alone."""

    __tablename__ = "sign_in_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id", ondelete="CASCADE"), index=True)
    created: Mapped[int] = mapped_column(default=now_ms)
    expires: Mapped[int]


class FailedTries(Base):
    """How often a password was wrong, for an account or an address; survives restarts."""

    __tablename__ = "failed_tries"

    subject: Mapped[str] = mapped_column(String(300), primary_key=True)
    """`account:name`, `address:1.2.3.4` or `pair:1.2.3.4|name`."""
    count: Mapped[int] = mapped_column(default=0)
    last: Mapped[int] = mapped_column(default=now_ms)
