import pytest
from sqlalchemy import func, select

from atrisys.actions import edit_members
from atrisys.errors import NotAllowed
from atrisys.store.tables import Change, Project, ProjectMember


@pytest.fixture
def project(given, db, alice, bob):
    return db.get_one(Project, given.project(alice, [bob]).id)


def members(db, project):
    rows = db.scalars(select(ProjectMember).where(ProjectMember.project_id == project.id))
    return {row.user_id: (row.is_manager, row.is_representative) for row in rows}


def test_whoever_is_more_than_a_contributor_stays_it_when_added_again(db, project, alice):
    edit_members.add_member(db, alice.caller, project, alice.id)
    assert members(db, project)[alice.id] == (True, True)


def test_a_project_whose_managers_left_no_representative_gets_the_oldest_manager(db, given, project, ada, alice, bob):
    dora = given.person("dora")
    for person in (dora, bob):
        edit_members.add_member(db, alice.caller, project, person.id, manager=True)
    edit_members.remove_member(db, ada.caller, project, alice.id)
    assert members(db, project) == {bob.id: (True, True), dora.id: (True, False)}


def test_nothing_is_written_where_the_sets_are_what_they_were(db, project, alice, bob):
    before = db.scalar(select(func.count()).select_from(Change))
    edit_members.replace_members(db, alice.caller, project, users=[bob.id], admins=[], representatives=[alice.id])
    assert db.scalar(select(func.count()).select_from(Change)) == before


def test_an_administrator_who_empties_the_project_becomes_its_manager(db, project, ada):
    edit_members.replace_members(db, ada.caller, project, users=[], admins=[], representatives=[])
    assert members(db, project) == {ada.id: (True, True)}


def test_an_administrator_who_is_its_last_manager_cannot_leave(db, project, ada, alice):
    edit_members.add_member(db, ada.caller, project, ada.id, manager=True)
    edit_members.remove_member(db, ada.caller, project, alice.id)
    with pytest.raises(NotAllowed, match="needs a manager"):
        edit_members.remove_member(db, ada.caller, project, ada.id)


def test_a_contributor_may_leave_a_project_that_came_without_managers(db, given, bob):
    project = db.get_one(Project, given.project(bob).id)
    member = db.scalars(select(ProjectMember).where(ProjectMember.project_id == project.id)).one()
    member.is_manager = member.is_representative = False
    edit_members.remove_member(db, bob.caller, project, bob.id)
    assert members(db, project) == {}
