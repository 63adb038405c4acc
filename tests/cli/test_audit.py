import pytest
from sqlalchemy import select, update

from atrisys.actions.seal_log import seal_log
from atrisys.store import spatial
from atrisys.store.tables import Change


@pytest.fixture
def sealed(installation):
    installation.run("user", "add", "ada", "--role", "admin")
    with installation.store() as store:
        assert seal_log(store) > 0
    return installation


def test_a_log_that_holds_is_verified_and_its_last_seal_told(sealed):
    found = sealed.json("audit", "verify")
    assert (found["problem"], found["seals"], found["unsealed"]) == ("", 1, 0)
    assert found["lines"] > 0
    assert sealed.json("audit", "verify", "--seal", found["last"].upper()) == found


def test_a_seal_that_is_not_there_and_a_changed_line_end_with_status_1(sealed):
    said = sealed.run("audit", "verify", "--seal", "0" * 64, status=1)
    assert "cut off" in said.stderr
    with sealed.writing() as db:
        spatial.append_freely(db.connection(), "change")
        db.execute(update(Change).values(after="{}"))
    said = sealed.json("audit", "verify", status=1)
    assert said["problem"].startswith("Seal 1 ")
    assert said["seals"] == 0


def test_the_log_is_exported_line_by_line(sealed):
    sealed.run("user", "keys", "ada")
    found = sealed.lines("audit", "export")
    with sealed.reading() as db:
        assert [line["seq"] for line in found if line["log"] == "change"] == list(db.scalars(select(Change.seq)))
    last = found[-1]
    assert (last["log"], last["action"], last["door"]) == ("event", "keys read", "command line")
    assert sealed.lines("audit", "export", "--since", found[-2]["seq"]) == [last]
    keys = sealed.json("user", "keys", "ada")
    assert keys["privateKey"] not in str(found)
