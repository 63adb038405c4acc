"""Make an account: with its role, its keys and a storage of its own."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.keys import KeyBox
from atrisys.access.names import is_named, require_usable_name
from atrisys.actions import history
from atrisys.actions.change_roles import climb_to
from atrisys.errors import Duplicate
from atrisys.store.tables import SecUser, Storage


def add_user(
    db: Session,
    caller: Caller | None,
    box: KeyBox,
    *,
    username: str,
    password_hash: str | None = None,
    role: str = "ROLE_USER",
    firstname: str = "",
    lastname: str = "",
    email: str = "",
    language: str = "EN",
    is_developer: bool = False,
) -> SecUser:
    """The account, kept in the change log as made by `caller` (by itself where there is none yet).

    `password_hash`: made before the transaction, since that takes long on purpose.

    Raises:
        Duplicate: the name is taken, whatever its capitals.
        Invalid: no such role.
    """
    username = username.strip()
    require_new_name(db, username)
    public_key, private_key = box.new_pair()
    user = SecUser(
        username=username,
        firstname=firstname or username,
        lastname=lastname or username,
        email=email,
        language=language,
        is_developer=is_developer,
        creator_id=caller.id if caller else None,
        password_hash=password_hash,
        public_key=public_key,
        private_key=private_key,
    )
    maker = caller or Caller(id=0, username=username, roles=frozenset(), way="command line", door="command line")
    history.add(db, maker, user)
    climb_to(db, maker, user, role)
    if role != "ROLE_GUEST":
        history.add(db, maker, Storage(name=f"{username} storage", user_id=user.id))
    return user


def require_new_name(db: Session, username: str, apart_from: int | None = None) -> None:
    """Raises Invalid for a name that cannot be used, Duplicate for one that somebody has, whatever its capitals."""
    require_usable_name(username)
    others = select(SecUser.id).where(is_named(username), SecUser.id != (apart_from or 0))
    if db.scalar(others) is not None:
        raise Duplicate("There is already a user named {name}. Choose another name.", name=username)
