from typing import ClassVar

import pytest
from pydantic import ValidationError

from atrisys.store.tables import Ontology, SecUser
from atrisys.wire.accounts import flags, highest
from atrisys.wire.fields import SHOWN, Fields, Model, wire_names, without_stale_spellings


class Sent(Fields):
    nullable: ClassVar[frozenset[str]] = frozenset({"parent_id", "comment"})

    name: str | None = None
    ontology_id: int | None = None
    parent_id: int | None = None
    comment: str | None = None
    is_closed: bool | None = None


class Shown(Model):
    name: str
    user_id: int


@pytest.mark.parametrize(
    "body",
    [{"ontology": 7}, {"ontologyId": 7}, {"ontology_id": 7}, {"ontology": "7"}, {"ontology": "7", "class_": "x"}],
)
def test_a_reference_is_read_in_every_spelling_and_unknown_keys_are_passed_over(body):
    assert Sent.model_validate(body).ontology_id == 7


@pytest.mark.parametrize(("sent", "read"), [("true", True), ("False", False), (1, True), ("0", False)])
def test_truths_come_as_words_and_numbers(sent, read):
    assert Sent.model_validate({"isClosed": sent}).is_closed is read


def test_numbers_are_taken_for_text_and_blanks_cut_off():
    assert Sent.model_validate({"name": 12}).name == "12"
    assert Sent.model_validate({"name": "  a b "}).name == "a b"


@pytest.mark.parametrize("wrong", ["x", "", [], {}, 1.5, "1.5"])
def test_what_is_no_id_is_refused(wrong):
    with pytest.raises(ValidationError):
        Sent.model_validate({"ontology": wrong})


def changes(body):
    return Sent.model_validate(body).changes(body)


def test_what_a_change_leaves_out_stays_as_it_is():
    assert changes({"name": "new"}) == {"name": "new"}
    assert changes({}) == {}


def test_a_whole_model_that_comes_back_without_a_nullable_field_clears_it():
    assert changes({"name": "new", "created": "1", "comment": "kept"}) == {
        "name": "new",
        "comment": "kept",
        "parent_id": None,
    }
    assert changes({"class": "x", "isClosed": True}) == {"parent_id": None, "comment": None, "is_closed": True}


def test_null_clears_a_nullable_field_and_leaves_every_other_alone():
    assert changes({"comment": None, "name": None, "isClosed": None}) == {"comment": None}


@pytest.mark.parametrize(
    ("references", "asked"),
    [
        ({"user": 7, "userId": 7}, 7),
        ({"user": 8, "userId": 7}, 8),
        ({"user": 7, "userId": "8"}, 8),
        ({"user": 7}, 7),
        ({"user": None, "userId": 7}, None),
        ({"userId": 7}, None),
        ({}, None),
        ({"userId": 8}, 8),
    ],
)
def test_of_a_model_that_comes_back_the_spelling_counts_that_was_changed_or_left_out(references, asked):
    class Owned(Fields):
        nullable: ClassVar[frozenset[str]] = frozenset({"user_id"})

        user_id: int | None = None

    row = Ontology(id=5, name="o", user_id=7)
    body = {"class": "x", **references}
    kept = without_stale_spellings(Owned, body, row)
    assert Owned.model_validate(kept).changes(kept) == {"user_id": asked}
    assert without_stale_spellings(Owned, references, row) == references


def test_a_model_goes_out_with_cytomines_keys_and_both_spellings_of_references():
    row = Ontology(id=5, name="o", user_id=7, created=1700000000000, version=2)
    assert Shown.of(row).wire() == {
        "id": 5,
        "class": "be.cytomine.domain.ontology.Ontology",
        "created": "1700000000000",
        "updated": None,
        "deleted": None,
        "version": 2,
        "name": "o",
        "user": 7,
        "userId": 7,
    }


def test_column_names_have_wire_names():
    assert wire_names("base_image_id") == ("baseImage", "baseImageId")
    assert wire_names("is_read_only") == ("isReadOnly",)


def test_secrets_of_an_account_are_no_part_of_what_is_shown_of_it():
    row = SecUser(id=1, username="a", firstname="A", lastname="B", email="e@x", language="EN", is_developer=False)
    row.enabled, row.origin, row.created, row.version, row.public_key, row.private_key = True, "", 1, 1, "k", b"p"
    row.password_hash, row.creator_id = "hash", None
    shown = SHOWN[SecUser](None, row)
    assert shown["email"] is None
    assert not {"publicKey", "privateKey", "password", "passwordHash", "adminUntil"} & set(shown)
    assert (shown["name"], shown["fullName"]) == ("A B", "A B (a)")


@pytest.mark.parametrize(
    ("roles", "kind", "top"),
    [
        ((), "guest", None),
        (("ROLE_GUEST",), "guest", "ROLE_GUEST"),
        (("ROLE_USER", "ROLE_GUEST"), "user", "ROLE_USER"),
        (("ROLE_USER", "ROLE_ADMIN"), "admin", "ROLE_ADMIN"),
        (("ROLE_SUPER_ADMIN",), "admin", "ROLE_SUPER_ADMIN"),
    ],
)
def test_an_account_is_of_one_kind(roles, kind, top):
    assert [name for name, value in flags(roles).items() if value] == [kind]
    assert highest(roles) == top
