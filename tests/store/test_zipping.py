import io
import os
import zipfile

from atrisys.store import zipping
from atrisys.store.zipping import zip_pieces


def test_the_pieces_are_a_zip_and_text_alone_is_deflated(tmp_path, monkeypatch):
    monkeypatch.setattr(zipping, "PIECE", 100)
    content = {"a.json": b"words " * 200, "b.png": b"pixels " * 200, "empty.json": b""}
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    pieces = list(zip_pieces([(tmp_path / name, f"in/{name}") for name in content], (".json",)))
    assert len(pieces) > 20
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(f"in/{name}") for name in content} == content
        kinds = [archive.getinfo(f"in/{name}").compress_type for name in content]
    assert kinds == [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]


def test_a_file_may_go_once_the_next_one_is_asked_for(tmp_path):
    def files():
        for name in "abc":
            path = tmp_path / name
            path.write_bytes(name.encode())
            yield path, name
            path.unlink()

    with zipfile.ZipFile(io.BytesIO(b"".join(zip_pieces(files())))) as archive:
        assert [archive.read(name) for name in "abc"] == [b"a", b"b", b"c"]
    assert not list(tmp_path.iterdir())


def test_nothing_tells_when_a_file_was_written(tmp_path):
    zips = []
    for moment in (1_000_000_000, 1_600_000_000):
        (tmp_path / "a").write_bytes(b"a")
        os.utime(tmp_path / "a", (moment, moment))
        zips.append(b"".join(zip_pieces([(tmp_path / "a", "a")])))
    assert zips[0] == zips[1]
