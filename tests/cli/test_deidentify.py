import openslide
import pytest

from given import planted, slides


def test_a_report_is_a_line_a_finding(installation, tmp_path):
    path, _ = planted.svs(tmp_path / "case 7.svs")
    lines = installation.lines("deidentify", path)
    assert {line["kind"] for line in lines} == {"picture", "text", "comment", "name", "hole"}
    assert {"kind": "name", "where": "file name", "size": 10, "value": "case 7.svs"} in lines
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".svs"] == ["case 7.svs"]


def test_a_clean_copy_is_written_and_never_over_another_file(installation, tmp_path):
    path, secret = planted.svs(tmp_path / "case 7.svs")
    to = tmp_path / "clean" / "1.svs"
    done = installation.run("deidentify", path, "--to", to)
    assert "The clean copy is" in done.stderr
    assert not [one for one in secret if one in to.read_bytes()]
    with openslide.OpenSlide(to) as clean:
        assert clean.dimensions == (300, 200)
    refused = installation.run("deidentify", path, "--to", to, status=1)
    assert "it is not overwritten" in refused.stderr


@pytest.mark.parametrize("name", ["philips.tif", "lzw.tif"])
def test_what_cannot_be_cleaned_is_refused_and_leaves_nothing(installation, tmp_path, name):
    make = slides.philips if name == "philips.tif" else lambda path: slides.pyramid(path, compression="lzw")
    path = make(tmp_path / name)
    (tmp_path / "out").mkdir()
    refused = installation.run("deidentify", path, "--to", tmp_path / "out" / "clean.tif", status=1)
    assert f"{name} cannot be cleaned" in refused.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_clean_copy_where_no_folder_can_be_is_refused_in_words(installation, tmp_path):
    path, _ = planted.svs(tmp_path / "case 7.svs")
    (tmp_path / "file").write_text("no folder")
    refused = installation.run("deidentify", path, "--to", tmp_path / "file" / "1.svs", status=1)
    assert "cannot be written to" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_is_no_slide_is_refused(installation, tmp_path):
    (tmp_path / "a.svs").write_text("no slide")
    assert "no slide" in installation.run("deidentify", tmp_path / "a.svs", status=1).stderr
