"""Statements whose text is made once."""

from sqlalchemy import BigInteger, bindparam, select, update

from atrisys.store.fixed import Fixed
from atrisys.store.tables import IdSequence, SecUser

BY_NAME = Fixed(select(SecUser.id, SecUser.username).where(SecUser.username == bindparam("name")))
TAKE = Fixed(
    update(IdSequence)
    .where(IdSequence.name == "id")
    .values(last=IdSequence.last + bindparam("more", type_=BigInteger))
    .returning(IdSequence.last)
)


def test_rows_come_for_the_values_of_each_time(db, alice, bob):
    for _ in range(2):
        assert BY_NAME.rows(db, name="alice") == [(alice.id, "alice")]
        assert BY_NAME.rows(db, name="bob") == [(bob.id, "bob")]
    assert BY_NAME.rows(db, name="nobody' OR 1=1 --") == []


def test_what_stands_in_the_statement_stays_there_and_writes_are_of_the_transaction(db):
    ((before,),) = TAKE.rows(db, more=0)
    assert TAKE.rows(db, more=5) == [(before + 5,)]
    db.rollback()
    assert TAKE.rows(db, more=0) == [(before,)]
