"""A file is there whole or not at all."""

import io
from pathlib import Path

import pytest

from atrisys.exports.files import open_whole


def test_a_path_holds_the_new_file_only_when_all_is_written(tmp_path: Path):
    path = tmp_path / "out.json"
    path.write_bytes(b"old")
    with open_whole(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path):
    path = tmp_path / "out.json"
    with pytest.raises(RuntimeError):
        fail_halfway(path)
    assert list(tmp_path.iterdir()) == []


def fail_halfway(path: Path):
    with open_whole(path) as file:
        file.write(b"half")
        raise RuntimeError("no more")


def test_an_open_file_is_written_to_and_left_open():
    held = io.BytesIO()
    with open_whole(held) as file:
        file.write(b"text")
    assert held.getvalue() == b"text"
