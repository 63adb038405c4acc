"""Passwords are kept as argon2id alone, and guessing at them gets slower and slower."""

import statistics
import time

import pytest
from sqlalchemy import select, update

from atrisys.access import passwords
from atrisys.errors import Invalid, TooManyTries
from atrisys.store.table import now_ms
from atrisys.store.tables import FailedTries


def wait_of(db, account="alice", address="203.0.113.9"):
    """Seconds that a try must wait; 0 where it is heard at once."""
    try:
        passwords.require_patience(db, account, address)
    except TooManyTries as refusal:
        return refusal.wait_s
    return 0


def fail(db, times, name="alice", address="203.0.113.9"):
    """Wrong passwords, as sign_in counts them."""
    for _ in range(times):
        if passwords.note_try(db, name, address):
            passwords.note_address(db, address)


def fail_everywhere(db, times, name="alice"):
    for place in range(times):
        fail(db, 1, name, f"198.51.100.{place}")


def fail_at_many(db, times, address="203.0.113.9"):
    for place in range(times):
        fail(db, 1, f"name {place}", address)


def test_a_password_is_kept_as_argon2id_with_a_salt_of_its_own():
    first, second = passwords.hash_password("correct horse"), passwords.hash_password("correct horse")
    assert first.startswith("$argon2id$")
    assert first != second
    assert "correct horse" not in first
    assert passwords.is_right(first, "correct horse")
    assert passwords.is_right(second, "correct horse")


@pytest.mark.parametrize(
    "wrong", ["", "correct hors", "correct horse ", "Correct horse", "correct horse\0", "x" * 10**6]
)
def test_another_password_is_wrong(wrong):
    assert not passwords.is_right(passwords.hash_password("correct horse"), wrong)


@pytest.mark.parametrize("password", ["細胞核與組織切片", "пароль-123", "a\u0301bcdefg", "xy" * 512, " spaces "])
def test_any_characters_make_a_password(password):
    assert passwords.is_right(passwords.hash_password(password), password)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025])
def test_a_password_is_neither_too_short_nor_endless(password):
    with pytest.raises(Invalid) as refused:
        passwords.hash_password(password)
    assert refused.value.params == {"shortest": 8, "longest": 1024}
    assert password == "" or password not in refused.value.message


@pytest.mark.parametrize("password", ["password", "PassWord123", "12345678", "zzzzzzzz", " 1q2w3e4r ", "Alice.Wu"])
def test_a_password_that_everybody_tries_first_is_refused(password):
    with pytest.raises(Invalid):
        passwords.hash_password(password, "alice.wu")


def test_an_account_without_a_password_lets_nobody_in():
    assert not passwords.is_right(None, "")
    assert not passwords.is_right(None, "correct horse")


def test_an_account_that_does_not_exist_takes_as_long():
    stored = passwords.hash_password("correct horse")
    passwords.is_right(None, "x")

    def median_s(hashed):
        took = []
        for _ in range(5):
            start = time.perf_counter()
            passwords.is_right(hashed, "guess")
            took.append(time.perf_counter() - start)
        return statistics.median(took)

    known, unknown = median_s(stored), median_s(None)
    assert unknown > known / 3
    assert known > unknown / 3


def test_passwords_that_are_made_here_are_long_and_never_the_same():
    made = {passwords.new_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) >= 16 for password in made)


def test_an_account_waits_from_the_fifth_wrong_password_on_longer_each_time(db):
    waits = []
    for _ in range(9):
        fail(db, 1)
        waits.append(wait_of(db))
    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4:] == [2, 4, 8, 16, 32]


def test_a_stranger_elsewhere_locks_nobody_out_and_guessing_from_everywhere_stays_slow(db):
    fail(db, 19, address="198.51.100.1")
    assert wait_of(db, address="198.51.100.1") == 15 * 60
    assert wait_of(db) == 0
    fail_everywhere(db, 100)
    assert wait_of(db) == 60
    assert wait_of(db, "bob") == 0


def test_nobody_waits_longer_than_a_quarter_of_an_hour(db):
    fail(db, 1)
    for count in (15, 60, 2**40):
        db.execute(update(FailedTries).values(count=count, last=now_ms()))
        db.expire_all()
        assert wait_of(db) == 15 * 60


def test_an_address_may_fail_more_often_since_many_sit_behind_one(db):
    fail(db, 200, "charlie")
    fail_at_many(db, 18)
    assert wait_of(db, "bob") == 0
    fail(db, 1, "another")
    assert wait_of(db, "bob") == 2
    assert wait_of(db, "bob", "203.0.113.10") == 0
    fail_at_many(db, 200)
    assert wait_of(db, "bob") == 60


def test_the_longer_of_two_waits_counts(db):
    fail(db, 7)
    fail_at_many(db, 19)
    assert wait_of(db) == 8
    assert wait_of(db, "bob") == 2
    fail_everywhere(db, 20)
    assert wait_of(db) == 60
    assert wait_of(db, address="203.0.113.10") == 60


def test_waiting_helps(db):
    fail(db, 7)
    db.execute(update(FailedTries).values(last=FailedTries.last - 8000))
    db.expire_all()
    assert wait_of(db) == 0


def test_the_right_password_makes_the_account_forget_but_not_the_address(db):
    fail(db, 6)
    fail(db, 1, address="203.0.113.10")
    passwords.forget_tries(db, "ALICE", "203.0.113.9")
    left = ["address:203.0.113.10", "address:203.0.113.9", "pair:203.0.113.10|alice"]
    assert sorted(db.scalars(select(FailedTries.subject))) == left
    passwords.forget_tries(db, "ALICE")
    assert sorted(db.scalars(select(FailedTries.subject))) == left[:2]


def test_capital_letters_make_no_other_account(db):
    fail(db, 3, name="alice")
    fail(db, 2, name="ALICE")
    assert wait_of(db, "Alice") == 2


def test_an_address_cannot_pose_as_an_account_or_the_reverse(db):
    fail(db, 20, "203.0.113.9", "198.51.100.1")
    fail(db, 20, "203.0.113.9|alice", "198.51.100.1")
    assert wait_of(db, "alice", "203.0.113.9") == 0


def test_names_that_are_much_too_long_are_counted_as_well(db):
    fail(db, 5, name="x" * 5000)
    assert wait_of(db, "x" * 5000) == 2


def test_failures_are_forgotten_after_a_day(db):
    fail(db, 9, name="old")
    db.execute(update(FailedTries).values(last=now_ms() - 25 * 3_600_000))
    fail(db, 1, name="new")
    assert "account:old" not in db.scalars(select(FailedTries.subject)).all()
    assert "account:new" in db.scalars(select(FailedTries.subject)).all()


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("203.0.113.9", "203.0.113.10", False),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.10", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("testclient", "testclient", True),
        ("", "", True),
    ],
)
def test_what_is_one_address(db, first, second, same):
    """An IPv6 network of 64 bits is one machine's; IPv4 addresses written as IPv6 are those of many."""
    fail_at_many(db, 20, first)
    assert (wait_of(db, "alice", second) > 0) is same
