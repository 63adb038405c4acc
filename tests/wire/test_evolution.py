import pytest

from atrisys.errors import TooLarge
from atrisys.store.tables import ProjectConnection
from atrisys.wire.activity import DAY_MS, Moments
from atrisys.wire.evolution import Steps

START = 1_735_516_800_000


@pytest.fixture
def counted(given, alice, db):
    """How connections on days 0, 0, 2 and 7 are counted."""
    project = given.project(alice)
    for day in (0, 0.5, 2, 7):
        row = given.connection(project, alice)
        with given.writing() as writing:
            writing.get_one(ProjectConnection, row.id).created = START + round(day * DAY_MS)

    def count(since=START, until=START + 8 * DAY_MS, days=2, accumulate=False, newest_first=None, **more):
        steps = Steps(Moments(since, until), days, accumulate, newest_first)
        row = ProjectConnection
        return steps.of(db, row.created, row.project_id == project.id, since=START, **more)

    return count


def sizes(rows):
    return [row["size"] for row in rows]


def test_each_step_counts_its_own(counted):
    rows = counted()
    assert sizes(rows) == [2, 1, 0, 1]
    assert rows[1] == {"date": START + 2 * DAY_MS, "endDate": START + 4 * DAY_MS, "size": 1}


def test_sums_hold_what_was_before(counted):
    assert sizes(counted(accumulate=True)) == [2, 3, 3, 4]
    assert sizes(counted(since=START + 2 * DAY_MS, accumulate=True)) == [3, 3, 4]
    assert sizes(counted(since=START + 2 * DAY_MS)) == [1, 0, 1]


def test_either_end_comes_first(counted):
    assert sizes(counted(newest_first=True)) == [1, 0, 1, 2]
    assert sizes(counted(until=START + 3 * DAY_MS)) == [2, 1]
    rows = counted(since=None, days=8)
    assert [(row["date"], row["size"]) for row in rows] == [(START, 4)]


def test_a_time_that_runs_backwards_has_no_steps_and_an_endless_one_is_refused(counted):
    assert counted(until=START - DAY_MS) == []
    with pytest.raises(TooLarge):
        counted(since=0, days=1)
