import pytest
from sqlalchemy import text

from atrisys.store.after_commit import after_commit, after_rollback


@pytest.fixture
def done():
    return []


def arrange(db, done):
    db.execute(text("SELECT 1"))
    after_commit(db, lambda: done.append("kept"))
    after_rollback(db, lambda: done.append("undone"))


def test_what_follows_a_commit_happens_once_after_it(kept, done):
    with kept.writing() as db:
        with db.begin_nested():
            arrange(db, done)
        with db.begin_nested():
            db.execute(text("SELECT 1"))
        assert done == []
    assert done == ["kept"]
    with kept.writing() as db:
        db.execute(text("SELECT 1"))
    assert done == ["kept"]


def test_what_follows_an_undoing_happens_instead(kept, done):
    with kept.session(writes=True) as db:
        arrange(db, done)
        db.rollback()
        assert done == ["undone"]
        db.execute(text("SELECT 1"))
        db.commit()
    assert done == ["undone"]


def test_a_session_that_is_closed_without_a_word_was_undone(kept, done):
    with kept.session(writes=True) as db:
        arrange(db, done)
    assert done == ["undone"]


def test_one_that_fails_does_not_keep_the_others_from_happening(kept, done):
    with kept.writing() as db:
        after_commit(db, lambda: 1 / 0)
        arrange(db, done)
    assert done == ["kept"]
