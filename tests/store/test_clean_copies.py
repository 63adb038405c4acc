import os
import time

import pytest

from atrisys.errors import Busy, DiskRefuses, TooLarge
from atrisys.store import clean_copies, disk
from atrisys.store.clean_copies import make_room
from atrisys.store.files import DataFolder

KB = 1024
HOUR = 3600


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


def put(folder, name, size, asked_s_ago):
    """A copy; of DICOM (no ending) a folder."""
    path = folder.clean / name
    if "." in name:
        path.write_bytes(bytes(size))
    else:
        path.mkdir()
        for number in range(2):
            (path / f"{number}.dcm").write_bytes(bytes(size // 2))
    moment = time.time() - asked_s_ago
    os.utime(path, (moment, moment))


def there(folder):
    return {path.name for path in folder.clean.iterdir()}


def test_those_asked_for_longest_ago_go_until_the_next_one_fits(folder):
    for age, name in ((2, "a.svs"), (4, "dicom"), (3, "c.tif"), (1, "d.svs")):
        put(folder, name, 40 * KB, age * HOUR)
    make_room(folder, 200 * KB, 100 * KB)
    assert there(folder) == {"a.svs", "d.svs"}
    make_room(folder, 200 * KB, 100 * KB)
    assert there(folder) == {"a.svs", "d.svs"}


def test_what_is_being_fetched_stays_and_who_asks_for_more_comes_again(folder):
    put(folder, "old.svs", 40 * KB, HOUR)
    put(folder, "new.svs", 80 * KB, 5)
    with pytest.raises(Busy):
        make_room(folder, 100 * KB, 50 * KB)
    assert there(folder) == {"new.svs"}


def test_afterwards_the_limit_holds_again(folder):
    put(folder, "a.svs", 80 * KB, 2 * HOUR)
    put(folder, "b.svs", 80 * KB, 1)
    make_room(folder, 100 * KB, 0)
    assert there(folder) == {"b.svs"}


def test_a_copy_that_is_larger_than_the_limit_is_not_begun(folder):
    put(folder, "a.svs", 40 * KB, HOUR)
    with pytest.raises(TooLarge, match="ATRISYS_CLEAN_COPIES_GB"):
        make_room(folder, 100 * KB, 101 * KB)
    assert there(folder) == {"a.svs"}


def test_neither_is_one_that_the_disk_has_no_room_for(folder, monkeypatch):
    free = os.statvfs(folder.root)
    monkeypatch.setattr(disk, "FREE_BYTES", free.f_bavail * free.f_frsize - 50 * KB)
    with pytest.raises(DiskRefuses):
        make_room(folder, 1 << 40, 60 << 20)
    assert clean_copies.FETCHED_S < 24 * HOUR, "the sweep must not be quicker"
