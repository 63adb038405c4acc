"""User names: what a new one may look like, and how an account is found by one."""

import re

from sqlalchemy import ColumnElement, func

from atrisys.errors import Invalid
from atrisys.store.tables import SecUser

PLAIN = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9._@+-]{1,255}")
RESERVED = ("current",)
"""Words that stand for an account in an address."""


def name_of(user: SecUser) -> str:
    """What somebody is called: first and last name, once where both are the same.

    So they are where an account was made with a user name alone.
    """
    return " ".join(dict.fromkeys(name for name in (user.firstname, user.lastname) if name))


def is_named(username: str) -> ColumnElement[bool]:
    """The condition for the account of that name, whatever its capitals.

    The database makes both sides small: SQLite does that to a to z alone, Python to every letter, and they would not
    meet for a name such as Émile.
    """
    return func.lower(SecUser.username) == func.lower(username)


def require_usable_name(username: str) -> None:
    """Raises Invalid for what no new account may be called.

    Letters from a to z alone: capitals of others are compared differently by each database, and many of them look
    alike. All digits would be taken for an id. A person's own name may have any letters.
    """
    if not PLAIN.fullmatch(username) or username.lower() in RESERVED:
        raise Invalid(
            "A user name has 1 to 255 letters (a to z), digits and signs of . _ - @ +, at least one of them a letter, "
            "and is not {reserved}.",
            reserved=", ".join(RESERVED),
        )
