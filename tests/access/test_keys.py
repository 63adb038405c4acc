"""API keys: private ones are encrypted with the installation's secret, and bound to their public ones."""

import uuid

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from atrisys.access.keys import KeyBox, signature_of, signed_by
from atrisys.store.tables import Change, SecUser


@pytest.fixture
def box():
    return KeyBox(b"the secret of this installation")


def test_a_pair_opens_again_and_no_two_are_alike(box):
    pairs = [box.new_pair() for _ in range(50)]
    assert len({public for public, _ in pairs}) == len({box.open(locked, public) for public, locked in pairs}) == 50
    for public, locked in pairs:
        assert str(uuid.UUID(public)) == public
        assert str(uuid.UUID(box.open(locked, public))) not in (public, locked.decode("latin-1"))


def test_the_same_key_is_locked_differently_each_time(box):
    assert box.lock("private", "public") != box.lock("private", "public")
    assert b"private" not in box.lock("private", "public")


def test_keys_of_other_systems_are_kept_as_they_are(box):
    for key in ("", "x", "a key with spaces", "金鑰", "k" * 10_000):
        assert box.open(box.lock(key, "public"), "public") == key


def test_the_bytes_of_one_row_do_not_open_in_another(box):
    locked = box.lock("private", "alice's")
    with pytest.raises(InvalidTag):
        box.open(locked, "bob's")


def test_another_installation_opens_nothing(box):
    with pytest.raises(InvalidTag):
        KeyBox(b"another secret").open(box.lock("private", "public"), "public")


@pytest.mark.parametrize("place", [0, 11, 12, -1])
def test_a_changed_byte_is_noticed(box, place):
    locked = bytearray(box.lock("private", "public"))
    locked[place] ^= 1
    with pytest.raises(InvalidTag):
        box.open(bytes(locked), "public")


def test_cookies_are_signed_with_another_key_than_keys_are_locked_with(box):
    again, other = KeyBox(b"the secret of this installation"), KeyBox(b"another secret")
    assert box.cookie_signature("1.2") == again.cookie_signature("1.2")
    assert len({box.cookie_signature("1.2"), box.cookie_signature("1.3"), other.cookie_signature("1.2")}) == 3
    assert len(box.cookie_signature("x")) == 43
    assert box.cookie_signature("x").replace("-", "").replace("_", "").isalnum()


def test_a_signature_is_base64_of_hmac_sha1():
    # RFC 2202, test case 2.
    assert signature_of("Jefe", "what do ya want for nothing?") == "7/zfauXrL6LSdBbV8YTfnCWafHk="


def test_one_of_several_messages_may_be_the_one_that_was_signed():
    signature = signature_of("private", "third")
    assert signed_by("private", signature, iter(["first", "second", "third"]))
    assert not signed_by("private", signature, ["first", "second"])
    assert not signed_by("private", signature, [])
    assert not signed_by("another", signature, ["third"])


@pytest.mark.parametrize("signature", ["", "é", "7/zfauXrL6LSdBbV8YTfnCWafHk", "7/zfauXrL6LSdBbV8YTfnCWafHk=="])
def test_what_is_nearly_a_signature_is_none(signature):
    assert not signed_by("Jefe", signature, ["what do ya want for nothing?"])


def test_a_private_key_is_in_the_database_and_the_log_in_no_form_that_can_be_read(alice, db):
    row = db.get_one(SecUser, alice.id)
    assert alice.private_key.encode() not in row.private_key
    logged = db.scalars(select(Change.after).where(Change.object_id == alice.id)).all()
    assert logged
    assert all(alice.private_key not in str(after) and "private_key" not in str(after) for after in logged)
