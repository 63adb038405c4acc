"""`atrisys user add`, `list` and `keys`: accounts and their keys."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from atrisys.cli.installation import caller_of, data_option, find_user, key_box, opened
from atrisys.cli.speaking import json_option, print_json, print_rows, say
from atrisys.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ROLES = {"user": "ROLE_USER", "admin": "ROLE_ADMIN", "guest": "ROLE_GUEST"}


@click.group()
@data_option
def user() -> None:
    """Accounts: add one, list them, read the keys of one."""


@user.command("add")
@click.argument("name")
@click.option("--email", default="", help="The person's address.")
@click.option("--role", type=click.Choice(list(ROLES)), default="user", help="user (default), admin or guest.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input (its first line).")
@data_option
def add(name: str, email: str, role: str, password_stdin: bool) -> None:
    """Make an account.

    Prints JSON with id, username, publicKey and privateKey, and a generated password where none was given: it is shown
    this once and kept nowhere in clear.

    \b
    Example:  atrisys user add alice --email alice@example.org
    """
    from atrisys.access.passwords import hash_password, new_password
    from atrisys.actions.add_user import add_user

    given = _read_password() if password_stdin else None
    password = given or new_password()
    password_hash = hash_password(password, name)
    with opened() as store:
        box = key_box(store)
        with store.writing() as db:
            row = add_user(db, None, box, username=name, password_hash=password_hash, role=ROLES[role], email=email)
            made = {"id": row.id, "username": row.username, "publicKey": row.public_key}
            made["privateKey"] = box.open(row.private_key, row.public_key)
    print_json(made if given else {**made, "password": password})
    if not given:
        say("The password is shown this once. Change it in the account, or give your own with --password-stdin.")


def _read_password() -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Invalid("No password came on standard input.")
    return line


@user.command("list")
@json_option
@data_option
def list_users(as_json: bool) -> None:
    """Print the accounts in the order of their names, as JSON, one line each; in a terminal as a table.

    \b
    Example:  atrisys user list --json
    """
    with opened() as store, store.reading() as db:
        print_rows(_accounts(db), as_json=as_json)


def _accounts(db: "Session") -> Iterator[dict[str, Any]]:
    from sqlalchemy import func, select

    from atrisys.access.caller import LADDER
    from atrisys.store.tables import SecRole, SecUser, SecUserSecRole

    held = select(SecUserSecRole.user_id, SecRole.authority).join(SecRole, SecRole.id == SecUserSecRole.role_id)
    highest: dict[int, int] = {}
    for user_id, authority in db.execute(held):
        highest[user_id] = max(highest.get(user_id, 0), LADDER.index(authority))
    words = {authority: word for word, authority in ROLES.items()} | {"ROLE_SUPER_ADMIN": "admin"}
    columns = (SecUser.id, SecUser.username, SecUser.firstname, SecUser.lastname, SecUser.email, SecUser.enabled)
    for row in db.execute(select(*columns).order_by(func.lower(SecUser.username))):
        yield {**row._asdict(), "role": words[LADDER[highest.get(row.id, 0)]]}


@user.command("keys")
@click.argument("name")
@data_option
def keys(name: str) -> None:
    """Print the API keys of an account, as JSON with publicKey and privateKey.

    Whoever can read the data folder can do this; over the network, only the account's owner can.

    \b
    Example:  atrisys user keys alice
    """
    from atrisys.access.events import record
    from atrisys.store.tables import SecUser

    with opened() as store, store.writing() as db:
        row = find_user(db, name)
        record(db, caller_of(db, row), "keys read", SecUser, row.id)
        print_json({"publicKey": row.public_key, "privateKey": key_box(store).open(row.private_key, row.public_key)})
