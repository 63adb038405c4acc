import os
import sqlite3
import stat

import pytest
from sqlalchemy import select

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


def test_an_empty_folder_becomes_an_installation(fresh):
    assert upgrade.prepare(fresh) == "made the database"
    assert upgrade.prepare(fresh) is None
    with fresh.reading() as db:
        roles = db.scalars(select(SecRole.authority).order_by(SecRole.id)).all()
    assert roles == ["ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN", "ROLE_GUEST"]
    assert stat.S_IMODE(fresh.folder.secret_file.stat().st_mode) == 0o600


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


def test_a_failed_migration_puts_the_database_back(fresh, monkeypatch):
    upgrade.prepare(fresh)
    with fresh.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")

    def breaks(*_args, **_kwargs):
        with sqlite3.connect(fresh.folder.database) as other:
            other.execute("PRAGMA foreign_keys=OFF")
            other.execute("DELETE FROM sec_role")
        raise RuntimeError("a broken step")

    monkeypatch.setattr(upgrade, "_migrate", breaks)
    with pytest.raises(Misconfigured, match="put back as it was: a broken step"):
        upgrade.prepare(fresh)
    with fresh.reading() as db:
        assert len(db.scalars(select(SecRole)).all()) == 4
    assert len(list(fresh.folder.backups.iterdir())) == 1


def test_a_network_share_is_refused_for_sqlite(monkeypatch, fresh):
    monkeypatch.setattr(spatial, "network_share_of", lambda folder: "nfs4")
    with pytest.raises(Misconfigured, match="network share"):
        spatial.refuse_network_share("", fresh.folder.root)
    spatial.refuse_network_share("postgresql://db", fresh.folder.root)


def test_an_unreachable_data_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="--data"):
        upgrade.prepare(Store(Settings(data=tmp_path / "file" / "data")))
    assert os.path.isfile(tmp_path / "file")


def test_another_database_than_ours_is_refused():
    with pytest.raises(Misconfigured, match="postgresql://"):
        Store(Settings(database_url="mysql://x/y"))
