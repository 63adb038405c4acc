import threading

import pytest
from sqlalchemy import func, select

from atrisys.store.ids import take_ids
from atrisys.store.tables import IdSequence, Ontology


def test_writers_wait_for_each_other_and_none_fails(fresh):
    failures = []

    def write():
        try:
            for _ in range(20):
                with fresh.writing() as db:
                    db.scalar(select(IdSequence.last))
                    take_ids(db)
        except Exception as error:
            failures.append(error)

    with fresh.reading() as db:
        before = db.scalars(select(IdSequence.last)).one()
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with fresh.reading() as db:
        assert db.scalars(select(IdSequence.last)).one() == before + 80


def test_a_reader_sees_one_moment_while_others_write(fresh):
    with fresh.reading() as reader:
        first = reader.scalars(select(IdSequence.last)).one()
        with fresh.writing() as db:
            take_ids(db)
        reader.expire_all()
        assert reader.scalars(select(IdSequence.last)).one() == first


def test_what_raises_leaves_nothing(fresh):
    with pytest.raises(ZeroDivisionError), fresh.writing() as db:
        take_ids(db, 10 // 0 if take_ids(db, 10) else 1)
    with fresh.reading() as db:
        assert db.scalars(select(IdSequence.last)).one() == 100
        assert db.scalar(select(func.count(Ontology.id))) == 0


def test_a_connection_is_kept_for_the_next_question_unless_one_failed(fresh):
    with fresh.asking() as first:
        assert first.scalar(select(IdSequence.last)) is not None
    with fresh.asking() as second, fresh.asking() as beside:
        assert second is first
        assert beside is not first
        assert not second.in_transaction()
    with pytest.raises(ZeroDivisionError), fresh.asking() as failing:
        raise ZeroDivisionError
    assert failing.closed
    with fresh.asking() as last:
        assert last in (first, beside)
        fresh.close()
    assert last.closed
