import pytest
from sqlalchemy import select

from atrisys.access.domains import EDITORS, find_domain, kind_named, require_metadata_editor
from atrisys.access.visible import domains, get_row, visible
from atrisys.errors import NotAllowed, NotFound
from atrisys.store.tables import (
    Configuration,
    ImageFilter,
    ImageInstance,
    Project,
    ProjectMember,
    Property,
    Relation,
    SecRole,
    SecUser,
    SecUserSecRole,
    Storage,
    StorageMember,
    UserAnnotation,
)
from atrisys.store.tables.files import READ

FOR_ADMINISTRATORS = {Configuration, ImageFilter, Relation, SecRole, SecUserSecRole, ProjectMember, StorageMember}
"""Kinds that nobody else describes: nobody else edits them, or not as things of their own."""
IN_PROJECT = {"Project", "ImageInstance", "SliceInstance", "UserAnnotation", "AnnotationTerm"}
OF_SLIDE = {"AbstractImage", "AbstractSlice"}
OF_ONTOLOGY = {"Ontology", "Term", "RelationTerm"}
OF_STORAGE = {"Storage", "UploadedFile"}
IMAGES = {"ImageInstance", "SliceInstance", *OF_SLIDE}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("be.cytomine.domain.project.Project", Project),
        ("be.cytomine.project.Project", Project),
        ("be_cytomine_domain_project_Project", Project),
        ("project", Project),
        ("be.cytomine.image.ImageInstance", ImageInstance),
        ("imageinstance", ImageInstance),
        ("be.cytomine.domain.image.server.Storage", Storage),
        ("be.cytomine.domain.security.User", SecUser),
        ("be.cytomine.security.SecUser", SecUser),
        ("be.cytomine.domain.ontology.UserAnnotation", UserAnnotation),
        ("be.cytomine.AnnotationDomain", UserAnnotation),
        ("annotation", UserAnnotation),
    ],
)
def test_a_kind_is_known_by_all_the_names_that_clients_have_for_it(name, kind):
    assert kind_named(name) is kind


@pytest.mark.parametrize(
    "name", ["", "be.cytomine.processing.Software", "elsewhere.Project", "Change", "be.cytomine.domain.meta.Property"]
)
def test_other_names_are_no_kind(name):
    with pytest.raises(NotFound):
        kind_named(name)


def test_every_kind_that_somebody_sees_says_who_describes_it():
    assert set(domains()) - set(EDITORS) == FOR_ADMINISTRATORS
    assert set(EDITORS) <= set(domains())


def who(db, person, objects, may):
    """The names of the kinds for which `may` does not refuse."""
    found = set()
    for name, row in objects.items():
        try:
            may(db, person.caller, row)
            found.add(name)
        except (NotFound, NotAllowed):
            pass
    return found


def found(db, caller, row):
    return find_domain(db, caller, row.cytomine_class, row.id)


def may(db, caller, row):
    require_metadata_editor(db, caller, found(db, caller, row))


def test_what_is_said_of_an_object_is_seen_by_those_who_see_the_object(given, db, ada, alice, bob, charlie):
    objects = given.objects(alice, [bob])
    said = {given.property(row).id: name for name, row in objects.items()}
    for person in (ada, alice, bob, charlie):
        listed = db.scalars(visible(person.caller, select(Property)))
        seen = {said[row.id] for row in listed if row.id in said}
        assert seen == who(db, person, objects, found)
        assert seen == who(db, person, objects, lambda db, caller, row: get_row(db, caller, type(row), row.id))
    assert who(db, alice, objects, found) == who(db, ada, objects, found) == set(objects)
    assert who(db, bob, objects, found) == IN_PROJECT | OF_SLIDE | OF_ONTOLOGY | {"Tag"}
    assert who(db, charlie, objects, found) == {"Tag"}


def test_who_may_edit_an_object_may_describe_it(given, db, ada, alice, bob):
    objects = given.objects(alice, [bob])
    objects["SecUser"] = db.get_one(SecUser, alice.id)
    assert who(db, ada, objects, may) == who(db, alice, objects, may) == set(objects)
    assert who(db, bob, objects, may) == IN_PROJECT - {"Project"}


@pytest.mark.parametrize("mode", ["is_read_only", "is_restricted"])
def test_contributors_of_a_project_with_a_mode_describe_none_of_its_things(given, db, alice, bob, mode):
    objects = given.objects(alice, [bob], **{mode: True})
    assert who(db, bob, objects, may) == set()
    assert who(db, alice, objects, may) == set(objects)


def test_in_a_restricted_project_contributors_describe_what_is_their_own(given, db, alice, bob):
    objects = given.objects(alice, [bob], is_restricted=True)
    own = given.annotation(objects["ImageInstance"], bob)
    assert who(db, bob, {"own": own, **objects}, may) == {"own"}


def test_a_guest_describes_annotations_and_projects_alone(given, db, ada):
    guest = given.person("greta", role="ROLE_GUEST")
    project = given.project(guest)
    image = given.image(project, ada)
    objects = {"Project": project, "ImageInstance": image, "UserAnnotation": given.annotation(image, guest)}
    assert who(db, guest, objects, may) == {"Project", "UserAnnotation"}


def test_who_only_reads_a_storage_describes_nothing_in_it(given, db, alice, bob):
    objects = given.objects(alice)
    given.storage_member(objects["Storage"], bob, READ)
    assert who(db, bob, objects, found) == OF_STORAGE | OF_SLIDE | {"Tag"}
    assert who(db, bob, objects, may) == set()


def test_what_is_said_of_images_is_hidden_where_their_project_is_blinded(given, db, alice, bob):
    objects = given.objects(alice, [bob], blind_mode=True)
    said = {given.property(row).id: name for name, row in objects.items()}
    assert who(db, bob, objects, found) == (IN_PROJECT | OF_ONTOLOGY | {"Tag"}) - IMAGES
    listed = db.scalars(visible(bob.caller, select(Property)))
    assert {said[row.id] for row in listed} == (IN_PROJECT | OF_ONTOLOGY | {"Tag"}) - IMAGES
    assert who(db, alice, objects, found) == set(objects)
    with pytest.raises(NotAllowed, match="blinded"):
        found(db, bob.caller, objects["ImageInstance"])


def test_what_is_said_on_a_hidden_layer_is_hidden(given, db, alice, bob):
    objects = given.objects(alice, [bob], hide_admins_layers=True)
    said = given.property(objects["UserAnnotation"])
    assert "UserAnnotation" not in who(db, bob, objects, found)
    assert said.id not in {row.id for row in db.scalars(visible(bob.caller, select(Property)))}
