import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from atrisys import __version__
from atrisys.cli.main import main

COMMANDS = [
    ["serve"],
    ["demo"],
    ["user", "add"],
    ["user", "list"],
    ["user", "keys"],
    ["project", "add"],
    ["project", "list"],
    ["import"],
    ["watch"],
    ["export"],
    ["annotations", "import"],
    *(["jobs", word] for word in ("list", "show", "watch", "cancel", "retry")),
    ["deidentify"],
    *(["audit", word] for word in ("verify", "export")),
    ["doctor"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(words):
    said = CliRunner().invoke(main, [*words, "--help"])
    assert said.exit_code == 0
    assert "Example:  atrisys " + " ".join(words) in said.stdout
    assert "--data DIR" in said.stdout


def test_no_other_command_stands_in_the_list():
    assert sorted(main.commands) == sorted({words[0] for words in COMMANDS})


def test_help_comes_at_once_and_loads_no_library():
    check = "import sys; from atrisys.cli.main import main; heavy = {'sqlalchemy', 'numpy', 'fastapi', 'pydantic'}"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", f"{check}; print(sorted(heavy & set(sys.modules)))"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
    assert time.monotonic() - started < 5


def test_the_version_is_told():
    assert CliRunner().invoke(main, ["--version"]).stdout.strip() == f"atrisys {__version__}"


def test_the_package_runs_as_the_command():
    done = subprocess.run([sys.executable, "-m", "atrisys", "--version"], capture_output=True, text=True)
    assert done.stdout.strip() == f"atrisys {__version__}"


def test_a_refusal_is_a_sentence_and_status_1(installation):
    done = installation.run("user", "keys", "nobody", status=1)
    assert done.stdout == ""
    assert "There is no user named nobody" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_that_cannot_be_used_is_named(installation):
    installation.settings["ATRISYS_JOBS_AT_ONCE"] = "many"
    done = installation.run("user", "add", "alice", status=1)
    assert "ATRISYS_JOBS_AT_ONCE" in done.stderr
    assert not installation.data.exists()


def test_the_data_folder_may_be_named_after_the_command_and_by_the_setting(tmp_path):
    runner = CliRunner()
    assert runner.invoke(main, ["user", "add", "ada", "--data", str(tmp_path / "d")]).exit_code == 0
    again = runner.invoke(main, ["user", "--data", str(tmp_path / "d"), "keys", "ada"])
    by_setting = runner.invoke(main, ["user", "keys", "ada"], env={"ATRISYS_DATA": str(tmp_path / "d")})
    assert again.stdout == by_setting.stdout != ""


def test_a_folder_where_nothing_was_is_said_to_be_new_and_one_that_is_known_is_not(installation):
    assert "no installation in that folder" in installation.run("user", "list").stderr
    assert installation.run("user", "list").stderr == ""


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("no folder")
    done = CliRunner().invoke(main, ["user", "add", "ada", "--data", str(tmp_path / "file" / "data")])
    assert done.exit_code == 1
    assert "cannot be made" in done.stderr
