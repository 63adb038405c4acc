import os
import sqlite3
import stat
from contextlib import closing

import pytest
from sqlalchemy import select

from atrisys.access.keys import KeyBox
from atrisys.actions.add_user import add_user
from atrisys.errors import Misconfigured
from atrisys.settings import Settings
from atrisys.store import spatial, upgrade
from atrisys.store.session import Store
from atrisys.store.table import Base
from atrisys.store.tables import SecRole


@pytest.fixture
def fresh(tmp_path):
    store = Store(Settings(data=tmp_path / "data", database_url=""))
    yield store
    store.close()


@pytest.mark.filterwarnings("error")
def test_an_empty_folder_becomes_an_installation_without_a_warning(fresh):
    assert upgrade.prepare(fresh) == "made the database"
    assert upgrade.prepare(fresh) is None
    with fresh.reading() as db:
        roles = db.scalars(select(SecRole.authority).order_by(SecRole.id)).all()
    assert roles == ["ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN", "ROLE_GUEST"]
    assert stat.S_IMODE(fresh.folder.secret_file.stat().st_mode) == 0o600


def test_a_folder_without_the_secret_of_a_database_with_accounts_is_refused(fresh):
    upgrade.prepare(fresh)
    fresh.folder.secret_file.unlink()
    assert upgrade.prepare(fresh) is None
    own = fresh.folder.secret_file.read_bytes()
    with fresh.writing() as db:
        add_user(db, None, KeyBox(own), username="alice", password_hash="", role="ROLE_USER", email="")
    fresh.folder.secret_file.unlink()
    with pytest.raises(Misconfigured, match="not this database's folder"):
        upgrade.prepare(fresh)
    assert not fresh.folder.secret_file.exists()


@pytest.mark.parametrize("name", ["what?mode=memory", "50% #1", "file:data", "切片"])
def test_the_database_lies_in_its_folder_whatever_that_is_called(tmp_path, name):
    store = Store(Settings(data=tmp_path / name, database_url=""))
    upgrade.prepare(store)
    store.close()
    assert (tmp_path / name / "atrisys.sqlite").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_other_users_of_the_machine_read_no_database_even_in_a_folder_that_is_open_to_them(fresh):
    for folder in (fresh.folder.root, fresh.folder.backups):
        folder.mkdir(mode=0o755)
    upgrade.prepare(fresh)
    with fresh.writing() as db:
        db.scalars(select(SecRole)).all()
        beside = list(fresh.folder.root.glob("atrisys.sqlite*"))
        assert {stat.S_IMODE(file.stat().st_mode) for file in beside} == {0o600}
    backup = fresh.folder.backups / "one.sqlite"
    spatial.back_up(fresh.engine, backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    fresh.folder.database.chmod(0o644)
    upgrade.prepare(fresh)
    assert stat.S_IMODE(fresh.folder.database.stat().st_mode) == 0o640


def test_a_failed_statement_tells_the_log_no_values(fresh):
    assert fresh.engine.hide_parameters


def test_the_secret_stays_and_must_be_its_owners_alone(fresh):
    upgrade.prepare(fresh)
    secret = fresh.folder.secret()
    assert fresh.folder.secret() == secret
    fresh.folder.secret_file.chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        fresh.folder.secret()


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(fresh):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    upgrade.prepare(fresh)
    with fresh.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


@pytest.fixture
def older(fresh, monkeypatch):
    """A database that a program before this one has made."""
    upgrade.prepare(fresh)
    monkeypatch.setattr(upgrade, "HEAD", f"{int(upgrade.HEAD) + 1:04d}")
    return fresh


def roles_in(store):
    with store.reading() as db:
        return len(db.scalars(select(SecRole)).all())


def write_as_another_program(store, statement):
    with closing(sqlite3.connect(store.folder.database)) as other:
        other.execute(statement)
        other.commit()


def test_a_migrated_database_has_its_backup_beside_it(older):
    assert "backup in" in upgrade.prepare(older)
    assert len(list(older.folder.backups.iterdir())) == 1
    assert roles_in(older) == 4


def test_a_failed_migration_leaves_what_others_wrote_meanwhile(older, monkeypatch):
    def breaks(*_args, **_kwargs):
        write_as_another_program(older, "DELETE FROM sec_role WHERE authority = 'ROLE_GUEST'")
        raise RuntimeError("a broken step")

    monkeypatch.setattr(upgrade, "_migrate", breaks)
    with pytest.raises(Misconfigured, match="stands as it was before: a broken step"):
        upgrade.prepare(older)
    assert roles_in(older) == 3
    assert len(list(older.folder.backups.iterdir())) == 1


def test_a_migration_that_leaves_a_broken_database_is_taken_back(older, monkeypatch):
    monkeypatch.setattr(upgrade, "_migrate", lambda store: write_as_another_program(store, "DELETE FROM sec_role"))
    monkeypatch.setattr(spatial, "integrity_problem", lambda _engine: "a page is missing")
    with pytest.raises(Misconfigured, match=r"stands as it was before: .*a page is missing"):
        upgrade.prepare(older)
    assert roles_in(older) == 4


def test_a_database_of_a_newer_program_is_left_alone(fresh, monkeypatch):
    upgrade.prepare(fresh)
    write_as_another_program(fresh, "UPDATE alembic_version SET version_num = '9999'")
    monkeypatch.setattr(spatial, "restore", lambda *_args: pytest.fail("the live database was written over"))
    with pytest.raises(Misconfigured, match="newer ATrISys"):
        upgrade.prepare(fresh)
    assert upgrade.version_of(fresh) == "9999"
    assert list(fresh.folder.backups.iterdir()) == []


def test_an_unreachable_data_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="--data"):
        upgrade.prepare(Store(Settings(data=tmp_path / "file" / "data")))
    assert os.path.isfile(tmp_path / "file")


def test_another_database_than_ours_is_refused():
    with pytest.raises(Misconfigured, match="postgresql://"):
        Store(Settings(database_url="mysql://x/y"))
