import shutil

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import make_transient

from atrisys.actions.seal_log import seal_log
from atrisys.settings import Settings
from atrisys.store import spatial
from atrisys.store.ids import take_ids
from atrisys.store.session import Store
from atrisys.store.tables import AttachedFile, Change, Project
from given import slides
from walk.running import free_port


def by_check(installation, status=0):
    lines = installation.lines("doctor", status=status)
    worst = ["well", "look", "wrong"]
    found = {}
    for line in lines:
        assert set(line) == {"check", "state", "says", "mend"}
        if worst.index(line["state"]) >= worst.index(found.get(line["check"], line)["state"]):
            found[line["check"]] = line
    return found


@pytest.fixture
def sound(installation):
    installation.run("user", "add", "ada", "--role", "admin")
    return installation


def test_a_sound_installation_is_found_well(sound):
    found = by_check(sound)
    checks = ["settings", "libraries", "public address", "data folder", "room", "secret", "database", "accounts"]
    assert set(found) == {*checks, "clock", "log", "files", "pictures"}
    assert {line["state"] for check, line in found.items() if check != "room"} == {"well"}


def test_an_empty_folder_is_prepared_and_asks_for_an_account(installation):
    accounts = by_check(installation)["accounts"]
    assert accounts["state"] == "look"
    assert "atrisys user add" in accounts["mend"]


def test_a_secret_that_others_can_read_is_wrong(sound):
    (sound.data / "secret").chmod(0o644)
    secret = by_check(sound, status=1)["secret"]
    assert secret["state"] == "wrong"
    assert secret["mend"].startswith("chmod 600")


def test_a_secret_of_another_installation_is_noticed(sound):
    (sound.data / "secret").write_bytes(bytes(range(32)))
    assert by_check(sound, status=1)["accounts"]["state"] == "wrong"


def test_a_secret_that_is_lost_is_noticed_and_none_is_made_in_its_place(sound):
    (sound.data / "secret").unlink()
    assert by_check(sound, status=1)["accounts"]["state"] == "wrong"
    assert not (sound.data / "secret").exists()
    assert "not this database's folder" in sound.run("user", "list", status=1).stderr


def test_missing_and_cut_files_are_named(sound, tmp_path):
    project = sound.project()
    for number in (1, 2):
        slides.svs(tmp_path / f"{number}.svs", seed=number)
        sound.run("import", tmp_path / f"{number}.svs", "--project", project)
    first, second = (path for path in (sound.data / "files").rglob("*") if path.is_file())
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    says = [line["says"] for line in sound.lines("doctor", status=1) if line["check"] == "files"]
    assert len(says) == 2
    assert "1 files are missing" in says[0]
    assert "not as large" in says[1]


def test_a_missing_attached_file_is_named(sound):
    project = sound.project()
    row = AttachedFile(id=10**9, domain_class_name=Project.cytomine_class, domain_ident=project, size=1, sha256="")
    row.filename, row.kept_name = "report.pdf", "ab/gone.pdf"
    with sound.writing() as db:
        db.add(row)
    assert "report.pdf" in by_check(sound, status=1)["files"]["says"]


def test_a_broken_database_is_noticed(sound):
    if sound.settings:
        pytest.skip("PostgreSQL looks after its own pages")
    file = sound.data / "atrisys.sqlite"
    content = bytearray(file.read_bytes())
    for place in range(4096 * 5, len(content), 4096):
        content[place : place + 200] = b"\xff" * 200
    file.write_bytes(content)
    assert by_check(sound, status=1)["database"]["state"] == "wrong"


def test_a_clock_that_was_put_back_is_noticed(sound):
    store = Store(Settings(data=sound.data, database_url=sound.settings.get("ATRISYS_DATABASE_URL", "")))
    with store.writing() as db:
        last = db.scalars(select(Change).order_by(Change.seq.desc()).limit(1)).one()
        make_transient(last)
        last.seq, last.created = take_ids(db)[0], last.created + 3_600_000
        db.add(last)
    store.close()
    assert by_check(sound, status=1)["clock"]["state"] == "wrong"


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("ATRISYS_PUBLIC_URL", "https://slides.example.org/atrisys", "well"),
        ("ATRISYS_PUBLIC_URL", "http://slides.example.org", "look"),
        ("ATRISYS_PUBLIC_URL", "slides.example.org", "wrong"),
        ("ATRISYS_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.7", "well"),
        ("ATRISYS_TRUSTED_PROXIES", "*", "look"),
        ("ATRISYS_TRUSTED_PROXIES", "the proxy", "wrong"),
    ],
)
def test_addresses_that_cannot_be_are_named(sound, name, value, state):
    sound.settings[name] = value
    assert by_check(sound, status=int(state == "wrong"))["public address"]["state"] == state


def test_a_setting_that_cannot_be_used_ends_the_examination(sound):
    sound.settings["ATRISYS_JOBS_AT_ONCE"] = "0"
    found = by_check(sound, status=1)
    assert list(found) == ["settings"]
    assert "ATRISYS_JOBS_AT_ONCE" in found["settings"]["says"]


@pytest.mark.parametrize(
    ("name", "value"), [("ATRISYS_PICTURE_MEMORY_MB", "1"), ("ATRISYS_PICTURE_TIMEOUT_S", "0.001")]
)
def test_a_limit_that_ends_every_decoder_is_noticed(sound, name, value):
    sound.settings[name] = value
    pictures = by_check(sound, status=1)["pictures"]
    assert pictures["state"] == "wrong"
    assert name in pictures["mend"]


def test_a_database_that_does_not_answer_is_wrong(sound):
    sound.settings["ATRISYS_DATABASE_URL"] = "mysql://somewhere"
    assert by_check(sound, status=1)["database"]["state"] == "wrong"


def test_a_data_folder_that_is_gone_is_made_anew(sound):
    shutil.rmtree(sound.data)
    if not sound.settings:
        assert by_check(sound)["database"]["state"] == "well"


def test_a_cluster_that_does_not_answer_is_wrong(sound):
    sound.settings["ATRISYS_DASK_SCHEDULER"] = f"tcp://127.0.0.1:{free_port()}"
    found = by_check(sound, status=1)["cluster"]
    assert found["state"] == "wrong"
    assert "ATRISYS_DASK_SCHEDULER" in found["says"]


def test_a_log_that_was_tampered_with_is_wrong(sound):
    with sound.store() as store:
        seal_log(store)
        with store.writing() as db:
            spatial.append_freely(db.connection(), "change")
            db.execute(update(Change).values(user_id=1))
    log = by_check(sound, status=1)["log"]
    assert (log["state"], log["says"][:7]) == ("wrong", "Seal 1 ")
