import json
import os
import subprocess
import zipfile

import pytest
from sqlalchemy import func, select

from atrisys.store.tables import AbstractImage, ImageInstance, SecUser, Storage
from given import flats, slides
from walk.running import atrisys


def names_in(db, project):
    return set(db.scalars(select(ImageInstance.instance_filename).where(ImageInstance.project_id == project)))


def kept_files(installation):
    return {path for path in (installation.data / "files").rglob("*") if path.is_file()}


def test_slides_and_folders_of_slides_come_in_one_line_an_image(installation, tmp_path):
    project = installation.project()
    (tmp_path / "more" / "deeper").mkdir(parents=True)
    slides.svs(tmp_path / "one.svs")
    slides.svs(tmp_path / "more" / "two.svs", seed=2)
    slides.pyramid(tmp_path / "more" / "deeper" / "three.tif")
    (tmp_path / "more" / "notes.txt").write_text("no slide")
    lines = installation.lines("import", tmp_path / "one.svs", tmp_path / "more", "--project", project)
    assert {line["name"] for line in lines} == {"one.svs", "two.svs", "three.tif"}
    assert all(set(line) == {"path", "name", "imageInstance", "abstractImage", "uploadedFile"} for line in lines)
    with installation.reading() as db:
        assert {db.get_one(ImageInstance, line["imageInstance"]).project_id for line in lines} == {project}


def test_a_bad_file_does_not_end_the_rest_and_leaves_nothing(installation, tmp_path):
    project = installation.project()
    (tmp_path / "bad.svs").write_bytes(b"II*\0" + bytes(1000))
    slides.svs(tmp_path / "good.svs")
    (tmp_path / "empty").mkdir()
    words = ["import", tmp_path / "bad.svs", tmp_path / "empty", tmp_path / "good.svs", "--project", project]
    bad, empty, good = installation.lines(*words, status=1)
    assert bad["path"].endswith("bad.svs")
    assert bad["error"]
    assert "imageInstance" not in bad
    assert "no slide" in empty["error"]
    assert good["imageInstance"]
    with installation.reading() as db:
        assert db.scalar(select(func.count(AbstractImage.id))) == 1
        assert names_in(db, project) == {"good.svs"}
    assert len([path for path in (installation.data / "files").rglob("*") if path.is_file()]) == 1


def test_a_zip_with_two_slides_gives_two_lines(installation, tmp_path):
    project = installation.project()
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for number in (1, 2):
            archive.write(slides.svs(tmp_path / f"{number}.svs", seed=number), f"{number}.svs")
    lines = installation.lines("import", tmp_path / "two.zip", "--project", project)
    assert {line["name"] for line in lines} == {"1.svs", "2.svs"}
    assert len({line["imageInstance"] for line in lines}) == 2


def test_the_storage_is_that_of_the_first_manager_or_of_who_is_named(installation, tmp_path):
    project = installation.project()
    installation.run("user", "add", "bob")
    slides.svs(tmp_path / "a.svs")
    first = installation.json("import", tmp_path / "a.svs", "--project", project)
    second = installation.json("import", tmp_path / "a.svs", "--project", project, "--user", "bob")
    with installation.reading() as db:
        owners = []
        for line in (first, second):
            storage = db.get_one(AbstractImage, line["abstractImage"]).storage_id
            owners.append(db.get_one(SecUser, db.get_one(Storage, storage).user_id).username)
    assert owners == ["alice", "bob"]


def test_a_slide_that_came_before_is_not_kept_twice_and_that_is_said(installation, tmp_path):
    project, other = installation.project(), installation.project("Lung")
    (tmp_path / "more").mkdir()
    slides.svs(tmp_path / "more" / "a.svs")
    flats.png(tmp_path / "more" / "b.png", slides.tissue(300, 200))
    with zipfile.ZipFile(tmp_path / "more" / "c.zip", "w") as archive:
        for number in (1, 2):
            archive.write(slides.svs(tmp_path / f"{number}.svs", seed=number), f"{number}.svs")
    first = installation.lines("import", tmp_path / "more", "--project", project)
    kept = kept_files(installation)
    assert not [line for line in first if "wasThere" in line]
    done = installation.run("import", tmp_path / "more", "--project", project)
    again = [json.loads(line) for line in done.stdout.splitlines()]
    assert f"{len(first)} came before" in done.stderr
    assert all(line["wasThere"] for line in again)
    assert {line["imageInstance"] for line in again} == {line["imageInstance"] for line in first}
    elsewhere = installation.lines("import", tmp_path / "more", "--project", other)
    assert {line["abstractImage"] for line in elsewhere} == {line["abstractImage"] for line in first}
    assert {line["imageInstance"] for line in elsewhere}.isdisjoint(line["imageInstance"] for line in first)
    assert kept_files(installation) == kept
    with installation.reading() as db:
        assert db.scalar(select(func.count(ImageInstance.id))) == 2 * len(first)
    asked = [installation.json("import", tmp_path / "more" / "a.svs", "--project", project, "--again")]
    (tmp_path / "more" / "a.svs").rename(tmp_path / "more" / "another.svs")
    asked.append(installation.json("import", tmp_path / "more" / "another.svs", "--project", project))
    assert not [line for line in asked if "wasThere" in line]
    assert len({line["imageInstance"] for line in (*asked, *first)}) == len(first) + 2
    assert {path.stat().st_ino for path in kept_files(installation)} == {path.stat().st_ino for path in kept}


def test_two_commands_that_import_the_same_slide_at_the_same_time_make_one_image(installation, tmp_path):
    project, path = installation.project(), slides.svs(tmp_path / "a.svs")
    command = [*atrisys(), "--data", installation.data, "import", path, "--project", str(project)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATRISYS_")}
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, env=kept | installation.settings) for _ in range(2)]
    lines = [json.loads(importing.communicate(timeout=60)[0]) for importing in both]
    assert sorted(line.get("wasThere", False) for line in lines) == [False, True]
    assert lines[0]["imageInstance"] == lines[1]["imageInstance"]
    assert len(kept_files(installation)) == 1


def test_a_slide_is_taken_in_again_where_the_kept_one_went_bad_or_another_lies_there(installation, tmp_path):
    project, path = installation.project(), slides.svs(tmp_path / "a.svs")
    first = installation.json("import", path, "--project", project)
    [kept] = kept_files(installation)
    kept.write_bytes(kept.read_bytes()[:-1] + b"!")
    second = installation.json("import", path, "--project", project)
    assert ("wasThere" in second, second["imageInstance"] != first["imageInstance"]) == (False, True)
    assert installation.json("import", path, "--project", project)["imageInstance"] == second["imageInstance"]


def test_a_slide_in_place_is_known_by_its_place_size_and_time(installation, tmp_path):
    project, path = installation.project(), slides.svs(tmp_path / "a.svs")
    words = ["import", path, "--link", "--project", project]
    first, second = installation.json(*words), installation.json(*words)
    assert (second["imageInstance"], second["wasThere"]) == (first["imageInstance"], True)
    assert "wasThere" not in installation.json("import", path, "--project", project)
    os.utime(path, ns=(1, 1))
    assert "wasThere" not in installation.json(*words)


@pytest.mark.parametrize("words", [["--project", 12345], ["--project", "PROJECT", "--user", "nobody"]])
def test_an_unknown_project_or_user_is_refused(installation, tmp_path, words):
    project = installation.project()
    slides.svs(tmp_path / "a.svs")
    chosen = [project if word == "PROJECT" else word for word in words]
    assert installation.run("import", tmp_path / "a.svs", *chosen, status=1).stdout == ""


@slides.needs_real
def test_a_dicom_folder_is_one_image(installation):
    project = installation.project()
    line = installation.json("import", slides.DICOM, "--project", project)
    assert line["name"] == slides.DICOM.name
    with installation.reading() as db:
        base = db.get_one(AbstractImage, line["abstractImage"])
        assert (base.width, base.height) == (2220, 2967)
