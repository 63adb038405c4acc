import pytest
from sqlalchemy import func, select

from atrisys.actions import sweep_activity as sweeping
from atrisys.actions.sweep_activity import sweep_activity
from atrisys.store.table import now_ms
from atrisys.store.tables import AnnotationAction, Follower, ImageConsultation, ProjectConnection, UserPosition

DAY_S = 24 * 3600


@pytest.fixture
def project(given, alice):
    return given.project(alice)


def left(db, kind):
    return set(db.scalars(select(kind.id)))


def test_what_is_older_than_the_settings_say_goes(given, alice, project, store, db):
    image = given.image(project, alice)
    for ago_days in (400, 31):
        given.position(image, alice, ago_s=ago_days * DAY_S)
    for make in (given.consultation, given.action):
        make(image, alice, ago_s=366 * DAY_S)
    given.connection(project, alice, ago_s=366 * DAY_S)
    kept = {
        UserPosition: given.position(image, alice, ago_s=29 * DAY_S).id,
        ImageConsultation: given.consultation(image, alice, ago_s=364 * DAY_S).id,
        AnnotationAction: given.action(image, alice, ago_s=364 * DAY_S).id,
        ProjectConnection: given.connection(project, alice, ago_s=364 * DAY_S).id,
    }
    sweep_activity(store)
    for kind, id in kept.items():
        assert left(db, kind) == {id}, kind


def test_it_goes_in_batches_until_nothing_old_is_left(given, alice, project, store, db, monkeypatch):
    monkeypatch.setattr(sweeping, "BATCH", 2)
    image = given.image(project, alice)
    for ago_days in (90, 80, 70, 60, 50):
        given.position(image, alice, ago_s=ago_days * DAY_S)
    young = given.position(image, alice)
    sweep_activity(store)
    assert left(db, UserPosition) == {young.id}


def test_those_who_followed_yesterday_are_forgotten(given, alice, project, store, db):
    image = given.image(project, alice)
    with given.writing() as writing:
        before = now_ms() - 2 * DAY_S * 1000
        writing.add(Follower(image_id=image.id, followed_id=alice.id, follower_id=alice.id, last_seen=before))
    sweep_activity(store)
    assert db.scalar(select(func.count()).select_from(Follower)) == 0
