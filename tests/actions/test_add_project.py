import pytest
from sqlalchemy import func, select

from atrisys.actions.add_project import add_project
from atrisys.errors import Duplicate, NotFound
from atrisys.store.tables import Change, Project, ProjectMember


def members(db, project):
    rows = db.scalars(select(ProjectMember).where(ProjectMember.project_id == project.id))
    return {row.user_id: (row.is_manager, row.is_representative) for row in rows}


def test_the_owner_manages_and_represents_it_even_when_named_among_the_others(db, alice, bob, charlie):
    people = {"managers": [alice.id, bob.id], "contributors": [alice.id, charlie.id]}
    project = add_project(db, alice.caller, name="Colon", owner_id=alice.id, is_read_only=True, **people)
    assert members(db, project) == {alice.id: (True, True), bob.id: (True, False), charlie.id: (False, False)}
    assert (project.mode, project.creator_id) == ("READ_ONLY", alice.id)


def test_without_an_owner_the_first_manager_represents_it(db, ada, alice, bob):
    project = add_project(db, ada.caller, name="Colon", managers=[bob.id, alice.id])
    assert members(db, project) == {bob.id: (True, True), alice.id: (True, False)}
    assert members(db, add_project(db, ada.caller, name="Lung", contributors=[bob.id])) == {bob.id: (False, False)}


def test_an_unknown_person_or_a_taken_name_leaves_no_project(db, alice):
    add_project(db, alice.caller, name="Colon", owner_id=alice.id)
    with pytest.raises(NotFound):
        add_project(db, alice.caller, name="Lung", owner_id=alice.id, contributors=[999_999])
    with pytest.raises(Duplicate):
        add_project(db, alice.caller, name="Colon", owner_id=alice.id)
    assert db.scalar(select(func.count()).select_from(Project)) == 1


def test_the_project_and_its_members_are_in_the_change_log(db, alice, bob):
    project = add_project(db, alice.caller, name="Colon", owner_id=alice.id, contributors=[bob.id])
    classes = db.scalars(select(Change.class_name).where(Change.container_id == project.id).order_by(Change.seq))
    assert list(classes) == ["Project", "ProjectMember", "ProjectMember"]
