"""The four ways in, without HTTP: each gives the account, or says that the credentials do not hold."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as any_of
from hypothesis import strategies
from sqlalchemy import select, update

from atrisys.access import passwords, sign_in
from atrisys.access.keys import signature_of
from atrisys.errors import NotFound, NotSignedIn, TooManyTries
from atrisys.settings import Settings
from atrisys.store.tables import FailedTries, LoginSession, SecUser

SIGNED = "the text that was signed"


@pytest.fixture
def box(app):
    return app.state.key_box


def by_signature(db, box, person, settings, **changed):
    sent = {"public_key": person.public_key, "signature": signature_of(person.private_key, SIGNED), "date": ""}
    return sign_in.by_signature(db, box, settings, messages=iter(["another", SIGNED]), **{**sent, **changed})


def refused(function, *arguments, **named):
    with pytest.raises(NotSignedIn) as refusal:
        function(*arguments, **named)
    return refusal.value.message


def test_a_signature_and_both_keys_name_the_account(db, box, settings, alice, bob):
    assert by_signature(db, box, alice, settings).id == alice.id
    assert sign_in.by_token(db, box, bob.public_key, bob.private_key).id == bob.id


def test_an_unknown_key_a_wrong_one_and_a_locked_account_are_refused_in_the_same_words(db, box, settings, alice, bob):
    unknown = refused(by_signature, db, box, alice, settings, public_key="nobody's")
    assert refused(by_signature, db, box, alice, settings, signature="wrong") == unknown
    assert refused(by_signature, db, box, alice, settings, public_key=bob.public_key) == unknown
    assert refused(sign_in.by_token, db, box, alice.public_key, bob.private_key) == unknown
    assert refused(sign_in.by_token, db, box, alice.public_key, "") == unknown
    assert refused(sign_in.by_token, db, box, "", alice.private_key) == unknown
    assert refused(sign_in.by_token, db, box, alice.public_key, "é") == unknown
    db.execute(update(SecUser).where(SecUser.id == alice.id).values(enabled=False))
    db.expire_all()
    assert refused(by_signature, db, box, alice, settings) == unknown
    assert refused(sign_in.by_token, db, box, alice.public_key, alice.private_key) == unknown


def test_a_stale_date_is_told_only_to_who_has_the_key(db, box, settings, alice):
    old = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert "36" in refused(by_signature, db, box, alice, settings, date=old)
    assert "36" not in refused(by_signature, db, box, alice, settings, date=old, signature="wrong")


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 23 Nov 2026 22:04:02 +0000",
        "Mon, 23 Nov 2026 22:04:02 GMT",
        "Mon, 23 Nov 2026 22:04:02 -0000",
        "Tue, 24 Nov 2026 06:04:02 +0800",
        "2026-11-23T22:04:02.123Z",
        "2026-11-24T06:04:02+08:00",
        "2026-11-23T22:04:02",
    ],
)
def test_dates_are_read_as_clients_write_them(date):
    read = sign_in._read_date(date)
    assert read is not None
    assert read.replace(microsecond=0) == datetime(2026, 11, 23, 22, 4, 2, tzinfo=UTC)


UNREADABLE = [
    "",
    " ",
    "yesterday",
    "%Mon, %23 %10 %2026 %22:%04:%02 +0000",
    "Mon, 23 Nov 99999999999999 22:04:02 +0000",
    "Mon, 99999999999999999999 Nov 2026 22:04:02 +0000",
    "Mon, 23 Nov 2026 22:04:02 +99999999999",
    "2026-13-45T99:99:99Z",
]


@pytest.mark.parametrize("date", UNREADABLE)
def test_a_date_that_nobody_reads_passes_unless_the_server_is_strict(date):
    sign_in.require_fresh(date, Settings())
    assert date in refused(sign_in.require_fresh, date, Settings(strict_signatures=True))


@any_of(strategies.text() | strategies.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [+-]\d+", fullmatch=True))
def test_no_date_is_a_bug(date):
    with suppress(NotSignedIn):
        sign_in.require_fresh(date, Settings())


@pytest.mark.parametrize(("tolerance_s", "off_s", "fresh"), [(900, 890, True), (900, 910, False), (5, 10, False)])
def test_how_far_a_date_may_be_off_is_a_setting(tolerance_s, off_s, fresh):
    settings = Settings(signature_tolerance_s=tolerance_s)
    for off in (off_s, -off_s):
        date = (datetime.now(UTC) + timedelta(seconds=off)).isoformat()
        if fresh:
            sign_in.require_fresh(date, settings)
        else:
            refused(sign_in.require_fresh, date, settings)


def test_a_password_signs_in_whatever_the_capitals_of_the_name(store, alice):
    assert sign_in.by_password(store, "ALICE", "correct horse", "203.0.113.9").id == alice.id


def test_a_locked_account_is_refused_in_the_words_for_a_wrong_password(store, db, alice):
    wrong = refused(sign_in.by_password, store, "alice", "guess", "203.0.113.9")
    db.execute(update(SecUser).where(SecUser.id == alice.id).values(enabled=False))
    db.commit()
    assert refused(sign_in.by_password, store, "alice", "correct horse", "203.0.113.9") == wrong
    assert refused(sign_in.by_password, store, "nobody", "correct horse", "203.0.113.9") == wrong


def test_who_must_wait_is_not_heard_even_with_the_right_password(store, db, alice, monkeypatch):
    moment = passwords.now_ms()
    monkeypatch.setattr(passwords, "now_ms", lambda: moment)
    for _ in range(passwords.FREE_TRIES["pair"]):
        refused(sign_in.by_password, store, "alice", "guess", "203.0.113.9")
    with pytest.raises(TooManyTries):
        sign_in.by_password(store, "alice", "correct horse", "203.0.113.9")
    tries = dict(db.execute(select(FailedTries.subject, FailedTries.count)).all())
    assert tries == {"account:alice": 5, "address:203.0.113.9": 1, "pair:203.0.113.9|alice": 5}
    assert sign_in.by_password(store, "alice", "correct horse", "198.51.100.1").id == alice.id


def test_a_good_password_leaves_the_failures_of_its_address(store, db, alice):
    refused(sign_in.by_password, store, "alice", "guess", "203.0.113.9")
    sign_in.by_password(store, "alice", "correct horse", "203.0.113.9")
    assert db.scalars(select(FailedTries.subject)).all() == ["address:203.0.113.9"]


def test_a_session_is_kept_as_a_hash_and_cut_to_what_a_row_holds(db, settings, alice):
    user = db.get_one(SecUser, alice.id)
    token = sign_in.open_session(db, settings, user, "a" * 100, "b" * 1000)
    row = db.scalars(select(LoginSession)).one()
    assert token not in (row.token_hash, sign_in.handle_of(row))
    assert (len(row.address), len(row.agent)) == (64, 255)
    account, stale = sign_in.by_session(db, settings, token)
    assert (account.id, stale) == (user.id, False)
    assert len(token) >= 43


def test_the_handle_of_a_session_opens_nothing(db, settings, alice):
    sign_in.open_session(db, settings, db.get_one(SecUser, alice.id), "", "")
    row = db.scalars(select(LoginSession)).one()
    for value in (sign_in.handle_of(row), row.token_hash, ""):
        refused(sign_in.by_session, db, settings, value)


def test_one_ends_ones_own_sessions_by_their_whole_handle(db, settings, alice, bob):
    sign_in.open_session(db, settings, db.get_one(SecUser, alice.id), "", "")
    handle = sign_in.handle_of(db.scalars(select(LoginSession)).one())
    for user_id, named in ((bob.id, handle), (alice.id, handle[:-1]), (alice.id, "")):
        with pytest.raises(NotFound):
            sign_in.end_session(db, user_id, named)
    sign_in.end_session(db, alice.id, handle)
    assert db.scalars(select(LoginSession)).all() == []


@pytest.mark.parametrize("value", ["", ".", "..", "1", "²..", "1.x.y", "9" * 30 + ".1.x", "-1.9.x", "1.9.é"])
def test_what_is_no_picture_cookie_is_refused(db, box, alice, value):
    refused(sign_in.by_picture_cookie, db, box, value)


def test_a_picture_cookie_holds_its_time_and_no_longer(db, box, settings, alice):
    for seconds, holds in ((60, True), (-60, False)):
        short = settings.model_copy(update={"picture_cookie_s": seconds})
        value = sign_in.picture_cookie(box, short, alice.id, alice.public_key)
        if holds:
            assert sign_in.by_picture_cookie(db, box, value).id == alice.id
        else:
            refused(sign_in.by_picture_cookie, db, box, value)
