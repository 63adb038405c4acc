import json
import os
import pty
import subprocess

from atrisys.cli import speaking
from atrisys.cli.speaking import Lines, print_rows
from given import slides
from walk.running import atrisys


def test_without_a_terminal_progress_is_a_line_now_and_then(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(speaking.time, "monotonic", lambda: now[0])
    told = Lines("Importing")
    for step in range(1001):
        now[0] = step / 100
        told(step / 1000, "a.svs")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["Importing: 50 %, a.svs", "Importing: 100 %, a.svs"]


def in_a_terminal(words, both=False):
    """Standard output (from a pipe, unless both are the terminal) and what the terminal got."""
    ours, theirs = pty.openpty()
    out = theirs if both else subprocess.PIPE
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATRISYS_")}
    process = subprocess.Popen([*atrisys(), *map(str, words)], stdin=theirs, stdout=out, stderr=theirs, env=kept)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    printed = b"" if both else process.stdout.read()  # pyright: ignore[reportOptionalMemberAccess]
    return process.wait(60), printed.decode(), shown.decode()


def test_in_a_terminal_a_bar_fills_and_the_json_stays_clean(tmp_path):
    data = ["--data", tmp_path / "data"]
    subprocess.run([*atrisys(), "user", "add", "alice", *map(str, data)], capture_output=True, check=True)
    made = subprocess.run(
        [*atrisys(), "project", "add", "Skin", "--member", "alice:manager", *map(str, data)],
        capture_output=True,
        check=True,
    )
    project = json.loads(made.stdout)["id"]
    slides.svs(tmp_path / "a.svs")
    status, printed, shown = in_a_terminal(["import", tmp_path / "a.svs", "--project", project, *data])
    assert status == 0
    assert json.loads(printed)["imageInstance"]
    assert "####" in shown
    assert "100%" in shown


def test_in_a_terminal_the_doctor_speaks_plainly(tmp_path):
    status, _, shown = in_a_terminal(["doctor", "--data", tmp_path / "data"], both=True)
    assert status == 0
    assert "✓ database" in shown
    assert '"check"' not in shown


def test_rows_are_a_table_in_a_terminal_that_no_name_can_steer(capsys, monkeypatch):
    rows = [
        {"id": 5, "name": "a\x1b[2Jb", "enabled": True, "managers": ["ada", "bob"]},
        {"id": 12, "name": "c", "enabled": False, "managers": []},
    ]
    print_rows(rows, as_json=False)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == rows
    monkeypatch.setattr(speaking.sys.stdout, "isatty", lambda: True)
    print_rows(rows, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "id  name    enabled  managers",
        "5   a\ufffd[2Jb  yes      ada, bob",
        "12  c       no",
    ]
    print_rows(rows, as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 2
