"""The worlds of the tables in `elsewhere.py`: who stands in which column, and what they come across."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from atrisys.actions import history
from atrisys.store.tables import AbstractSlice, ProjectMember, SecRole
from atrisys.store.tables.files import ADMINISTRATION, READ, WRITE
from given import Given
from people import Person
from rights.deeds import Deed, Ids
from rights.elsewhere import ONTOLOGY_COLUMNS, PLATFORM_COLUMNS, STORAGE_COLUMNS
from rights.project_world import open_admin_session

ROLES = {"guest": "ROLE_GUEST", "admin": "ROLE_ADMIN", "admin without session": "ROLE_ADMIN"}


@dataclass(frozen=True)
class World:
    people: dict[str, Person]
    ids: Ids
    own: dict[str, Ids]
    """Ids that are another's for each person."""

    def ids_for(self, name: str) -> Ids:
        return {**self.ids, **self.own.get(name, {})}


def _people(given: Given, names: tuple[str, ...]) -> dict[str, Person]:
    people = {name: given.person(name.replace(" ", "."), role=ROLES.get(name, "ROLE_USER")) for name in names}
    if "admin" in people:
        open_admin_session(given, people["admin"])
    return people


def platform_world(given: Given) -> World:
    people = _people(given, (*PLATFORM_COLUMNS, "other"))
    ada, other = given.person("ada", role="ROLE_SUPER_ADMIN"), people["other"]
    locked, pure_guest = given.person("locked"), given.person("pure.guest", role="ROLE_GUEST")
    assert ada.post(f"/api/user/{locked.id}/lock.json").status_code == 200
    for key, role in (("for_all", "ALL"), ("for_users", "USER"), ("for_admins", "ADMIN")):
        given.configuration(key, reading_role=role)
    project = given.project(other)
    used = {name: given.tag(person) for name, person in people.items()}
    for tag in used.values():
        given.tagged(project, tag)
    with given.store.reading() as db:
        user_role = db.scalars(select(SecRole.id).where(SecRole.authority == "ROLE_USER")).one()
    ids = {
        "other": other.id,
        "locked": locked.id,
        "pure_guest": pure_guest.id,
        "user_role": user_role,
        "tag": given.tag(ada).id,
        "used_tag": used["other"].id,
    }
    return World(people, ids, {name: {"used_tag": tag.id} for name, tag in used.items()})


def storage_world(given: Given) -> World:
    people = _people(given, STORAGE_COLUMNS)
    owner = people["owner"]
    storage, base = given.storage_of(owner), given.abstract_image(owner)
    empty = given.storage(owner)
    rights = {"guest": WRITE, "reader": READ, "writer": WRITE, "keeper": ADMINISTRATION}
    for shared in (storage, empty):
        for name, permission in rights.items():
            given.storage_member(shared, people[name], permission)
    with given.store.reading() as db:
        plane = db.scalars(select(AbstractSlice.id).where(AbstractSlice.image_id == base.id)).one()
    ids = {
        "storage": storage.id,
        "empty": empty.id,
        "file": given.uploaded_file(owner, b"bytes", storage).id,
        "base": base.id,
        "plane": plane,
        "tag": given.tag(owner).id,
        "stranger": people["stranger"].id,
        "reader": people["reader"].id,
    }
    return World(people, ids, {})


def ontology_world(given: Given) -> World:
    people = _people(given, ONTOLOGY_COLUMNS)
    creator = people["creator"]
    ontology = given.ontology(creator)
    terms = [given.term(ontology) for _ in range(3)]
    link = creator.post("/api/relation/parent/term.json", json={"term1": terms[0].id, "term2": terms[1].id})
    assert link.status_code == 200
    first = given.project(people["manager of all"], [people["contributor"]], ontology)
    second = given.project(people["manager of all"], [people["contributor"]], ontology)
    managers: list[tuple[Any, str]] = [(first, "manager of one"), (first, "guest"), (second, "guest")]
    with given.writing() as db:
        for project, name in managers:
            row = ProjectMember(project_id=project.id, user_id=people[name].id, is_manager=True)
            history.add(db, given.maker, row)
    names = ("term", "second", "third")
    ids = {name: term.id for name, term in zip(names, terms, strict=True)}
    return World(people, {"ontology": ontology.id, "unused": given.ontology(creator).id, **ids}, {})


def columns_of(deed: Deed, columns: tuple[str, ...]) -> dict[str, int]:
    """What each person is answered."""
    assert len(deed.cells.split()) == len(columns), deed.name
    return {name: deed.answers(column).own for column, name in enumerate(columns)}
