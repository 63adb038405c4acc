"""The lock is what `make setup` and `make demo` install: nothing in it may be loose, nothing may be left out."""

import shutil
from pathlib import Path

import pytest

from tools import check_lock

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_the_lock_holds_what_pyproject_asks_for_and_every_entry_has_its_hash():
    assert check_lock.problems() == []


def test_a_requirement_that_was_not_locked_is_found(copy: Path):
    project = copy / "pyproject.toml"
    project.write_text(project.read_text().replace('"click>=8.5",', '"click>=99",\n    "nowhere-to-be-found>=1",'))
    found = "\n".join(check_lock.problems(copy))
    assert "click>=99; requirements/runtime.txt has 8." in found
    assert "nowhere-to-be-found>=1; requirements/dev.txt lacks it" in found


def test_an_entry_without_a_hash_is_found(copy: Path):
    lock = copy / "requirements" / "runtime.txt"
    lock.write_text(lock.read_text() + "loose==1.0\n")
    assert check_lock.problems(copy) == ["requirements/runtime.txt: loose==1.0 has no hash"]
