from dataclasses import replace

import pytest

from atrisys.access import require
from atrisys.access.caller import Caller
from atrisys.errors import NotAllowed
from atrisys.store.tables import Project
from atrisys.store.tables.files import ADMINISTRATION, CREATE, DELETE, READ, WRITE

MODES = {
    "CLASSIC": {},
    "RESTRICTED": {"is_restricted": True},
    "READ_ONLY": {"is_read_only": True},
    "READ_ONLY of both": {"is_read_only": True, "is_restricted": True},
}


def allowed(function, *arguments):
    try:
        function(*arguments)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("mode", "own", "others"),
    [
        ("CLASSIC", True, True),
        ("RESTRICTED", True, False),
        ("READ_ONLY", False, False),
        ("READ_ONLY of both", False, False),
    ],
)
def test_what_a_contributor_may_edit_depends_on_the_projects_mode(given, db, ada, alice, bob, mode, own, others):
    project = given.project(alice, [bob], **MODES[mode])
    assert allowed(require.require_editor, db, bob.caller, project, bob.id) == own
    assert allowed(require.require_editor, db, bob.caller, project, alice.id) == others
    assert allowed(require.require_editor, db, bob.caller, project, None) == others
    adds = not mode.startswith("READ_ONLY")
    assert allowed(require.require_not_read_only, db, bob.caller, project.id, project.mode) == adds
    for person in (alice, ada):
        assert allowed(require.require_editor, db, person.caller, project, bob.id)
        assert allowed(require.require_not_read_only, db, person.caller, project.id, project.mode)


def test_only_managers_and_administrators_manage(given, db, ada, alice, bob, charlie):
    project = given.project(alice, [bob])
    managing = [
        person for person in (ada, alice, bob, charlie) if allowed(require.require_manager, db, person.caller, project)
    ]
    assert managing == [ada, alice]
    assert require.user_is_manager(db, alice.id, project.id)
    assert not require.user_is_manager(db, ada.id, project.id)


def test_an_ontology_is_edited_by_its_maker_and_by_who_manages_all_its_projects(given, db, ada, alice, bob, charlie):
    ontology = given.ontology(charlie)
    cast = (ada, alice, bob, charlie)

    def allow(rule):
        return {person.caller.username for person in cast if allowed(rule, db, person.caller, ontology)}

    assert allow(require.require_ontology_editor) == {"ada", "charlie"}
    given.project(alice, [bob], ontology)
    assert allow(require.require_ontology_editor) == {"ada", "alice", "charlie"}
    assert allow(require.require_ontology_for_project) == {"ada", "alice", "charlie"}
    given.project(bob, [], ontology)
    assert allow(require.require_ontology_editor) == {"ada", "charlie"}
    assert allow(require.require_ontology_for_project) == {"ada", "alice", "bob", "charlie"}


@pytest.mark.parametrize("held", [None, READ, WRITE, ADMINISTRATION])
@pytest.mark.parametrize("asked", [READ, WRITE, ADMINISTRATION])
def test_a_right_on_a_storage_includes_the_lesser_ones(given, db, alice, bob, held, asked):
    storage = given.storage_of(alice)
    if held:
        given.storage_member(storage, bob, held)
    assert allowed(require.require_storage, db, bob.caller, storage, asked) == ((held or 0) >= asked)
    assert allowed(require.require_storage, db, alice.caller, storage, asked)


@pytest.mark.parametrize("asked", [READ, WRITE, CREATE, DELETE, ADMINISTRATION])
def test_whatever_right_is_asked_for_a_refusal_says_so(given, db, alice, charlie, asked):
    with pytest.raises(NotAllowed, match=r"storage \d+"):
        require.require_storage(db, charlie.caller, given.storage_of(alice), asked)


def test_a_guest_is_no_user_and_an_administrator_one_while_the_session_is_open():
    guest = Caller(id=1, username="g", roles=frozenset({"ROLE_GUEST"}))
    user = Caller(id=2, username="u", roles=frozenset({"ROLE_USER"}))
    closed = Caller(id=3, username="a", roles=frozenset({"ROLE_USER", "ROLE_ADMIN"}))
    opened, super_one = replace(closed, admin_session=True), Caller(4, "s", frozenset({"ROLE_SUPER_ADMIN"}))
    assert [allowed(require.require_user, one) for one in (guest, user, closed, super_one)] == [False, True, True, True]
    administrators = [allowed(require.require_admin, one) for one in (guest, user, closed, opened, super_one)]
    assert administrators == [False, False, False, True, True]
    assert allowed(require.require_self_or_admin, user, 2)
    assert not allowed(require.require_self_or_admin, user, 3)
    assert replace(user, admin_session=True).is_admin is False


def test_a_closed_admin_session_is_told_from_no_right_at_all():
    closed = Caller(id=3, username="a", roles=frozenset({"ROLE_ADMIN"}))
    with pytest.raises(NotAllowed, match="session/admin/open"):
        require.require_admin(closed)


def test_one_administrator_stays(given, db, ada, alice):
    assert not allowed(require.require_other_administrator, db, ada.id)
    assert allowed(require.require_other_administrator, db, alice.id)
    second = given.person("second", role="ROLE_ADMIN")
    assert allowed(require.require_other_administrator, db, ada.id)
    ada.post(f"/api/user/{second.id}/lock.json")
    assert not allowed(require.require_other_administrator, db, ada.id)


def test_a_projects_mode_follows_from_two_marks():
    modes = {name.split(" ")[0] for name, columns in MODES.items() if Project(**columns).mode != name.split(" ")[0]}
    assert modes == set()
