import pytest
from sqlalchemy import select, true

from atrisys.access.caller import Caller, caller_for
from atrisys.access.visible import RULES, condition, get_row, layers_anywhere, layers_in, visible
from atrisys.errors import NotFound
from atrisys.store.table import Table
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationTerm,
    Change,
    IdempotentAnswer,
    ImageInstance,
    Job,
    Ontology,
    Project,
    ProjectMember,
    RelationTerm,
    SecUser,
    SliceInstance,
    Storage,
    StorageMember,
    Term,
    UploadedFile,
    UserAnnotation,
)
from atrisys.store.tables.files import READ


@pytest.fixture
def seen(db):
    """The ids of a kind that somebody sees."""

    def seen(person, kind):
        return set(db.scalars(visible(person.caller, select(kind)).with_only_columns(kind.id)))

    return seen


IN_PROJECT = [Project, ProjectMember, ImageInstance, SliceInstance, UserAnnotation, AnnotationTerm]
IN_ONTOLOGY = [Ontology, Term, RelationTerm]
IN_STORAGE = [Storage, UploadedFile, AbstractImage, AbstractSlice]


@pytest.fixture
def project(given, alice, bob):
    """alice manages it and drew in it, bob works in it; the slide lies in alice's storage."""
    ontology = given.ontology(alice)
    parent, term = given.term(ontology), given.term(ontology)
    alice.post("/api/relation/parent/term.json", json={"term1": parent.id, "term2": term.id})
    project = given.project(alice, [bob], ontology)
    file = given.uploaded_file(alice)
    image = given.image(project, alice, given.abstract_image(alice, uploaded_file_id=file.id))
    annotation = given.annotation(image, alice, terms=[term])
    project.parts = {"ontology": ontology, "image": image, "annotation": annotation}
    return project


def test_every_table_of_objects_has_a_rule_and_one_without_is_not_asked_for(alice):
    kinds = {mapper.class_ for mapper in Table.registry.mappers if issubclass(mapper.class_, Table)}
    assert kinds <= set(RULES)
    with pytest.raises(KeyError):
        condition(alice.caller, IdempotentAnswer)


@pytest.mark.parametrize("kind", [*IN_PROJECT, *IN_ONTOLOGY, *IN_STORAGE])
def test_a_stranger_sees_nothing_and_an_administrator_all(seen, project, ada, charlie, db, kind):
    everything = set(db.scalars(select(kind.id)))
    assert everything
    assert seen(ada, kind) == everything
    theirs = set(db.scalars(select(Storage.id).where(Storage.user_id == charlie.id))) if kind is Storage else set()
    assert seen(charlie, kind) == theirs


@pytest.mark.parametrize("kind", [*IN_PROJECT, *IN_ONTOLOGY, AbstractImage, AbstractSlice])
def test_a_member_sees_what_is_in_the_project_the_slide_itself_and_the_ontology(seen, project, alice, bob, kind):
    assert seen(bob, kind) == seen(alice, kind) != set()


def test_a_member_sees_neither_the_storage_nor_the_file_of_a_slide_that_they_work_with(
    seen, project, alice, bob, given
):
    assert seen(bob, UploadedFile) == set()
    assert seen(bob, Storage) == {given.storage_of(bob).id}


def test_who_leaves_a_project_sees_it_no_more(seen, project, alice, bob):
    assert alice.delete(f"/api/project/{project.id}/user/{bob.id}.json").status_code == 200
    for kind in (*IN_PROJECT, *IN_ONTOLOGY, AbstractImage):
        assert seen(bob, kind) == set()


def test_a_storage_is_seen_by_those_who_were_given_a_right_on_it(seen, given, alice, bob):
    slide = given.abstract_image(alice)
    assert seen(bob, AbstractImage) == set()
    given.storage_member(given.storage_of(alice), bob, READ)
    assert seen(bob, AbstractImage) == {slide.id}
    assert len(seen(bob, StorageMember)) == 1
    assert given.storage_of(alice).id in seen(bob, Storage)


def test_a_slide_record_without_a_storage_is_its_makers(seen, given, db, alice, bob):
    slide = given.abstract_image(alice)
    db.query(AbstractImage).update({"storage_id": None})
    db.commit()
    assert seen(alice, AbstractImage) == {slide.id}
    assert seen(bob, AbstractImage) == set()


def test_an_administrator_whose_session_is_closed_sees_no_more_than_a_user(given, db, project):
    adam = given.person("adam", role="ROLE_ADMIN")
    closed = caller_for(db, db.get_one(SecUser, adam.id), "signature", "api")
    with pytest.raises(NotFound):
        get_row(db, closed, Project, project.id)
    adam.get("/session/admin/open.json")
    db.expire_all()
    open_now = caller_for(db, db.get_one(SecUser, adam.id), "signature", "api")
    assert get_row(db, open_now, Project, project.id).id == project.id


LAYERS = {
    # hide users' layers, hide managers' layers: whose drawings bob sees of alice's (a manager), bob's and carol's
    (False, False): {"alice", "bob", "carol"},
    (False, True): {"bob", "carol"},
    (True, False): {"alice", "bob"},
    (True, True): {"bob"},
}


@pytest.mark.parametrize("hidden", LAYERS)
def test_hidden_layers_hide_drawings_their_terms_and_their_changes(seen, given, db, alice, bob, hidden):
    carol = given.person("carol")
    term = given.term(ontology := given.ontology(alice))
    project = given.project(alice, [bob, carol], ontology, hide_users_layers=hidden[0], hide_admins_layers=hidden[1])
    image = given.image(project, alice)
    drawn = {person.caller.username: given.annotation(image, person, terms=[term]) for person in (alice, bob, carol)}
    expected = {drawn[name].id for name in LAYERS[hidden]}
    assert seen(bob, UserAnnotation) == expected
    assert seen(alice, UserAnnotation) == {row.id for row in drawn.values()}
    links = visible(bob.caller, select(AnnotationTerm))
    assert {link.annotation_id for link in db.scalars(links)} == expected
    changes = visible(bob.caller, select(Change)).where(Change.class_name == "UserAnnotation")
    assert {change.object_id for change in db.scalars(changes)} == expected
    for person in (alice, bob, carol):
        anywhere = layers_anywhere(db, person.caller)
        for short in (layers_in(db, person.caller, project), anywhere(UserAnnotation)):
            assert set(db.scalars(select(UserAnnotation.id).where(short))) == seen(person, UserAnnotation)
        drawings = select(Change.object_id).where(Change.class_name == "UserAnnotation", anywhere(Change))
        assert set(db.scalars(drawings)) == seen(person, UserAnnotation)


def test_layers_that_one_project_hides_are_open_in_another(seen, given, db, alice, bob):
    hiding = given.project(alice, [bob], hide_users_layers=True, hide_admins_layers=True)
    showing = given.project(alice, [bob])
    given.annotation(given.image(hiding, alice), alice)
    shown = given.annotation(given.image(showing, alice), alice)
    assert seen(bob, UserAnnotation) == {shown.id}
    for rule in (layers_in(db, bob.caller, hiding, showing), layers_in(db, None, hiding, showing)):
        assert set(db.scalars(select(UserAnnotation.id).where(rule))) == {shown.id}


def test_where_no_layer_is_hidden_from_somebody_no_row_is_asked(given, db, alice, bob, ada):
    given.project(bob, [alice])
    hiding, showing = given.project(alice, [bob], hide_users_layers=True), given.project(alice, [bob])
    for person, project in ((bob, showing), (alice, hiding), (ada, hiding)):
        assert layers_in(db, person.caller, project) is true()
    for person in (alice, ada):
        assert layers_anywhere(db, person.caller)(UserAnnotation) is true()


def test_a_job_is_its_starters_and_the_managers_business(seen, given, project, alice, bob, charlie):
    by_bob, alone = given.job(bob, project), given.job(bob)
    assert seen(bob, Job) == {by_bob.id, alone.id}
    assert seen(alice, Job) == {by_bob.id}
    assert seen(charlie, Job) == set()


def test_changes_of_accounts_and_of_what_belongs_nowhere_are_the_administrators(db, ada, alice):
    kinds = {change.class_name for change in db.scalars(visible(alice.caller, select(Change)))}
    assert kinds == {"Storage"}
    assert "SecUser" in {change.class_name for change in db.scalars(visible(ada.caller, select(Change)))}


@pytest.mark.parametrize("id", [None, 0, -1, 2**63, -(2**63) - 1, 10**30])
def test_an_id_that_cannot_be_is_not_found(db, alice, id):
    with pytest.raises(NotFound):
        get_row(db, alice.caller, Project, id)


def test_hidden_and_unknown_are_refused_in_the_same_words(db, project, charlie):
    with pytest.raises(NotFound) as hidden:
        get_row(db, charlie.caller, Project, project.id)
    with pytest.raises(NotFound) as unknown:
        get_row(db, charlie.caller, Project, 999_999)
    assert hidden.value.template == unknown.value.template
    assert hidden.value.message.replace(str(project.id), "999999") == unknown.value.message


def test_rights_come_from_the_caller_and_not_from_the_name(db, project):
    nobody = Caller(id=0, username="alice", roles=frozenset())
    assert db.scalars(visible(nobody, select(Project))).all() == []
