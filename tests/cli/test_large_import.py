"""A slide of two gigabytes comes in: its bytes as they were, and hardly any memory taken for them."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from atrisys.store.tables import UploadedFile
from given import slides
from walk.running import atrisys

pytestmark = pytest.mark.long

SIZE = 2_000_000_000
MOST_MB = 300
PIECE = 1 << 20


def large(path: Path) -> Path:
    """A slide with so much behind its last table that it has this size; no two of its pieces are alike."""
    slides.svs(path)
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        noise, number = os.urandom(PIECE - 8), 0
        while file.tell() < SIZE:
            file.write(noise + number.to_bytes(8, "big"))
            number += 1
    return path


def peak_mb(process: psutil.Process) -> float:
    """The most that it and those that it started ever had, each by itself; what is gone counts nothing."""
    peaks = [0.0]
    for one in (process, *process.children(recursive=True)):
        try:
            said = Path(f"/proc/{one.pid}/status").read_text().partition("VmHWM:")[2].split()
        except OSError:
            continue
        peaks.append(int(said[0]) / 1024 if said else 0.0)
    return max(peaks)


def test_two_gigabytes_come_in_whole_with_little_memory(installation, tmp_path):
    project, path = installation.project(), large(tmp_path / "large.svs")
    command = [*atrisys(), "--data", str(installation.data), "import", str(path), "--project", str(project)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATRISYS_")}
    out, peak = tmp_path / "out", 0.0
    with out.open("wb") as stdout:
        importing = subprocess.Popen(command, stdout=stdout, env=kept | installation.settings)
        watched = psutil.Process(importing.pid)
        while importing.poll() is None:
            peak = max(peak, peak_mb(watched))
            try:
                importing.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    assert importing.returncode == 0
    line = json.loads(out.read_text())
    with installation.reading() as db:
        row = db.scalars(select(UploadedFile).where(UploadedFile.id == line["uploadedFile"])).one()
    with path.open("rb") as sent:
        assert row.sha256 == hashlib.file_digest(sent, "sha256").hexdigest()
    assert row.size == path.stat().st_size >= SIZE
    assert 20 < peak < MOST_MB
