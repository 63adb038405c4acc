from sqlalchemy import func, select

from atrisys.access.passwords import is_right
from atrisys.store.tables import SecRole, SecUser, SecUserSecRole


def roles_of(db, name):
    query = select(SecRole.authority).join(SecUserSecRole, SecUserSecRole.role_id == SecRole.id)
    query = query.join(SecUser, SecUser.id == SecUserSecRole.user_id).where(SecUser.username == name)
    return set(db.scalars(query))


def test_an_account_is_made_and_its_password_shown_once(installation):
    made = installation.json("user", "add", "alice", "--email", "alice@example.org")
    assert set(made) == {"id", "username", "publicKey", "privateKey", "password"}
    with installation.reading() as db:
        user = db.get_one(SecUser, made["id"])
        assert (user.username, user.email, user.public_key) == ("alice", "alice@example.org", made["publicKey"])
        assert is_right(user.password_hash, made["password"])
        assert made["privateKey"].encode() not in user.private_key
        assert roles_of(db, "alice") == {"ROLE_USER"}
        assert db.scalar(select(func.count(SecUser.id))) == 1


def test_a_password_can_come_on_standard_input_and_is_not_printed(installation):
    done = installation.run("user", "add", "alice", "--password-stdin", stdin="correct horse\n")
    assert "correct horse" not in done.stdout + done.stderr
    assert '"password"' not in done.stdout
    with installation.reading() as db:
        assert is_right(db.scalar(select(SecUser.password_hash)), "correct horse")


def test_no_password_on_standard_input_is_refused(installation):
    installation.run("user", "add", "alice", "--password-stdin", stdin="", status=1)
    installation.run("user", "add", "alice", "--password-stdin", stdin="short\n", status=1)


def test_roles_are_given(installation):
    installation.run("user", "add", "ada", "--role", "admin")
    installation.run("user", "add", "gus", "--role", "guest")
    with installation.reading() as db:
        assert roles_of(db, "ada") == {"ROLE_USER", "ROLE_ADMIN"}
        assert roles_of(db, "gus") == {"ROLE_GUEST"}


def test_a_name_that_is_taken_is_refused_whatever_its_capitals(installation):
    installation.run("user", "add", "alice")
    assert "already a user named Alice" in installation.run("user", "add", "Alice", status=1).stderr


def test_keys_are_printed_again(installation):
    made = installation.json("user", "add", "alice")
    keys = installation.json("user", "keys", "Alice")
    assert keys == {"publicKey": made["publicKey"], "privateKey": made["privateKey"]}


def test_accounts_are_listed_with_their_roles_and_no_secrets(installation):
    ada = installation.json("user", "add", "ada", "--role", "admin", "--email", "ada@example.org")
    installation.run("user", "add", "Bob")
    installation.run("user", "add", "alice", "--role", "guest")
    lines = installation.lines("user", "list")
    assert [(line["username"], line["role"]) for line in lines] == [
        ("ada", "admin"),
        ("alice", "guest"),
        ("Bob", "user"),
    ]
    first = {"id": ada["id"], "username": "ada", "firstname": "ada", "lastname": "ada", "email": "ada@example.org"}
    assert lines[0] == {**first, "enabled": True, "role": "admin"}
    assert installation.lines("user", "list", "--json") == lines
