"""Who may do what: every cell of the tables in `rights/` is tried over HTTP.

Nobody signed in gets 401, whoever may not see a thing 404, whoever may see but not do 403; what is refused leaves no
line in the log.
"""

from collections.abc import Iterator

import anyio.from_thread
import pytest
from sqlalchemy import func, select

from atrisys.actions import history
from atrisys.store.tables import Change, Project
from people import Person
from rights.deeds import Answers, Deed, Ids
from rights.elsewhere import ONTOLOGY, ONTOLOGY_COLUMNS, PLATFORM, PLATFORM_COLUMNS, STORAGE, STORAGE_COLUMNS
from rights.elsewhere_worlds import columns_of, ontology_world, platform_world, storage_world
from rights.in_project import ALL, DEEDS
from rights.project_world import MODES, ProjectWorld, make_project_world
from strangers.walking import undone

UNSEEN, NOBODY = Answers(404, 404), Answers(401, 401)


@pytest.fixture
def portal() -> Iterator[anyio.from_thread.BlockingPortal]:
    """One event loop for a whole table."""
    with anyio.from_thread.start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture
def attempt(store, portal):
    """Tries one deed as one person, as if nothing had been tried before; says what came of it."""

    def lines() -> int:
        with store.reading() as db:
            return db.scalar(select(func.count()).select_from(Change)) or 0

    def attempt(deed: Deed, person: Person, ids: Ids) -> tuple[int, str]:
        with undone(store):
            method, path, sent = deed.request({**ids, "me": person.id})
            before = lines()
            person.portal = portal
            person.cookies.clear()
            answer = person.request(method, path, **sent)
            refused_in_silence = answer.status_code < 400 or lines() == before
        return answer.status_code if refused_in_silence else -answer.status_code, answer.text[:200]

    return attempt


@pytest.mark.long
def test_in_a_project(given, tmp_path, nobody, attempt):
    world = make_project_world(given, tmp_path)
    wrong, tried = _try(given, world, attempt, ((mode, deed, None) for mode in MODES for deed in DEEDS), nobody)
    assert not wrong, "\n".join(wrong)
    assert tried > 3000


def test_what_the_mode_of_a_project_leaves_to_contributors(given, tmp_path, nobody, attempt):
    """Of the table above the cells that differ most, for every day."""
    world = make_project_world(given, tmp_path)
    deeds = [deed for deed in DEEDS if deed.cells != ALL]
    chosen = (("RESTRICTED", {"contributor", "other"}), ("READ_ONLY", {"contributor"}))
    cells = ((mode, deed, whose) for mode, whose in chosen for deed in deeds)
    wrong, tried = _try(given, world, attempt, cells, nobody)
    assert not wrong, "\n".join(wrong)
    assert tried > 200


def _try(given, world: ProjectWorld, attempt, cells, nobody: Person) -> tuple[list[str], int]:
    """`cells`: mode, deed, and whose things a contributor tries it on; None: everybody tries it on everything."""
    wrong, tried = [], 0
    for mode, deed, only in cells:
        _set(given, world, mode, deed)
        for name, person, whose, expected in _cells(world, deed, MODES.index(mode), nobody):
            if only is not None and (name != "contributor" or whose not in only):
                continue
            status, said = attempt(deed, person, world.things[whose])
            tried += 1
            if status != expected:
                wrong.append(f"{mode}, {deed}, {name}, {whose}'s: {status} instead of {expected} ({said})")
    return wrong, tried


def _set(given, world: ProjectWorld, mode: str, deed: Deed) -> None:
    given.mode(world.project, mode)
    with given.writing() as db:
        if deed.settings:
            history.edit(db, given.maker, db.get_one(Project, world.project.id), **deed.settings)


def _cells(world: ProjectWorld, deed: Deed, mode: int, nobody: Person) -> Iterator[tuple[str, Person, str, int]]:
    """Who tries a deed on whose thing, and what they are to be answered."""
    contributor = deed.answers(mode)
    refused = [404 if status == 404 else 403 for status in contributor]
    guest = Answers(*refused) if deed.least == "USER" else contributor
    columns = {"guest": guest, "contributor": contributor, "manager": deed.answers(3), "admin": deed.answers(4)}
    for name, answers in columns.items():
        for whose, expected in zip((name, "other"), answers, strict=True):
            yield name, world.people[name], whose, expected
    for name, person, expected in (
        ("nobody", nobody, 401),
        ("stranger", world.people["stranger"], 404),
        ("admin without session", world.people["admin without session"], 404),
    ):
        yield name, person, "other", expected


@pytest.mark.parametrize(
    ("table", "columns", "make_world"),
    [
        pytest.param(PLATFORM, PLATFORM_COLUMNS, platform_world, id="on the platform", marks=pytest.mark.long),
        pytest.param(STORAGE, STORAGE_COLUMNS, storage_world, id="in a storage", marks=pytest.mark.long),
        pytest.param(ONTOLOGY, ONTOLOGY_COLUMNS, ontology_world, id="with an ontology"),
    ],
)
def test_outside_of_projects(given, nobody, attempt, table, columns, make_world):
    world, wrong = make_world(given), []
    for deed in table:
        for name, expected in {**columns_of(deed, columns), "nobody": 401}.items():
            person = nobody if name == "nobody" else world.people[name]
            status, said = attempt(deed, person, world.ids_for(name))
            if status != expected:
                wrong.append(f"{deed}, {name}: {status} instead of {expected} ({said})")
    assert not wrong, "\n".join(wrong)


SEEN_LAYERS = {
    # (contributors' layers hidden, managers' layers hidden): whose layers a contributor sees
    (False, False): {"contributor", "other", "manager"},
    (False, True): {"contributor", "other"},
    (True, False): {"contributor", "manager"},
    (True, True): {"contributor"},
}


def test_hidden_layers(given):
    names = ("contributor", "other", "manager")
    people = {name: given.person(name) for name in names}
    admin = given.person("admin", role="ROLE_SUPER_ADMIN")
    project = given.project(people["manager"], [people["contributor"], people["other"]])
    image = given.image(project, people["manager"])
    drawn = {name: given.annotation(image, person).id for name, person in people.items()}
    users = ",".join(str(person.id) for person in people.values())
    queries = (f"project={project.id}", f"image={image.id}", f"image={image.id}&users={users}")
    for (hides_users, hides_admins), left in SEEN_LAYERS.items():
        with given.writing() as db:
            hiding = {"hide_users_layers": hides_users, "hide_admins_layers": hides_admins}
            history.edit(db, given.maker, db.get_one(Project, project.id), **hiding)
        for viewer, seen in ((people["contributor"], left), (people["manager"], set(names)), (admin, set(names))):
            layers = viewer.get(f"/api/project/{project.id}/userlayer.json").json()["collection"]
            assert {row["username"] for row in layers} == seen, hiding
            for query in queries:
                listed = viewer.get(f"/api/annotation.json?{query}").json()
                assert {row["id"] for row in listed["collection"]} == {drawn[name] for name in seen}, (hiding, query)
                assert listed["size"] == len(seen), (hiding, query)
            for name, id in drawn.items():
                for address in (f"annotation/{id}", f"annotation/{id}/term", f"userannotation/{id}/comment"):
                    expected = 200 if name in seen else 404
                    assert viewer.get(f"/api/{address}.json").status_code == expected, (hiding, name, address)
